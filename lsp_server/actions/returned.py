"""What a function of Python returns, as far as its body tells without its names."""

from __future__ import annotations

import re

from tree_sitter import Node


def may_return(body: Node, result: str) -> bool:
    """Whether a type may be that of what a function with this body returns."""
    returns = yields = does = False
    waiting = list(body.named_children)
    while waiting:
        node = waiting.pop()
        if node.type in _OTHERS:
            does = True
            continue
        if node.type == "return_statement":
            returns |= any(each.type not in ("comment", "none") for each in node.named_children)
        yields |= node.type == "yield"
        does |= node.type not in _NOTHING
        waiting += node.named_children
    if yields:
        return _NOT_YIELDED.match(result) is None
    if returns:
        return result != "None"
    is_raised = any(node.type == "raise_statement" for node in body.named_children)
    return not does or is_raised or result in ("None", "NoReturn", "Never")


_OTHERS = frozenset(("class_definition", "decorated_definition", "function_definition", "lambda"))
_NOTHING = frozenset(
    (
        "comment", "ellipsis", "expression_statement", "pass_statement", "string",
        "string_content", "string_end", "string_start",
    )
)  # fmt: skip
_NOT_YIELDED = re.compile(
    r"(None|bool|bytes|dict|float|frozenset|int|list|set|str|tuple)\b"
    r"|([\w.]+\.)?(Dict|List|Sequence|Set|Tuple|Mapping)\b"
)
