"""Finish this: a model writes the body of a function that has only its header and docstring."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from lsp_server.actions.action import Action, Change, Edit, Finish, Request
from lsp_server.actions.asking import Model, NotMade, shown_path
from lsp_server.actions.judge import unsound
from lsp_server.actions.pieces import Head, Piece, meant, piece_at
from lsp_server.actions.tries import Writing, written
from lsp_server.core.docstrings import docstring
from lsp_server.core.prompts import Prompts
from lsp_server.core.symbols import symbols
from lsp_server.workspace.expressions import Outline

SPARE_TOKENS = 400
MAX_OTHERS = 20
"""Other definitions of the file that are shown."""


def unfinished(request: Request, _: Outline | None) -> Iterator[Action]:
    """An offer for the function around the cursor, if it does nothing yet."""
    piece = meant(request) if request.has_model else None
    if piece is not None and _is_stub(piece) and piece.head(piece.end).text:
        name = piece.name
        title = f"Finish `{name}`" if name else "Finish this function"
        yield Action("refactor.rewrite", title, Finish(request))


async def finished(finish: Finish, model: Model) -> Change:
    """The function with a body. Raises NotMade if no try was good, and FimbleError."""
    request = finish.request
    piece = await asyncio.to_thread(piece_at, request.syntax, request.start, request.end)
    if piece is None or not _is_stub(piece):
        raise NotMade("There is no function here that is not written yet.")
    head = piece.head(piece.end)
    return await written(
        Writing(
            request.snapshot,
            piece,
            head,
            partial(prompt, model.prompts, finish, piece),
            partial(_flaw, request, piece, head),
            SPARE_TOKENS,
        ),
        model,
    )


def prompt(prompts: Prompts, finish: Finish, piece: Piece, shown: str, again: str) -> str:
    """What the model is asked. `again`: what was wrong with its last answer."""
    others = [
        symbol.signature
        for symbol in symbols(piece.syntax)
        if symbol.kind in _SHOWN and symbol.name != piece.name
    ]
    return prompts.render(
        "finish",
        path=shown_path(finish.request),
        language=piece.syntax.grammar,
        source=shown,
        others="\n".join(others[:MAX_OTHERS]),
        again=again,
    )


def _flaw(request: Request, piece: Piece, head: Head, code: str, edits: tuple[Edit, ...]) -> str:
    body = code[len(head.text) :].strip().removesuffix("}").rstrip()
    if _STUB.fullmatch(body):
        return "It is still not written."
    return unsound(request, piece, head, code, edits)


def _is_stub(piece: Piece) -> bool:
    """Whether a function has nothing but its docstring, or says that it is not written."""
    body = piece.body
    if body is None or piece.syntax.tree.root_node.has_error:
        return False
    doc = docstring(body) if piece.syntax.grammar == "python" else None
    statements = [
        node
        for node in body.named_children
        if not node.type.endswith("comment") and node != (doc.parent if doc else None)
    ]
    if not statements:
        return bool(piece.name)  # a callback that does nothing is meant so
    return len(statements) == 1 and _is_placeholder(statements[0], piece)


def _is_placeholder(statement: Node, piece: Piece) -> bool:
    text = piece.syntax.data[statement.start_byte : statement.end_byte].decode(errors="replace")
    above = piece.syntax.data[piece.whole.start_byte : statement.start_byte]
    return _STUB.fullmatch(text) is not None and not _ABSTRACT.search(above)


_STUB = re.compile(
    r"pass|\.\.\.|raise NotImplementedError(\(.*\))?|(todo|unimplemented)!\(.*\);?"
    r"|(throw new \w*(Error|Exception)|panic)\([\"'](not implemented|todo).*\);?",
    re.IGNORECASE,
)
_ABSTRACT = re.compile(rb"@\s*[\w.]*(abstractmethod|overload)\b")
_SHOWN = frozenset(("class", "constant", "function", "method", "struct"))
