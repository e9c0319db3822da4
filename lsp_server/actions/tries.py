"""Have a model write a piece of code anew, a few times, until what it writes is good."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from lsp_server.actions.action import Change, Edit
from lsp_server.actions.asking import Model, NotMade
from lsp_server.actions.pieces import Head, Piece
from lsp_server.actions.rewritten import edits, rewritten
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.tokens import estimate
from lsp_server.engines.base import Delta
from lsp_server.engines.chat import ChatInfo, ChatRequest
from lsp_server.engines.code import code_in, code_request
from lsp_server.workspace.masking import restored

TRIES = 3
SECONDS = 60.0
"""After which no new try is begun."""
LONGEST_SECONDS = 120.0
"""After which the one that has begun is given up."""


Check = Callable[[Change], Awaitable[str]]
"""What is wrong with a change, as a sentence for a model; empty if nothing, or nobody knows."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written."""

    snapshot: Snapshot
    piece: Piece
    head: Head
    """What is kept of it."""
    prompt: Callable[[str, str], str]
    """Gets the code as it is shown, and what was wrong with the last try. Is called in a thread."""
    flaw: Callable[[str, tuple[Edit, ...]], str]
    """What is wrong with new code and the edits that make it; empty if nothing."""
    spare_tokens: int
    """By which new code may be longer than half as long again."""
    check: Check | None = None
    """Tells what is wrong with what has no flaw: a tool that takes its time."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A try that is not good."""

    code: str
    flaw: str


Attempt = Callable[[ChatInfo, int, str], Awaitable[Change | Failed]]
"""Gets how the model may be asked, the number of the try, from 0 on, and what was wrong with the
last one."""


async def written(writing: Writing, model: Model) -> Change:
    """The first try that is good: the likeliest answer, or a sampled one.

    Raises NotMade if none is, and FimbleError.
    """
    return await first_good(partial(_try, writing, model), writing.snapshot, model)


async def first_good(attempt: Attempt, snapshot: Snapshot, model: Model) -> Change:
    """What the first attempt gives that has not failed. Raises as `written` does."""
    info = await model.ready(snapshot)
    begun = time.monotonic()
    again, seen = "", set[str]()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            for number in range(TRIES):
                if time.monotonic() - begun > SECONDS:
                    break
                tried = await attempt(info, number, again)
                if isinstance(tried, Change):
                    return tried
                again = tried.flaw if tried.code not in seen else again
                seen.add(tried.code)
    except TimeoutError:
        raise NotMade("The model was too slow for this, so nothing was changed.") from None
    raise NotMade("The model found nothing that holds, so nothing was changed.")


async def answer(asked: ChatRequest, snapshot: Snapshot, model: Model) -> tuple[str, bool]:
    """What the model says to a request for code, and whether it came to an end."""
    said, is_whole = "", True
    async with aclosing(model.stream(asked, of=snapshot)) as events:
        async for event in events:
            if isinstance(event, Delta):
                said += event.text
            else:
                is_whole = event.reason != "length"
    return said, is_whole


async def _try(
    writing: Writing, model: Model, info: ChatInfo, attempt: int, again: str
) -> Change | Failed:
    piece, head = writing.piece, writing.head
    shown = piece.text
    if info.takes_begun and head.shown:
        shown = head.shown + shown[len(head.text) :]
    else:
        head = Head(head.text, "")
    begun = head.shown
    if begun and piece.text[len(head.text) :].startswith("\n"):
        begun += "\n"  # else models add a remark to the header
    asked = code_request(
        info,
        await model.messages(partial(writing.prompt, shown, again)),
        begun,
        language=piece.syntax.grammar,
        attempt=attempt,
        tokens=writing.spare_tokens + int(1.5 * estimate(shown)),
    )
    said, is_whole = await answer(asked, writing.snapshot, model)
    if not is_whole:
        return Failed(said, "It does not end.")
    code, made = await asyncio.to_thread(_made, writing, head, code_in(asked, said, begun))
    change = Change(made, by_model=True)
    wrong = await asyncio.to_thread(writing.flaw, code, made)
    if not wrong and writing.check is not None:
        wrong = await writing.check(change)
    return Failed(code, wrong) if wrong else change


def _made(writing: Writing, head: Head, code: str) -> tuple[str, tuple[Edit, ...]]:
    new = rewritten(writing.piece, head, restored(code, str(writing.snapshot.text)))
    return new, edits(writing.piece, new)
