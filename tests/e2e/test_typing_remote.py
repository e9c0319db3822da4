"""Typing over a real llama-server: what a key costs there, by the server's own count."""

from __future__ import annotations

import statistics
from itertools import pairwise

import pytest

from benchmarks.replay import Script, replay
from benchmarks.sides import side
from lsp_server.models.discover import resolve

pytestmark = pytest.mark.model

MOST_TOKENS = 3


async def test_a_key_costs_little_more_than_itself() -> None:
    async with side("remote", resolve("qwen2.5-coder-0.5b")) as target:
        pressed = await replay(target, Script(keys=40, seed=2, think_seconds=0.02))
    # On a slow machine a part of what a jump costs is counted at the key after it.
    costs = [
        now.answer.prompt_tokens
        for before, now in pairwise(pressed)
        if not (before.key.jumped or now.key.jumped)
    ]
    assert len(costs) > 20
    assert 0 < statistics.fmean(costs) <= MOST_TOKENS
    assert max(p.answer.prompt_tokens for p in pressed if p.key.jumped) > 10 * MOST_TOKENS
