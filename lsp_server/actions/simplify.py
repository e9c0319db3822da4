"""Simplify: a model writes a function anew that could be shorter."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from lsp_server.actions.action import Action, Change, Edit, Request, Simplify
from lsp_server.actions.asking import Model, NotMade, shown_path
from lsp_server.actions.judge import unsound, words
from lsp_server.actions.pieces import Head, Piece, piece_at
from lsp_server.actions.rewritten import same_node
from lsp_server.actions.tries import Writing, written
from lsp_server.actions.verify import edited
from lsp_server.core.definitions.base import text_of
from lsp_server.core.prompts import Prompts
from lsp_server.core.syntax import Syntax
from lsp_server.workspace.expressions import Outline

LEAST_LINES = 6
"""Of a body; in a shorter one is nothing to gain."""
SPARE_TOKENS = 50


def simplifications(request: Request, _: Outline | None) -> Iterator[Action]:
    """An offer for the function around the cursor, if it is long enough."""
    if not request.has_model or request.start != request.end:
        return
    piece = piece_at(request.syntax, request.start, request.end)
    if piece is not None and _is_long(piece) and piece.head(piece.end).text:
        title = f"Simplify `{piece.name}`" if piece.name else "Simplify this function"
        yield Action("refactor.rewrite", title, Simplify(request))


async def simplified(simplify: Simplify, model: Model) -> Change:
    """The function, shorter. Raises NotMade if no try was good, and FimbleError."""
    request = simplify.request
    piece = await asyncio.to_thread(piece_at, request.syntax, request.start, request.end)
    if piece is None or not _is_long(piece):
        raise NotMade("There is no function here that is long enough to be simplified.")
    head = piece.head(piece.end)
    return await written(
        Writing(
            request.snapshot,
            piece,
            head,
            partial(prompt, model.prompts, simplify, piece),
            partial(_flaw, request, piece, head),
            SPARE_TOKENS,
        ),
        model,
    )


def prompt(prompts: Prompts, simplify: Simplify, piece: Piece, shown: str, again: str) -> str:
    """What the model is asked. `again`: what was wrong with its last answer."""
    return prompts.render(
        "simplify",
        path=shown_path(simplify.request),
        language=piece.syntax.grammar,
        source=shown,
        again=again,
    )


def _flaw(request: Request, piece: Piece, head: Head, code: str, edits: tuple[Edit, ...]) -> str:
    """What is wrong with it, as a sentence for a model; empty if nothing.

    That it does the same can't be told here, but a parameter that it no longer reads, or an error
    or a wait that is gone, shows that it doesn't.
    """
    wrong = unsound(request, piece, head, code, edits)
    after = None if wrong else edited(piece.syntax, edits)
    node = None if after is None else same_node(after, piece.whole)
    if after is None or node is None:
        return wrong or "It is not this function alone."
    before, now = words(piece.whole, piece.syntax), words(node, after)
    if len(now) > len(before):
        return "It is longer than before."
    for name in sorted(_kept(piece.whole, piece.syntax) - _kept(node, after)):
        return f"It no longer has {name} in it."
    return ""


def _kept(whole: Node, syntax: Syntax) -> set[str]:
    """The parameters that a function reads, and the words in it that must not go."""
    function = whole.child_by_field_name("definition") or whole
    body = function.child_by_field_name("body")
    parameters = function.child_by_field_name("parameters")
    written = (
        [text_of(each, syntax.data) for each in parameters.named_children] if parameters else []
    )
    names = {match[1] for each in written if (match := _PARAMETER.match(each))}
    read = {word.decode(errors="replace") for word in words(body, syntax)} if body else set()
    return read & (names | _TELLING)


def _is_long(piece: Piece) -> bool:
    body = piece.body
    if body is None or piece.syntax.tree.root_node.has_error:
        return False
    return piece.text[len(piece.head(piece.end).text) :].strip().count("\n") + 1 >= LEAST_LINES


_PARAMETER = re.compile(r"[*.]*([^\W\d]\w*)")
_TELLING = frozenset(("await", "raise", "throw", "yield"))
