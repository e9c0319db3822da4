"""Descriptions of models: complete where they claim something, and silent elsewhere."""

from __future__ import annotations

import re

import pytest

from lsp_server.models import catalog
from lsp_server.models.descriptions import BITS, ROLES, Description, descriptions, parse

KNOWN = {each.id: each for each in descriptions()}
FAMILIES = (
    "qwen2.5-coder", "qwen3-coder", "deepseek-coder-v2-lite", "deepseek-r1", "qwq", "starcoder2",
    "codestral", "granite", "seed-coder", "devstral", "mellum", "codegemma",
)  # fmt: skip


def test_what_can_be_pulled_is_described_alike() -> None:
    for model in catalog.models():
        told = KNOWN[model.id]
        assert (told.parameters, told.license) == (model.parameters, model.license)
        file = told.file(model.quantisation)
        assert file and (file.bytes, file.about) == (model.bytes, False)
        assert told.cache


def test_the_families_and_roles_that_people_run_are_there() -> None:
    assert len(KNOWN) == len(descriptions()) >= 35
    for family in FAMILIES:
        assert any(name.startswith(family) for name in KNOWN), family
    assert {role for each in descriptions() for role in each.roles} == set(ROLES)


@pytest.mark.parametrize("told", descriptions(), ids=lambda told: told.id)
def test_each_says_where_it_was_read(told: Description) -> None:
    assert told.sources and told.roles
    assert set(told.roles) <= set(ROLES)
    assert 0 <= told.active <= told.parameters
    for way in told.get:
        assert re.fullmatch(r"(ollama|huggingface|docker):[\w./:-]+", way), way
    for file in told.files:
        assert file.quantisation in {*BITS, "F16", ""}
        assert file.bytes > 0
        if told.parameters and file.quantisation in BITS:  # a slip of a digit would show
            bits = 8 * file.bytes / told.parameters
            assert 0.8 * BITS[file.quantisation] < bits < 1.7 * BITS[file.quantisation]


def test_a_size_that_was_not_read_is_worked_out_and_says_so() -> None:
    told = KNOWN["qwen3-coder-30b-a3b"]
    q4, q8 = told.file("Q4_K_M"), told.file("Q8_0")
    assert q4 and q8
    assert not q4.about and q8.about
    assert q8.bytes == pytest.approx(q4.bytes * 8.5 / 4.89)
    assert told.file("Q2_K") is None
    assert KNOWN["deepseek-r1"].file("Q4_K_M") is None


def test_grouped_queries_and_experts_are_counted() -> None:
    (told,) = parse(
        """
        [sources]
        here = "a test"
        [[model]]
        id = "m"
        roles = ["coder"]
        parameters = 30
        active = 3
        layers = 2
        heads = 8
        kv_heads = 2
        key_length = 4
        value_length = 3
        get = []
        sources = ["here"]
        """
    )
    assert told.cache and told.cache.kv_numbers_per_token == 2 * 2 * (4 + 3)
    assert (told.parameters, told.active, told.sources) == (30, 3, ("a test",))
    assert (told.context, told.license, told.files) == (0, "", ())
