"""Add a parameter to a function of Python, and an argument to calls of it, by the tree."""

from __future__ import annotations

from tree_sitter import Node

from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.core.definitions import Declared
from lsp_server.core.definitions.base import text_of
from lsp_server.core.query import captures
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode


def add_parameter(syntax: Syntax, declared: Declared, name: str, default: str) -> Applied | Refused:
    """Add it where callers need no change: last of those that may be given by position.

    Behind `*args` or where others have defaults and it has none, it is given by name.
    """
    node = declared.parameters
    if syntax.grammar != "python" or node is None:
        return Refused("Only a function of Python can be given a parameter this way.")
    parameters = [each for each in node.named_children if not each.type.endswith("comment")]
    if any(_name(each, syntax.data) == name for each in parameters):
        return Refused("The function has this parameter already.")
    typed = any(each.type.startswith("typed") for each in parameters)
    new = _written(name, default, annotated=typed)
    kinds = [_kind(each, syntax.data) for each in parameters]
    at = kinds.index("keywords") if "keywords" in kinds else len(parameters)
    named_only = "star" in kinds
    if not default and not named_only and "default" in kinds:
        new = f"*, {new}"
    return _inserted(syntax, node, parameters, at, new)


def add_argument(syntax: Syntax, calls: list[Node], name: str, value: str) -> str:
    """The text with `name=value` added to calls that don't give it."""
    data = syntax.data
    places: list[tuple[int, str]] = []
    for call in calls:
        arguments = call.child_by_field_name("arguments")
        if arguments is None or arguments.type != "argument_list":
            continue
        given = [each for each in arguments.named_children if not each.type.endswith("comment")]
        if not any(_name(each, data) == name for each in given if each.type == "keyword_argument"):
            last = given[-1].end_byte if given else arguments.start_byte + 1
            places.append((last, f"{', ' if given else ''}{name}={value}"))
    pieces: list[bytes] = []
    done = 0
    for at, text in sorted(places):
        pieces += [data[done:at], text.encode()]
        done = at
    return decode(b"".join([*pieces, data[done:]]))


def calls_of(syntax: Syntax, name: str, modules: tuple[str, ...] | None) -> list[Node]:
    """Calls of `name(...)`, and of `module.name(...)` for these modules; None: of any object."""
    query = "(call function: [(identifier) (attribute)] @function)"
    found: list[Node] = []
    for function in captures(syntax, query).get("function", []):
        owner, _, last = text_of(function, syntax.data).rpartition(".")
        fits = not owner if modules is not None else bool(owner)
        if last == name and (fits or owner in (modules or ())) and function.parent is not None:
            found.append(function.parent)
    return found


def _inserted(
    syntax: Syntax, node: Node, parameters: list[Node], at: int, new: str
) -> Applied | Refused:
    data = syntax.data
    if at < len(parameters):
        start = parameters[at].start_byte
        text = f"{new}, "
    elif parameters:
        start = parameters[-1].end_byte
        text = f", {new}"
        line = data.rfind(b"\n", 0, parameters[-1].start_byte) + 1
        indent = data[line : parameters[-1].start_byte]
        if not indent.strip() and line > node.start_byte:  # one on each line
            text = f",\n{indent.decode()}{new}"
    else:
        start, text = node.start_byte + 1, new
    whole = decode(data[:start]) + text + decode(data[start:])
    return Applied(whole, 1.0, "parameter", 0, 0)


def _written(name: str, default: str, *, annotated: bool) -> str:
    if not default:
        return name
    kind = _TYPES.get(default) or _of(default) if annotated else ""
    return f"{name}: {kind} = {default}" if kind else f"{name}={default}"


def _of(default: str) -> str:
    if default[:1] in "'\"":
        return "str"
    if default.lstrip("-").isdigit():
        return "int"
    return "float" if default.lstrip("-").replace(".", "", 1).isdigit() else ""


def _kind(parameter: Node, data: bytes) -> str:
    text = text_of(parameter, data)
    if text.startswith("**"):
        return "keywords"
    if text.startswith("*"):
        return "star"
    return "default" if "default" in parameter.type else "plain"


def _name(node: Node, data: bytes) -> str:
    found = node.child_by_field_name("name") or (
        node.named_child(0) if node.named_child_count else node
    )
    return text_of(found, data).lstrip("*")


_TYPES = {"True": "bool", "False": "bool"}
