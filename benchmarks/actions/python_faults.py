"""Faults that people make in Python, one change each, within a function.

Each sort has a function that takes a text, a function of it and a chance, and gives changes. That
a change makes the program another one, a test or a checker must say.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.mutations import at_node, compiles, slip

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Change:
    """Put `new` in the place of the characters from `start` to `end`."""

    start: int
    end: int
    new: str

    def of(self, text: str) -> str:
        """The text with it."""
        return text[: self.start] + self.new + text[self.end :]


def misspelt(text: str, function: Function, chance: random.Random) -> Iterator[Change]:
    """A slip of the fingers in a name that is read."""
    known = set(re.findall(r"[^\W\d]\w*", text))
    for node in _nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and len(node.id) > 3:
            new = slip(node.id, chance)
            if new not in known and new.isidentifier():
                yield _replaced(text, node, new)


def other_name(text: str, function: Function, _: random.Random) -> Iterator[Change]:
    """Another variable of the function where one is read."""
    called = {id(n.func) for n in _nodes(function) if isinstance(n, ast.Call)}
    bound = _bound(function)
    for node in _nodes(function):
        is_read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        if isinstance(node, ast.Name) and is_read and id(node) not in called and node.id in bound:
            yield from (_replaced(text, node, name) for name in bound if name != node.id)


def operator(text: str, function: Function, _: random.Random) -> Iterator[Change]:
    """Another operator, or a denial less."""
    for node in _nodes(function):
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for one, other in pairwise(operands):
                yield from _between(text, one, other)
        elif isinstance(node, ast.BoolOp):
            for one, other in pairwise(node.values):
                yield from _between(text, one, other)
        elif isinstance(node, ast.BinOp):
            yield from _between(text, node.left, node.right)
        elif isinstance(node, ast.AugAssign):
            yield from _between(text, node.target, node.value)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            start = at_node(text, node)
            yield Change(start, at_node(text, node.operand), "")


def no_return(text: str, function: Function, _: random.Random) -> Iterator[Change]:
    """A value that is worked out and not returned."""
    for node in _nodes(function):
        if isinstance(node, ast.Return) and node.value is not None:
            start = at_node(text, node)
            yield Change(start, start + len("return "), "")


def off_by_one(text: str, function: Function, _: random.Random) -> Iterator[Change]:
    """One more or less: a number, a bound, the end of a range or of a slice."""
    for node in _nodes(function):
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value < 1000:
            for value in (node.value + 1, node.value - 1):
                if value >= 0:
                    yield _replaced(text, node, str(value))
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from _between(text, node.left, node.comparators[0], _BOUNDS)
        elif isinstance(node, ast.BinOp) and _is_one(node.right):
            yield _replaced(text, node, ast.get_source_segment(text, node.left) or "")
        elif isinstance(node, ast.Slice):
            yield from _slices(text, node)
        elif isinstance(node, ast.Call) and _is_called(node, "range", "len") and node.args:
            end = at_node(text, node.args[-1], end=True)
            yield from (Change(end, end, more) for more in (" - 1", " + 1"))


def wrong_call(text: str, function: Function, chance: random.Random) -> Iterator[Change]:
    """An argument less, one too many, or a keyword that is not there."""
    for node in _nodes(function):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if keyword.arg is not None and len(keyword.arg) > 3:
                start = at_node(text, keyword.value) - len(keyword.arg) - 1
                if text[start:].startswith(f"{keyword.arg}="):
                    yield Change(start, start + len(keyword.arg), slip(keyword.arg, chance))
        if node.args and not any(isinstance(each, ast.Starred) for each in node.args):
            last = at_node(text, node.args[-1], end=True)
            before = at_node(text, node.args[-2], end=True) if len(node.args) > 1 else None
            yield Change(at_node(text, node.args[-1]) if before is None else before, last, "")
            name = chance.choice(_bound(function) or ["None"])
            yield Change(last, last, f", {name}")


def other_argument(text: str, function: Function, _: random.Random) -> Iterator[Change]:
    """Two arguments the other way round, or another variable of the function as one."""
    bound = _bound(function)
    for node in _nodes(function):
        if not isinstance(node, ast.Call):
            continue
        for one, other in pairwise(node.args):
            first, second = (ast.get_source_segment(text, each) or "" for each in (one, other))
            between = text[at_node(text, one, end=True) : at_node(text, other)]
            start, end = at_node(text, one), at_node(text, other, end=True)
            yield Change(start, end, f"{second}{between}{first}")
        for each in node.args:
            if isinstance(each, ast.Name):
                yield from (_replaced(text, each, name) for name in bound if name != each.id)


Maker = Callable[[str, Function, random.Random], Iterator[Change]]
MAKERS: Mapping[tuple[str, str], Maker] = {
    ("name", "checker"): misspelt,
    ("name", "test"): other_name,
    ("operator", "test"): operator,
    ("return", "test"): no_return,
    ("off-by-one", "test"): off_by_one,
    ("argument", "checker"): wrong_call,
    ("argument", "test"): other_argument,
}
"""By sort, and by what tells the fault."""


def changes(maker: Maker, text: str, function: Function, chance: random.Random) -> Iterator[Change]:
    """What a maker can do to a function, in an order by chance; all of them compile."""
    found = list(maker(text, function, chance))
    chance.shuffle(found)
    for each in found:
        changed = each.of(text)
        if changed != text and compiles(changed):
            yield each


def _nodes(function: Function) -> Iterator[ast.expr | ast.stmt]:
    """Those of the body, without functions and classes in it, and without its docstring."""
    first = function.body[0]
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    waiting: list[ast.AST] = list(reversed(function.body[is_doc:]))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.ClassDef | ast.JoinedStr):
            continue
        if isinstance(node, ast.expr | ast.stmt):
            yield node
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _bound(function: Function) -> list[str]:
    """Parameters and variables, in their order."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    found = [each.arg for each in named if each.arg not in ("self", "cls")]
    found += [
        node.id
        for node in _nodes(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_"
    ]
    return list(dict.fromkeys(found))


def _replaced(text: str, node: ast.expr, new: str) -> Change:
    return Change(at_node(text, node), at_node(text, node, end=True), new)


def _between(
    text: str, one: ast.expr, other: ast.expr, table: Mapping[str, tuple[str, ...]] | None = None
) -> Iterator[Change]:
    """Another operator between two operands."""
    start, end = at_node(text, one, end=True), at_node(text, other)
    found = _OPERATOR.search(text, start, end)
    for new in (table or _OTHERS).get(found[0], ()) if found else ():
        assert found is not None
        yield Change(*found.span(), new)


def _slices(text: str, node: ast.Slice) -> Iterator[Change]:
    for bound in (node.lower, node.upper):
        if bound is not None and not isinstance(bound, ast.Constant):
            end = at_node(text, bound, end=True)
            yield from (Change(end, end, more) for more in (" - 1", " + 1"))


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _is_called(node: ast.Call, *names: str) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in names


_OPERATOR = re.compile(r"is\s+not\b|not\s+in\b|\b(?:is|in|and|or)\b|[-+*/<>=!%&|]+=?")
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "<": (">",), "<=": (">=",), ">": ("<",), ">=": ("<=",), "==": ("!=",), "!=": ("==",),
    "is": ("is not",), "is not": ("is",), "in": ("not in",), "not in": ("in",), "and": ("or",),
    "or": ("and",), "+": ("-",), "-": ("+",), "*": ("/", "+"), "/": ("*", "//"), "//": ("%",),
    "%": ("//",), "+=": ("-=", "="), "-=": ("+=",), "*=": ("+=",), "&": ("|",), "|": ("&",),
}  # fmt: skip
_BOUNDS: Mapping[str, tuple[str, ...]] = {"<": ("<=",), "<=": ("<",), ">": (">=",), ">=": (">",)}
