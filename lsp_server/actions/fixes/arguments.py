"""Give a call of Python the arguments that it lacks, where it is plain what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from lsp_server.actions.action import Edit, Request
from lsp_server.actions.fixes.base import Fix
from lsp_server.actions.fixes.listing import inserted
from lsp_server.actions.troubles import Trouble
from lsp_server.core.definitions.base import text_of
from lsp_server.core.text import encode
from lsp_server.workspace.expressions import Expressions
from lsp_server.workspace.faults import Parameters

_VALUES = frozenset(
    ("assignment", "as_pattern", "for_statement", "for_in_clause", "identifier", "named_expression",
     "default_parameter", "typed_default_parameter", "typed_parameter")
)  # fmt: skip
"""What binds a name to a value, and not to a function, class or module."""
_SPLATS = frozenset(("dictionary_splat", "list_splat"))


def missing_arguments(trouble: Trouble, request: Request) -> Iterator[Fix]:
    """Add `name=name` for each parameter that gets nothing, if such a variable is at hand.

    Of attributes of the same object likewise. Without such a value nothing is offered.
    """
    if request.syntax.grammar != "python":
        return
    expressions = Expressions(request.syntax, request.outline())
    for call in _calls(trouble, request):
        arguments = call.child_by_field_name("arguments")
        function = call.child_by_field_name("function")
        if arguments is None or function is None or arguments.type != "argument_list":
            continue
        callee = expressions.callee(function)
        parameters = Parameters.of(callee) if callee else None
        if parameters and not set(trouble.names) <= set(parameters.by_name):
            continue
        values = [_value(name, call, expressions, request) for name in trouble.names]
        if not values or not all(values):
            continue
        order = parameters.names if parameters else []
        given = [f"{name}={value}" for name, value in zip(trouble.names, values, strict=True)]
        edit = _with(request.syntax.data, arguments, given, order)
        if edit is not None:
            what = " and ".join(f"`{each}`" for each in given)
            # What an object has by that name may be of another call.
            is_sure = not any(each.startswith("self.") for each in values)
            yield Fix(f"Add the missing {what}", (edit,), is_sure)
            return


def _calls(trouble: Trouble, request: Request) -> list[Node]:
    """The calls that a trouble may be of, the innermost around it first."""
    root = request.syntax.tree.root_node
    node = root.descendant_for_byte_range(trouble.start, max(trouble.start, trouble.end))
    found: list[Node] = []
    while node is not None and node.type not in ("block", "module"):
        if node.type == "call":
            found.append(node)
        node = node.parent
    if not found or found[0].start_byte < trouble.start:
        # Some tools point at the whole statement, others at its start.
        node = root.descendant_for_byte_range(trouble.start, trouble.start)
        while node is not None and node.type not in ("block", "module"):
            if node.type == "call" and node not in found:
                found.append(node)
            node = node.parent
    return found


def _value(name: str, call: Node, expressions: Expressions, request: Request) -> str:
    """What a parameter may be given here; empty if nothing tells."""
    binders = expressions.scopes.binders(call, name)
    if binders and all(binder.type in _VALUES for binder in binders):
        return name
    data = request.syntax.data
    around: Node | None = call
    while around is not None and around.type != "class_definition":
        around = around.parent
    if around is not None:
        own = rb"\bself\.(_?" + re.escape(encode(name)) + rb")\b"
        inside = data[around.start_byte : around.end_byte]
        attributes = sorted(set(re.findall(own, inside)), key=len)
        if attributes and expressions.scopes.binders(call, "self"):
            return f"self.{attributes[0].decode()}"
    return ""


def _with(data: bytes, arguments: Node, given: Sequence[str], order: Sequence[str]) -> Edit | None:
    """Put arguments where the order of the parameters has them, in front of `**more`."""
    items = [each for each in arguments.named_children if each.type != "comment"]
    text = ", ".join(given)
    if not items:
        return Edit(arguments.start_byte + 1, arguments.start_byte + 1, text)
    name = given[0].partition("=")[0]
    rank = order.index(name) if name in order else len(order)
    for place, item in enumerate(items):
        named = text_of(item.child_by_field_name("name"), data)
        is_later = item.type == "keyword_argument" and named in order and order.index(named) > rank
        if is_later or (item.type in _SPLATS and place == len(items) - 1):
            return inserted(data, items, place, text)
    return inserted(data, items, len(items), text)
