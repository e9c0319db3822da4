"""Simplify: a model writes a function anew that could be shorter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from lsp_server.actions.action import Action, Change, Edit, Request, Simplify
from lsp_server.actions.asking import Model, NotMade, shown_path
from lsp_server.actions.judge import unsound, words
from lsp_server.actions.pieces import Head, Piece, meant, piece_at
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
    piece = meant(request) if request.has_model else None
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
    for name in sorted(kept(piece.whole, piece.syntax) - kept(node, after)):
        return f"It no longer has {name} in it."
    return ""


def kept(whole: Node, syntax: Syntax) -> set[str]:
    """The parameters that a function reads, and the words in it that must not go."""
    function = whole.child_by_field_name("definition") or whole
    body = function.child_by_field_name("body")
    read = {word.decode(errors="replace") for word in words(body, syntax)} if body else set()
    return read & {*_parameters(function, syntax.data), *_TELLING}


def _parameters(function: Node, data: bytes) -> Iterator[str]:
    """The names that its parameters have: neither their types nor what they are by default."""
    holder, around = function, [function]
    while around:  # in C, declarators are around the function's own
        inner = around.pop()
        holder = inner if inner.child_by_field_name("parameters") else holder
        around = inner.children_by_field_name("declarator")
        if not around and inner.type in _WRAPPERS:
            around = inner.named_children[-1:]
    waiting = [each for field in _LISTS for each in holder.children_by_field_name(field)]
    while waiting:
        node = waiting.pop()
        if node.type in _NAMES:
            yield text_of(node, data)
        elif node.type not in _NAMELESS:
            waiting += (
                child
                for number, child in enumerate(node.children)
                if (field := node.field_name_for_child(number)) not in _NAMELESS_FIELDS
                or (field == "value" and node.type == "pair_pattern")
            )


def _is_long(piece: Piece) -> bool:
    body = piece.body
    if body is None or piece.syntax.tree.root_node.has_error:
        return False
    return piece.text[len(piece.head(piece.end).text) :].strip().count("\n") + 1 >= LEAST_LINES


_LISTS = ("parameter", "parameters", "receiver")
_NAMES = frozenset(
    (
        "identifier", "self", "shorthand_field_identifier",
        "shorthand_property_identifier_pattern", "this",
    )
)  # fmt: skip
_NAMELESS = frozenset(
    ("attribute_declaration", "attribute_item", "decorator", "modifiers", "scoped_identifier")
)
_NAMELESS_FIELDS = frozenset(
    ("default_value", "key", "parameters", "right", "size", "type", "value")
)
_WRAPPERS = frozenset(("parenthesized_declarator", "reference_declarator"))
"""They have what they are around, in no field."""
_TELLING = frozenset(("await", "raise", "throw", "yield"))
