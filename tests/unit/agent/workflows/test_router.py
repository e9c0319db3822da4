"""Requests in words, and the workflows that they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.agent.workflows.router import Route, route
from lsp_server.agent.workflows.size import is_small
from lsp_server.engines.chat import ChatInfo

REQUESTS = [
    [part.strip() for part in line.split("|")]
    for line in Path(__file__).with_name("requests.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row[0])
def test_a_request_is_recognised(row: list[str]) -> None:
    text, name, *fields = row
    found = route(text)
    if name == "none":
        assert found is None
        return
    subject, value, parameter, default = [*fields, "", "", "", ""][:4]
    assert found is not None
    assert (found.name, found.subject, found.value) == (name, subject, value)
    assert found == Route(found.name, subject, value, parameter, default)


@pytest.mark.parametrize(
    ("model", "parameters", "small"),
    [
        ("qwen2.5-coder-1.5b", 0, True),
        ("qwen2.5-coder:1.5b", 0, True),
        ("Qwen2.5-Coder-0.5B-Instruct-Q4_K_M.gguf", 0, True),
        ("qwen2.5-coder-14b", 0, False),
        ("coder-3b", 0, False),
        ("gpt-5", 0, False),
        ("a-7b", 1_500_000_000, True),
        ("a-1b", 7_600_000_000, False),
        ("v1.5beta", 0, False),
    ],
)
def test_a_small_model_is_known(model: str, parameters: int, small: bool) -> None:
    assert is_small(ChatInfo(model, 4096, parameters=parameters)) == small
