"""The whole path with a real model: a keystroke in, its completion out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.editor import AUTOMATIC, Editor, connect

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

MODEL = "qwen2.5-coder-0.5b"
AREA = """\
class Rectangle:
    def __init__(self, width, height):
        self.width = width
        self.height = height

    def area(self):
        return @

    def perimeter(self):
        return 2 * (self.width + self.height)
"""
AREA_ROW = 6
WIDTH = "        return self.width * "
MAXIMUM = """\
// é 😀
function maximum(a, b) {
    return a > b ? @
}

function minimum(a, b) {
    return a < b ? a : b;
}
"""
LONG = "words = [\n" + "".join(f'    "{n:x}",\n' for n in range(600)) + "    "


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(profile: str) -> AsyncIterator[Editor]:
    editor = await connect(["--model", MODEL], profile)
    await editor.until(lambda: "ready" in dict(editor.statuses), seconds=60)
    yield editor
    await editor.end()


async def test_the_load_is_shown(shared: Editor) -> None:
    assert shared.statuses[0] == ("loading", "Loading the model.")
    state, message = shared.statuses[-1]
    assert state == "ready"
    assert message.endswith(" is ready.")
    progress: Any = shared.client.progress_reports
    await shared.until(lambda: any(load[-1].kind == "end" for load in progress.values()))
    [(begin, *reports, end)] = progress.values()
    assert isinstance(begin, lsp.WorkDoneProgressBegin)
    assert (begin.title, begin.percentage) == ("Fimble", 0)
    percentages = [report.percentage for report in reports]
    assert all(isinstance(report, lsp.WorkDoneProgressReport) for report in reports)
    assert percentages == sorted(percentages)
    assert percentages[-1] == 100
    assert end == lsp.WorkDoneProgressEnd(message=message)


async def test_an_invoked_completion(shared: Editor) -> None:
    shared.open(AREA.replace("@", "self.width * "))
    cursor = lsp.Position(AREA_ROW, len(WIDTH))
    item, *others = await shared.items(AREA_ROW, len(WIDTH))
    assert item.insert_text not in [other.insert_text for other in others]
    assert (item.insert_text, item.range) == ("self.height", lsp.Range(cursor, cursor))


async def test_an_automatic_completion_after_typing(shared: Editor) -> None:
    shared.open(AREA.replace("@", "self.width * "))
    for column, character in enumerate("self.", len(WIDTH)):
        shared.edit(AREA_ROW, column, column, character)
    column = len(WIDTH) + len("self.")
    assert await shared.texts(AREA_ROW, column, AUTOMATIC) == ["height"]


async def test_two_documents_are_kept_apart(shared: Editor) -> None:
    shared.open(AREA.replace("@", "self.width * "))
    shared.open(MAXIMUM.replace("@", ""), "file:///project/maximum.js", "javascript")
    python, script = await asyncio.gather(
        shared.texts(AREA_ROW, len(WIDTH)),
        shared.texts(2, len("    return a > b ? "), uri="file:///project/maximum.js"),
    )
    assert python[0] == "self.height"
    assert script[0] == "a : b;"


async def test_a_cancelled_request_is_answered_at_once_and_the_next_served(shared: Editor) -> None:
    shared.open(LONG)
    shared.open(AREA.replace("@", "self.width * "), "file:///project/area.py")
    running = shared.request(601, 4, msg_id="long")
    await asyncio.sleep(0.5)
    assert not running.done()
    shared.client.cancel_request(lsp.CancelParams("long"))
    cancelled = time.perf_counter()
    with pytest.raises(JsonRpcException) as caught:
        await running
    assert time.perf_counter() - cancelled < 0.5
    assert caught.value.code == lsp.LSPErrorCodes.RequestCancelled
    uri = "file:///project/area.py"
    first, *_ = await shared.texts(AREA_ROW, len(WIDTH), uri=uri)
    assert first == "self.height"
