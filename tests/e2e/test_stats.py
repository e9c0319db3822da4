"""`fimble/stats`: what a session has counted."""

from __future__ import annotations

from tests.e2e.conftest import Start
from tests.e2e.editor import AUTOMATIC


async def test_answers_are_counted(start: Start) -> None:
    editor = await start()
    before = await editor.client.protocol.send_request_async("fimble/stats")
    assert before.latencyMs.count == 0
    editor.open("def f(a, b):\n    return a\n")
    assert len(await editor.items(1, 12, AUTOMATIC)) == 1
    figures = await editor.client.protocol.send_request_async("fimble/stats")
    assert (figures.answers.model, figures.latencyMs.count, figures.typing.requests) == (1, 1, 1)
    assert figures.latencyMs.p50 > 0
    assert figures.promptTokensPerKey.mean == figures.typing.promptTokens > 0
