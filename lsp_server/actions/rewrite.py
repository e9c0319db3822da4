"""Rewrite with an instruction: a model changes the code at a place as the user says."""

from __future__ import annotations

import asyncio
from functools import partial

from lsp_server.actions.action import Change, Request
from lsp_server.actions.asking import Model, shown_path
from lsp_server.actions.judge import unsound
from lsp_server.actions.pieces import Head, Piece, piece_at
from lsp_server.actions.tries import Writing, written
from lsp_server.core.prompts import Prompts
from lsp_server.errors import UsageError

SPARE_TOKENS = 300
MAX_INSTRUCTION = 4_000
"""Characters."""


async def changed(request: Request, instruction: str, model: Model) -> Change:
    """The function or statement around a place, changed.

    Raises UsageError where there is none or nothing is asked for, NotMade if no try was good, and
    FimbleError if the model fails.
    """
    if not instruction.strip() or len(instruction) > MAX_INSTRUCTION:
        raise UsageError(f"Say what to change, in at most {MAX_INSTRUCTION:,} characters.")
    piece = await asyncio.to_thread(_piece, request)
    if piece is None:
        raise UsageError("There is no code here that can be written anew; select less of it.")
    return await written(
        Writing(
            request.snapshot,
            piece,
            Head(),  # it may be what is to be changed
            partial(prompt, model.prompts, request, instruction, piece),
            partial(unsound, request, piece, Head()),
            SPARE_TOKENS,
        ),
        model,
    )


def _piece(request: Request) -> Piece | None:
    if request.snapshot.syntax is None:
        return None
    return piece_at(request.syntax, request.start, request.end)


def prompt(
    prompts: Prompts, request: Request, instruction: str, piece: Piece, shown: str, again: str
) -> str:
    """What the model is asked. `again`: what was wrong with its last answer."""
    return prompts.render(
        "rewrite",
        path=shown_path(request),
        language=piece.syntax.grammar,
        source=shown,
        instruction=instruction.strip(),
        again=again,
        what="function" if piece.body is not None else "code",
    )
