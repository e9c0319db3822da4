"""Fix this: a model writes the code around a diagnostic anew, a few times, until it is good."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass

from lsp_server.actions.action import Action, Change, Mend, Request
from lsp_server.actions.asking import (
    MAX_MESSAGE,
    Model,
    NotMade,
    line_at,
    messages,
    shown_path,
    titled,
)
from lsp_server.actions.judge import flaw
from lsp_server.actions.pieces import Head, Piece, piece_at
from lsp_server.actions.rewritten import edits, rewritten
from lsp_server.core.prompts import template
from lsp_server.core.tokens import estimate
from lsp_server.engines.base import Delta
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.code import code_in, code_request
from lsp_server.workspace.expressions import Outline

TRIES = 3
SECONDS = 60.0
"""After which no new try is begun."""
LONGEST_SECONDS = 120.0
"""After which the one that has begun is given up."""
SPARE_TOKENS = 100
"""By which new code may be longer than half as long again."""
MAX_MENDED = 3
"""Diagnostics of one request for which this is offered."""


def mends(request: Request, _: Outline | None) -> Iterator[Action]:
    """An offer for each diagnostic in code that can be written anew."""
    if not request.has_model:
        return
    for number, diagnostic in enumerate(request.diagnostics[:MAX_MENDED]):
        message = titled(diagnostic.message)
        if message and piece_at(request.syntax, diagnostic.start, diagnostic.end) is not None:
            yield Action("quickfix", f"Fix: {message}", Mend(request, diagnostic), number)


async def mended(mend: Mend, model: Model) -> Change:
    """What a model makes of it. Raises NotMade if no try was good, and FimbleError."""
    request = mend.request
    place = mend.diagnostic
    piece = await asyncio.to_thread(piece_at, request.syntax, place.start, place.end)
    if piece is None:
        raise NotMade("There is no code here that could be written anew.")
    info = await model.ready(request.snapshot)
    begun = time.monotonic()
    again, seen = "", set[str]()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            for attempt in range(TRIES):
                if time.monotonic() - begun > SECONDS:
                    break
                tried = await _try(mend, piece, model, info, attempt, again)
                if isinstance(tried, Change):
                    return tried
                again = tried.flaw if tried.code not in seen else again
                seen.add(tried.code)
    except TimeoutError:
        raise NotMade("The model was too slow for this, so nothing was changed.") from None
    raise NotMade("The model found no correction that holds, so nothing was changed.")


@dataclass(frozen=True, slots=True)
class _Failed:
    code: str
    flaw: str


async def _try(
    mend: Mend, piece: Piece, model: Model, info: ChatInfo, attempt: int, again: str
) -> Change | _Failed:
    head = piece.head(mend.diagnostic.start)
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
        messages(prompt(mend, piece, shown, again)),
        begun,
        language=piece.syntax.grammar,
        attempt=attempt,
        tokens=SPARE_TOKENS + int(1.5 * estimate(shown)),
    )
    answer = ""
    async with aclosing(model.stream(asked, of=mend.request.snapshot)) as events:
        async for event in events:
            if isinstance(event, Delta):
                answer += event.text
            elif event.reason == "length":
                return _Failed(answer, "It does not end.")
    code = code_in(asked, answer, begun)
    return await asyncio.to_thread(_judged, mend, piece, head, code)


def _judged(mend: Mend, piece: Piece, head: Head, code: str) -> Change | _Failed:
    new = rewritten(piece, head, code)
    made = edits(piece, new)
    wrong = flaw(mend, piece, head, new, made)
    return _Failed(new, wrong) if wrong else Change(made, by_model=True)


def prompt(mend: Mend, piece: Piece, shown: str, again: str = "") -> str:
    """What the model is asked. `again`: what was wrong with its last answer."""
    return template("actions/mend.md.j2").render(
        path=shown_path(mend.request),
        language=piece.syntax.grammar,
        source=shown,
        line=line_at(piece.syntax.data, mend.diagnostic.start),
        message=mend.diagnostic.message.strip()[:MAX_MESSAGE],
        again=again,
        what="function" if piece.body is not None else "code",
    )
