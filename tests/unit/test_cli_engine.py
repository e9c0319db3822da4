"""From the command line's options to settings."""

from __future__ import annotations

import argparse

import pytest

from lsp_server.cli import engine
from lsp_server.settings import RemoteSettings, RoleSettings, Settings

HERE = RoleSettings(("local",), ("local",))
THERE = RoleSettings(("remote",), ("remote",))


@pytest.mark.parametrize(
    ("model", "endpoint", "expected"),
    [
        (None, None, Settings()),
        ("m", None, Settings(model="m", roles=HERE)),
        (None, "http://h", Settings(remote=RemoteSettings(url="http://h"), roles=THERE)),
        (
            "m",
            "http://h",
            Settings(remote=RemoteSettings(url="http://h", model="m"), roles=THERE),
        ),
    ],
)
def test_a_model_is_the_endpoints_if_there_is_one(
    model: str | None,
    endpoint: str | None,
    expected: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[Settings] = []
    monkeypatch.setattr(engine, "open_engine", lambda settings, *_: opened.append(settings))
    options = argparse.Namespace(model=model, endpoint=endpoint, script=None)
    engine.opener(options)(Settings(), lambda _status: None, lambda *_: None)
    assert opened == [expected]
