"""A function with one small thing changed, of the kind that people get wrong; a test judges each.

The operators are those of mutation testing, turned round: a fault that one of them makes is mended
by another (Debroy and Wong 2010, "Using Mutation to Automatically Suggest Fixes for Faulty
Programs"). Each costs the run of a test, and no model. They are of Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, pairwise, zip_longest

from tree_sitter import Node

from lsp_server.agent.workflows.names import Source
from lsp_server.core.definitions.base import text_of
from lsp_server.core.docstrings import docstring

MAX_MUTANTS = 80
"""Of one function."""
MAX_NAMES = 6
"""That are tried in the place of one name."""

_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<="),
    "==": ("!=",), "!=": ("==",), "is": ("is not",), "is not": ("is",), "in": ("not in",),
    "not in": ("in",), "and": ("or",), "or": ("and",), "+": ("-",), "-": ("+",), "*": ("//", "/"),
    "/": ("*", "//"), "//": ("/", "%"), "%": ("//",), "+=": ("-=",), "-=": ("+=",), "*=": ("/=",),
    "/=": ("*=",), "<<": (">>",), ">>": ("<<",), "&": ("|",), "|": ("&",),
}  # fmt: skip
_WORDS: Mapping[str, str] = {"true": "False", "false": "True", "break": "continue"}


@dataclass(frozen=True, slots=True)
class _Edit:
    """Bytes of the file, and what to put there."""

    start: int
    end: int
    text: str


def mutants(source: Source) -> Iterator[str]:
    """The function's source with one change each, none twice."""
    body = source.declared.body
    if body is None or source.syntax.grammar != "python":
        return
    data = source.syntax.data
    whole = source.declared.whole
    start = whole.start_byte - len(source.indentation.encode())
    doc = docstring(body)
    nodes = [node for node in _nodes(whole) if not (doc and _is_within(node, doc))]
    inside = [node for node in nodes if _is_within(node, body)]
    makers: list[Callable[[], Iterator[_Edit]]] = [
        lambda: _operators(nodes, data),
        lambda: _numbers(inside, data),
        lambda: _names(nodes, body, data),
        lambda: _slices(inside, data),
        lambda: _conditions(nodes, body, data),
        lambda: _arguments(inside, data),
        lambda: _returns(inside, body, data),
    ]
    # By turns, for a long function has hundreds of the first kinds.
    seen: set[str] = set()
    turns = chain.from_iterable(zip_longest(*(make() for make in makers)))
    for edit in turns:
        if edit is None:
            continue
        text = data[start : edit.start] + edit.text.encode() + data[edit.end : whole.end_byte]
        code = text.decode(errors="replace")
        if code not in seen:
            seen.add(code)
            yield code
        if len(seen) == MAX_MUTANTS:
            return


def _nodes(root: Node) -> list[Node]:
    found: list[Node] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(reversed(node.children))
    return found


def _is_within(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def _replaced(node: Node, text: str) -> _Edit:
    return _Edit(node.start_byte, node.end_byte, text)


def _operators(nodes: list[Node], data: bytes) -> Iterator[_Edit]:
    for node in nodes:
        if not node.is_named or node.type in ("is not", "not in"):
            for other in _OPERATORS.get(node.type, ()) if _is_operator(node) else ():
                yield _replaced(node, other)
        elif node.type in ("not_operator", "boolean_operator"):
            yield from (_replaced(node, text_of(each, data)) for each in node.named_children)
        if node.type in _WORDS:
            yield _replaced(node, _WORDS[node.type])


def _is_operator(node: Node) -> bool:
    """Whether it stands between two operands: not the `in` of a loop, or the `*` of arguments."""
    parent = node.parent
    return parent is not None and parent.type in (
        "comparison_operator", "boolean_operator", "binary_operator", "augmented_assignment"
    )  # fmt: skip


def _numbers(nodes: list[Node], data: bytes) -> Iterator[_Edit]:
    for node in nodes:
        if node.type == "integer" and (digits := text_of(node, data)).isdigit():
            yield _replaced(node, str(int(digits) + 1))
            if digits != "1" or node.parent is None or node.parent.type != "slice":
                yield _replaced(node, str(int(digits) - 1))  # a slice from 0 is none
        elif node.type == "binary_operator" and text_of(node.children[-1], data) == "1":
            yield _replaced(node, text_of(node.children[0], data))  # n + 1 -> n


def _names(nodes: list[Node], body: Node, data: bytes) -> Iterator[_Edit]:
    """Another name of the function in a name's place; first those that are hardly read, and near.

    What is bound and read nowhere was meant to be read somewhere.
    """
    known = _bound(nodes, data)
    read = [node for node in nodes if _is_read(node, body)]
    times = Counter(text_of(node, data) for node in read)
    found: list[tuple[int, int, _Edit]] = []
    for node in read:
        name = text_of(node, data)
        near = sorted(known, key=lambda other: abs(known[other] - node.start_byte))
        others = [each for each in near if each != name][:MAX_NAMES]
        found += [(times[o], rank, _replaced(node, o)) for rank, o in enumerate(others)]
    found.sort(key=lambda each: each[:2])
    yield from (edit for _, _, edit in found)


def _bound(nodes: list[Node], data: bytes) -> dict[str, int]:
    """The function's parameters and variables, and where each is bound the first time."""
    found: dict[str, int] = {}
    for node in nodes:
        parent = node.parent
        if node.type != "identifier" or parent is None:
            continue
        is_target = parent.type in _TARGETS and parent.child_by_field_name("left") == node
        is_parameter = parent.type in ("parameters", "default_parameter", "typed_parameter",
                                       "typed_default_parameter") and (
            parent.child_by_field_name("value") != node)  # fmt: skip
        if is_target or is_parameter or parent.type in ("pattern_list", "tuple_pattern"):
            found.setdefault(text_of(node, data), node.start_byte)
    return found


_TARGETS = ("assignment", "for_statement", "for_in_clause", "named_expression")


def _is_read(node: Node, body: Node) -> bool:
    parent = node.parent
    if node.type != "identifier" or parent is None or not _is_within(node, body):
        return False
    if parent.type == "attribute":
        return parent.child_by_field_name("object") == node
    if parent.type in (*_TARGETS, "pattern_list", "tuple_pattern", "keyword_argument"):
        return parent.child_by_field_name("right") == node or (
            parent.type == "keyword_argument" and parent.child_by_field_name("value") == node
        )
    return not (parent.type == "call" and parent.child_by_field_name("function") == node)


def _slices(nodes: list[Node], data: bytes) -> Iterator[_Edit]:
    """Ends that are missing, or one too many."""
    for node in nodes:
        if node.type == "slice":
            before, _, after = text_of(node, data).partition(":")
            if before.strip() and after.strip():
                yield _replaced(node, f"{before}:")
                yield _replaced(node, f":{after}")
            else:
                yield _replaced(node, f"{before}:-1" if before.strip() else f"1:{after}")
            if (whole := node.parent) and (value := whole.child_by_field_name("value")):
                yield _replaced(whole, text_of(value, data))
        elif node.type == "argument_list":
            for each in node.named_children:
                if each.type == "identifier":
                    yield _replaced(each, f"{text_of(each, data)}[:-1]")


def _conditions(nodes: list[Node], body: Node, data: bytes) -> Iterator[_Edit]:
    """A condition denied, or with one more clause: a parameter that has no say in it."""
    times = Counter(text_of(node, data) for node in nodes if _is_read(node, body))
    parameters = [name for name, at in _bound(nodes, data).items() if at < body.start_byte]
    parameters.sort(key=lambda name: times[name])
    found: list[tuple[int, _Edit]] = []
    for node in nodes:
        condition = _condition(node)
        if condition is None or not _is_within(condition, body):
            continue
        text = text_of(condition, data)
        inner = text if condition.type in ("identifier", "call", "attribute") else f"({text})"
        others = [each for each in parameters if each not in text][:MAX_NAMES]
        changed = [f"not {inner}"]
        changed += [f"({name} {word} {inner})" for name in others for word in ("or", "and")]
        found += [(rank, _replaced(condition, each)) for rank, each in enumerate(changed)]
    found.sort(key=lambda each: each[0])
    yield from (edit for _, edit in found)


def _condition(node: Node) -> Node | None:
    if node.type in ("if_statement", "elif_clause", "while_statement"):
        return node.child_by_field_name("condition")
    if node.type == "conditional_expression":
        return node.named_children[1]
    return node.named_children[0] if node.type == "if_clause" else None


def _arguments(nodes: list[Node], data: bytes) -> Iterator[_Edit]:
    """Two arguments of a call, or two operands, the other way round."""
    for node in nodes:
        given = node.named_children if node.type == "argument_list" else []
        if node.type == "binary_operator" and not _commutes(node):
            given = [node.named_children[0], node.named_children[-1]]
        for one, other in pairwise(given):
            if "keyword_argument" in (one.type, other.type):
                continue
            between = data[one.end_byte : other.start_byte].decode(errors="replace")
            swapped = f"{text_of(other, data)}{between}{text_of(one, data)}"
            yield _Edit(one.start_byte, other.end_byte, swapped)


def _commutes(node: Node) -> bool:
    operator = node.child_by_field_name("operator")
    return operator is not None and operator.type in ("+", "*", "&", "|")


def _returns(nodes: list[Node], body: Node, data: bytes) -> Iterator[_Edit]:
    """What was worked out last is returned, where nothing is at the end; or what was called."""
    last = body.named_children[-1] if body.named_children else None
    if last is None or last.type in ("return_statement", "raise_statement"):
        return
    indent = " " * last.start_point.column
    assigned = [
        node.child_by_field_name("left")
        for node in nodes
        if node.type in ("assignment", "augmented_assignment")
    ]
    names = [text_of(each, data) for each in assigned if each and each.type == "identifier"]
    for name in dict.fromkeys(reversed(names)):
        yield _Edit(body.end_byte, body.end_byte, f"\n{indent}return {name}")
    if last.type == "expression_statement":
        yield _Edit(last.start_byte, last.start_byte, "return ")
