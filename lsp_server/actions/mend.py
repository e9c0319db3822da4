"""Fix this: a model writes the code around a diagnostic anew."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lsp_server.actions.action import Action, Change, Mend, Request
from lsp_server.actions.asking import MAX_MESSAGE, Model, NotMade, line_at, shown_path, titled
from lsp_server.actions.judge import flaw
from lsp_server.actions.pieces import Piece, piece_at
from lsp_server.actions.tries import Check, Writing, written
from lsp_server.core.prompts import Prompts
from lsp_server.workspace.called import called
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.ignore import Ignored

SPARE_TOKENS = 100
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


async def mended(mend: Mend, model: Model, check: Check | None = None) -> Change:
    """What a model makes of it. Raises NotMade if no try was good, and FimbleError.

    `check`: asks the tool that told the diagnostic.
    """
    place = mend.diagnostic
    piece = await asyncio.to_thread(piece_at, mend.request.syntax, place.start, place.end)
    if piece is None:
        raise NotMade("There is no code here that could be written anew.")
    head = piece.head(place.start)
    return await written(
        Writing(
            mend.request.snapshot,
            piece,
            head,
            partial(prompt, model.prompts, mend, piece, model.root),
            partial(flaw, mend, piece, head),
            SPARE_TOKENS,
            check,
        ),
        model,
    )


def prompt(
    prompts: Prompts, mend: Mend, piece: Piece, root: Path | None, shown: str, again: str
) -> str:
    """What the model is asked. `again`: what was wrong with its last answer.

    `root`: the workspace's, resolved. Reads ignore files: the index may not have heard of all.
    """
    at, outline = mend.diagnostic.start, mend.request.outline()
    left_out = None if root is None else Ignored(root, usual=False)
    headers = called(piece.syntax, piece.start, piece.end, at, outline, left_out)
    return prompts.render(
        "mend",
        path=shown_path(mend.request),
        language=piece.syntax.grammar,
        source=shown,
        called="\n".join(headers),
        line=line_at(piece.syntax.data, at),
        message=mend.diagnostic.message.strip()[:MAX_MESSAGE],
        again=again,
        what="function" if piece.body is not None else "code",
    )
