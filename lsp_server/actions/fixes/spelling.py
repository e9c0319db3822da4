"""Put a name that exists in the place of one that doesn't, if it must be a slip of that."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from lsp_server.actions.action import Edit, Request
from lsp_server.actions.fixes.base import Fix
from lsp_server.actions.nearest import nearest, neighbours
from lsp_server.actions.troubles import Trouble
from lsp_server.core.definitions.base import TYPES
from lsp_server.core.scopes import Scopes, builtin_names
from lsp_server.core.standard import exports
from lsp_server.workspace.expressions import ATTRIBUTES, Expressions
from lsp_server.workspace.resolve import Resolved, Resolver

MAX_ALTERNATIVES = 2
"""Where more names are equally near, none is offered."""


def misspelt(trouble: Trouble, request: Request) -> Iterator[Fix]:
    """Change a name to the nearest one that may stand there."""
    data = request.syntax.data
    name = data[trouble.start : trouble.end].decode(errors="replace")
    for candidates in _sources(trouble, request, name):
        builtin = builtin_names(_grammar(request))
        own = nearest(name, (each for each in candidates if each not in builtin))
        found = own or nearest(name, candidates)
        if 0 < len(found) <= MAX_ALTERNATIVES:
            for each in found:
                edit = Edit(trouble.start, trouble.end, each)
                yield Fix(f"Change `{name}` to `{each}`", (edit,), is_sure=len(found) == 1)
        if found:
            return


def _sources(trouble: Trouble, request: Request, name: str) -> Iterator[Iterable[str]]:
    """Sets of names that are tried one after the other, the surest first."""
    if trouble.legal:
        yield (*trouble.legal, *(builtin_names(_grammar(request)) if _is_name(trouble) else ()))
        return
    if _is_name(trouble):
        yield _visible(trouble, request)
        return
    if trouble.sort == "attribute":
        members = _members(trouble, request)
        if members is not None:
            yield members
        yield _attributes(request.syntax.data, trouble)
    if trouble.sort == "symbol":
        yield _of_module(trouble, request)
    if trouble.sort in ("attribute", "symbol") and request.around.names is not None:
        yield request.around.names.known_of([each for each in neighbours(name) if each != name])


def _is_name(trouble: Trouble) -> bool:
    return trouble.sort == "name"


def _grammar(request: Request) -> str:
    return request.syntax.grammar


def _node(trouble: Trouble, request: Request) -> Node | None:
    return request.syntax.tree.root_node.descendant_for_byte_range(trouble.start, trouble.end)


def _visible(trouble: Trouble, request: Request) -> Iterable[str]:
    """What a name may be; below an import of everything, any name that the file has."""
    syntax = request.syntax
    node = _node(trouble, request)
    names = Scopes(syntax).visible(node) if node is not None else None
    if names is None:
        rest = syntax.data[: trouble.start] + b" " + syntax.data[trouble.end :]
        names = frozenset(_WORD.findall(rest.decode(errors="replace")))
    return names | builtin_names(syntax.grammar)


def _members(trouble: Trouble, request: Request) -> Iterable[str] | None:
    """What the owner of an attribute has; None if that isn't known."""
    node = _node(trouble, request)
    parent = node and node.parent
    inner = parent.child_by_field_name("object") if parent and parent.type in ATTRIBUTES else None
    outline = request.outline()
    if inner is not None:
        expressions = Expressions(request.syntax, outline)
        owner = expressions.meaning(inner)
        members = owner and expressions.members(owner)
        if members:
            return members.symbols
    if not trouble.owner:
        return None
    if _grammar(request) == "python":
        if isinstance(kind := getattr(builtins, trouble.owner, None), type):
            return dir(kind)
        if (exported := exports(trouble.owner)) is not None:
            return exported
    return _of_type(trouble.owner.rpartition(".")[2], request)


def _of_type(name: str, request: Request) -> list[str] | None:
    """The members of the one type of that name, in this file or in the workspace."""
    outline = request.outline()
    resolver = Resolver(outline, _grammar(request))
    own = [each for each in outline.own_symbols if each.name == name and each.kind in TYPES]
    places = [Resolved(outline.path, each) for each in own]
    if not places and request.around.names is not None:
        places = [
            Resolved(each.path, each.symbol)
            for each in request.around.names.definitions(name)
            if each.symbol.kind in TYPES
        ]
    if len(places) != 1:
        return None
    return [symbol.name for _, symbol in resolver.members(places[0])] or None


def _attributes(data: bytes, trouble: Trouble) -> set[str]:
    """All attributes that the rest of the file names."""
    rest = data[: trouble.start] + b" " + data[trouble.end :]
    return {match[1].decode(errors="replace") for match in _ATTRIBUTE.finditer(rest)}


def _of_module(trouble: Trouble, request: Request) -> Iterable[str]:
    """What the module exports that an import names."""
    node = _node(trouble, request)
    while node is not None and node.type not in ("import_from_statement", "import_statement"):
        node = node.parent
    field = "module_name" if _grammar(request) == "python" else "source"
    source = node and node.child_by_field_name(field)
    if source is None:
        return ()
    module = request.syntax.data[source.start_byte : source.end_byte].decode(errors="replace")
    module = module.strip("\"'")
    if (exported := exports(module)) is not None:
        return exported
    outline = request.outline()
    places = outline.find_module(module, outline.path, _grammar(request))
    return [each.name for each in outline.in_module(places[0])] if places else ()


_WORD = re.compile(r"(?<![\w$])[^\W\d][\w$]*")
_ATTRIBUTE = re.compile(rb"\.\s*([^\W\d][\w$]*)")
