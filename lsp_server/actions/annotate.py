"""Add types: a model says of what types the parameters and the result of a function are.

Its answer is a header, of which the types alone are taken. So no byte of the code changes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from lsp_server.actions.action import Action, Annotate, Change, Request
from lsp_server.actions.annotations import Unusable, typed
from lsp_server.actions.asking import Model, NotMade, shown_path
from lsp_server.actions.pieces import Piece, meant, piece_at
from lsp_server.actions.rewritten import same_node
from lsp_server.actions.signatures import Signature
from lsp_server.actions.tries import Failed, answer, first_good
from lsp_server.core.definitions.base import TYPES, text_of
from lsp_server.core.prompts import Prompts
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode, encode
from lsp_server.core.tokens import estimate
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.code import code_in, code_request
from lsp_server.workspace.expressions import Outline

SPARE_TOKENS = 100
MAX_TYPES = 20
"""Names of types that are shown."""


def untyped(request: Request, _: Outline | None) -> Iterator[Action]:
    """An offer for the function around the cursor, if it lacks types."""
    piece = meant(request) if request.has_model else None
    header = None if piece is None else _Header.of(piece)
    if header is not None:
        yield Action("refactor.rewrite", f"Add types to `{header.name}`", Annotate(request))


async def annotated(annotate: Annotate, model: Model) -> Change:
    """The function with types. Raises NotMade if none could be used, and FimbleError."""
    request = annotate.request
    piece = await asyncio.to_thread(piece_at, request.syntax, request.start, request.end)
    header = None if piece is None else _Header.of(piece)
    if piece is None or header is None:
        raise NotMade("There is no function here that lacks types.")
    is_python = piece.syntax.grammar == "python"

    async def attempt(info: ChatInfo, number: int, again: str) -> Change | Failed:
        begun = header.begun if info.takes_begun else ""
        asked = code_request(
            info,
            await model.messages(lambda: prompt(model.prompts, annotate, piece, again)),
            begun,
            language=piece.syntax.grammar,
            attempt=number,
            tokens=SPARE_TOKENS + 2 * estimate(header.text),
        )
        if asked.begun:
            asked = replace(asked, stop=(*asked.stop, ":\n" if is_python else "{\n"))
        said, _ = await answer(asked, request.snapshot, model)
        code = code_in(asked, said, begun)
        return await asyncio.to_thread(_judged, request, header, code)

    return await first_good(attempt, request.snapshot, model)


def prompt(prompts: Prompts, annotate: Annotate, piece: Piece, again: str) -> str:
    """What the model is asked. `again`: what was wrong with its last answer."""
    outline = annotate.request.outline()
    own = [each.name for each in outline.own_symbols if each.kind in TYPES and not each.container]
    others = [each.alias or each.name for each in outline.own_imports]
    names = dict.fromkeys([*own, *(each for each in others if each[:1].isupper())])
    is_python = piece.syntax.grammar == "python"
    return prompts.render(
        "annotate",
        path=shown_path(annotate.request),
        language=piece.syntax.grammar,
        source=piece.text,
        types=", ".join(list(names)[:MAX_TYPES]),
        what="all parameters and of the result" if is_python else "all parameters",
        again=again,
    )


@dataclass(frozen=True, slots=True)
class _Header:
    """That of a function which lacks types."""

    name: str
    signature: Signature
    begun: str
    """The lines that it begins in, up to the bracket before its parameters."""
    text: str

    @classmethod
    def of(cls, piece: Piece) -> _Header | None:
        """None for what lacks no types, or gets them from where it is used."""
        syntax, whole = piece.syntax, piece.whole
        function = whole.child_by_field_name("definition") or whole
        if piece.body is None or syntax.tree.root_node.has_error:
            return None
        signature, name = Signature.of(syntax, function), _name(function, syntax)
        if signature is None or not name or not signature.lacks_types():
            return None
        start = syntax.data.rfind(b"\n", 0, function.start_byte) + 1
        begun = decode(syntax.data[start : signature.start + 1])
        return cls(name, signature, begun, decode(syntax.data[start : signature.end]))


def _name(function: Node, syntax: Syntax) -> str:
    """What a function is called; empty for one that is handed over, and so has a type already."""
    named = function.child_by_field_name("name")
    around = function.parent
    if named is None and around is not None and around.type in _NAMING:
        is_typed = around.child_by_field_name("type") is not None
        named = None if is_typed else around.child_by_field_name("name")
    return text_of(named, syntax.data)


def _judged(request: Request, header: _Header, code: str) -> Change | Failed:
    before = header.signature
    _, found, rest = code.partition(header.begun.strip())
    if not found:
        return Failed(code, "It is not the header of this function.")
    cut = _BODY_OF_PYTHON if before.syntax.grammar == "python" else _BODY
    new = "(" + cut.split(rest, maxsplit=1)[0].rstrip()
    after = before.syntax.edit(before.start, before.end, encode(new))
    node = None if after is None else same_node(after, before.function)
    given = None if after is None or node is None else Signature.of(after, node)
    if given is None or given.syntax.tree.root_node.has_error:
        return Failed(code, "It does not parse.")
    try:
        return Change(typed(request, before, given), by_model=True)
    except Unusable as error:
        return Failed(code, str(error))


_NAMING = frozenset(("public_field_definition", "variable_declarator"))
_BODY_OF_PYTHON = re.compile(r":[ \t]*(?:\n|$|#|\.\.\.|pass\b|return\b)")
_BODY = re.compile(r"\s*(?:=>\s*)?(?:\{\s*(?:\n|$)|;?\s*$)")
