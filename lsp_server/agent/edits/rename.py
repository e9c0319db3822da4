"""Rename what a file binds, everywhere in the file where it is surely meant.

    rename(syntax, "old", "new") -> Applied | Refused

Scopes tell that in Python, JavaScript and TypeScript. An attribute belongs to an object that nobody
knows the type of, so only those are renamed that a class uses of itself (`self.old`); if there are
others of the name, nothing is. What other files take from this one is their own business: a name
that a file imports is renamed in the import as well.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from tree_sitter import Node

from lsp_server.agent.edits.result import Applied, Refused, place
from lsp_server.agent.edits.symbols import MAX_NAMES
from lsp_server.core.definitions.base import text_of
from lsp_server.core.query import captures, keywords
from lsp_server.core.scopes import Scopes, builtin_names
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text, decode

MAX_USES = 5_000


def rename(syntax: Syntax, old: str, new: str) -> Applied | Refused:
    """Give a name of the file another one; `old` may be `Class.member`."""
    query = _QUERIES.get(syntax.grammar)
    if query is None:
        return Refused(
            "Only in Python, JavaScript and TypeScript can be told which names are the same;"
            " edit the lines instead."
        )
    if not _NAME.fullmatch(new) or new in keywords(syntax):
        return Refused("The new name is none that this language allows.")
    owner, _, name = old.rpartition(".")
    if name == new:
        return Refused("The old and the new name are the same.")
    nodes = captures(syntax, query).get("name", [])
    uses = [node for node in nodes if text_of(node, syntax.data) == name]
    if not uses:
        known = sorted({text_of(node, syntax.data) for node in nodes})
        near = tuple(get_close_matches(name, known, MAX_NAMES, 0.6))
        return Refused("The file has no such name; use one that it has.", names=near)
    if len(uses) > MAX_USES:
        return Refused("The name is used too often; rename it with the editor.")
    taken = [node for node in nodes if text_of(node, syntax.data) == new]
    if taken:
        return _refused(syntax, "The file uses the new name already; choose another.", taken)
    chosen = _of_class(syntax, owner, uses) if owner else _of_scope(syntax, name, uses)
    return chosen if isinstance(chosen, Refused) else _renamed(syntax, chosen, name, new)


def _of_scope(syntax: Syntax, name: str, uses: list[Node]) -> list[Node] | Refused:
    """All uses, if one scope binds them all; members of classes are told apart."""
    scopes = Scopes(syntax)
    found: dict[tuple[int, ...], list[Node]] = {}
    binders: list[Node] = []
    for node in uses:
        if _is_member(node) or _is_argument_name(node):
            continue
        bound = _binders(scopes, node, name)
        if any(_class_around(binder) for binder in bound):
            continue
        binders = bound
        found.setdefault(tuple(binder.id for binder in bound), []).append(node)
    if not found:
        return _refused(syntax, "Only members of classes have this name; name the class.", uses)
    if len(found) > 1:
        firsts = [nodes[0] for nodes in found.values()]
        return _refused(syntax, "Several things have this name; edit the lines instead.", firsts)
    if not binders or name in builtin_names(syntax.grammar):
        return Refused("It can't be told what this name is bound to; edit the lines instead.")
    if any(_is_module(binder, name, syntax) for binder in binders):
        return Refused("It is a module's name; import it under another name instead.")
    arguments = [node for node in uses if _is_argument_name(node)]
    if arguments and any(_is_parameter(binder, syntax) for binder in binders):
        return _refused(syntax, "Calls name this parameter; edit the lines instead.", arguments)
    return [node for nodes in found.values() for node in nodes] + _exported(syntax, name)


def _of_class(syntax: Syntax, owner: str, uses: list[Node]) -> list[Node] | Refused:
    """A member's definitions and the uses that its class makes of itself, if there are no others.

    Nobody knows whose attribute another one is, nor whether another class overrides it.
    """
    data, scopes = syntax.data, Scopes(syntax)
    mine: list[Node] = []
    strange: list[Node] = []
    defined = False
    for node in uses:
        here = _class_path(node, data)
        if _is_argument_name(node):
            is_own = False
        elif _is_member(node) and (whole := _object(node)) is not None:
            whose = text_of(whole, data)
            is_own = (whose in _SELVES and here == owner) or whose == owner
            defined = defined or (is_own and _is_assigned(node))
        elif _is_member(node):
            is_own = here == owner and node.parent is not None and node.parent.type in _FIELDS
            defined = defined or is_own
        else:
            around = [_class_around(each) for each in _binders(scopes, node, text_of(node, data))]
            if None in around:
                continue  # a variable of this name
            is_own = bool(around) and all(each and _path(each, data) == owner for each in around)
            defined = defined or is_own
        (mine if is_own else strange).append(node)
    if not defined:
        return Refused("This class has no such member; name the class that has it.")
    if strange:
        reason = "It can't be told whose member this is; edit the lines instead."
        return _refused(syntax, reason, strange)
    return mine


def _binders(scopes: Scopes, node: Node, name: str) -> list[Node]:
    """What binds a name; within a method, its own name is that of something outside the class."""
    bound = scopes.binders(node, name)
    for binder in bound:
        body, around = binder.child_by_field_name("body"), _class_around(binder)
        if around and body and body.start_byte <= node.start_byte < body.end_byte:
            return _binders(scopes, around, name)
    return bound


def _renamed(syntax: Syntax, nodes: list[Node], name: str, new: str) -> Applied:
    data = syntax.data
    pieces: list[bytes] = []
    done = 0
    nodes = sorted(nodes, key=lambda node: node.start_byte)
    for node in nodes:
        pieces += [data[done : node.start_byte], _written(node, name, new).encode()]
        done = node.end_byte
    pieces.append(data[done:])
    first, last = (_row(syntax, node.start_byte) for node in (nodes[0], nodes[-1]))
    return Applied(decode(b"".join(pieces)), 1.0, "rename", first, last)


def _written(node: Node, name: str, new: str) -> str:
    """`{old}` is short for a key and a value; only the value is renamed."""
    if node.type in ("shorthand_property_identifier", "shorthand_property_identifier_pattern"):
        return f"{name}: {new}"
    return new


def _exported(syntax: Syntax, name: str) -> list[Node]:
    """The name in Python's `__all__`."""
    if syntax.grammar != "python":
        return []
    found: list[Node] = []
    for node in captures(syntax, _TEXTS).get("text", []):
        statement = node
        while statement.parent and statement.type not in ("assignment", "augmented_assignment"):
            statement = statement.parent
        left = text_of(statement.child_by_field_name("left"), syntax.data)
        if left == "__all__" and text_of(node, syntax.data) == name:
            found.append(node)
    return found


def _refused(syntax: Syntax, reason: str, nodes: list[Node]) -> Refused:
    lines = Text.of(decode(syntax.data)).lines
    rows = dict.fromkeys(_row(syntax, node.start_byte) for node in nodes)
    return Refused(reason, tuple(place(lines, row, row) for row in list(rows)[:MAX_NAMES]))


def _row(syntax: Syntax, offset: int) -> int:
    return len(Text.of(decode(syntax.data[:offset])).lines) - 1


def _is_member(node: Node) -> bool:
    """Whether it is a name behind a dot, or a key that is none of a variable."""
    parent = node.parent
    return node.type == "property_identifier" or (
        parent is not None
        and parent.type == "attribute"
        and parent.child_by_field_name("attribute") == node
    )


def _object(member: Node) -> Node | None:
    return member.parent.child_by_field_name("object") if member.parent else None


def _is_assigned(member: Node) -> bool:
    """Whether it is the target in `self.name = ...`."""
    whole = member.parent
    statement = whole.parent if whole else None
    return statement is not None and statement.child_by_field_name("left") == whole


def _is_argument_name(node: Node) -> bool:
    """Whether it is the name in `f(name=1)`."""
    parent = node.parent
    is_keyword = parent is not None and parent.type == "keyword_argument"
    return is_keyword and bool(parent and parent.child_by_field_name("name") == node)


def _is_parameter(binder: Node, syntax: Syntax) -> bool:
    """Whether it is the parameter of a function that may be called with `name=`."""
    node = binder.parent
    return syntax.grammar == "python" and node is not None and node.type == "parameters"


def _is_module(binder: Node, name: str, syntax: Syntax) -> bool:
    """Whether an import binds a module under its own name, or the first part of a path."""
    names = [text_of(each, syntax.data) for each in binder.children_by_field_name("name")]
    return binder.type == "import_statement" and any(
        each == name or each.startswith(f"{name}.") for each in names
    )


def _class_around(node: Node) -> Node | None:
    """The class in whose body a node stands, not in a function there."""
    scope = node.parent
    while scope is not None and scope.type not in _FUNCTIONS:
        if scope.type in _CLASSES:
            return scope
        scope = scope.parent
    return None


def _class_path(node: Node, data: bytes) -> str:
    """The dotted path of the classes around a node."""
    scope = node.parent
    while scope is not None and scope.type not in _CLASSES:
        scope = scope.parent
    return _path(scope, data) if scope is not None else ""


def _path(of: Node, data: bytes) -> str:
    around = _class_path(of, data)
    name = text_of(of.child_by_field_name("name"), data)
    return f"{around}.{name}" if around else name


_NAME = re.compile(r"[^\W\d][\w$]*")
_SELVES = ("cls", "self", "this")
_CLASSES = ("abstract_class_declaration", "class", "class_declaration", "class_definition")
_FUNCTIONS = (
    "arrow_function", "function_declaration", "function_definition", "function_expression",
    "generator_function", "generator_function_declaration", "lambda", "method_definition",
)  # fmt: skip
_FIELDS = ("field_definition", "method_definition", "method_signature", "public_field_definition")
_TEXTS = "(string (string_content) @text)"
_SCRIPT = (
    "(identifier) (property_identifier) (shorthand_property_identifier)"
    " (shorthand_property_identifier_pattern)"
)
_QUERIES = {
    "python": "(identifier) @name",
    "javascript": f"[{_SCRIPT}] @name",
    "tsx": f"[{_SCRIPT} (type_identifier)] @name",
    "typescript": f"[{_SCRIPT} (type_identifier)] @name",
}
"""All that is a name of something."""
