"""Single faults in code that was sound: what `benchmarks.fixes` has mended.

Each kind has a function that takes a source and a chance and gives a fault, or None where the
source has no place for it.
"""

from __future__ import annotations

import ast
import io
import random
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lsp_server.core.scopes import builtin_names


@dataclass(frozen=True, slots=True)
class Fault:
    """A text with one fault in it."""

    kind: str
    path: str
    """In its package's folder, with the package's name in front."""
    text: str
    original: str
    at: int
    """Where somebody would look at it, in characters."""


def _names(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d]\w*", text))


def _offsets(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def at_node(text: str, node: ast.expr | ast.stmt, *, end: bool = False) -> int:
    """Where a node begins, or ends, in characters."""
    row = node.end_lineno if end else node.lineno
    column = node.end_col_offset if end else node.col_offset
    assert row is not None
    assert column is not None
    start = _offsets(text)[row - 1]
    line = text[start:].split("\n", 1)[0]
    return start + len(line.encode()[:column].decode())


def slip(name: str, chance: random.Random) -> str:
    """A name with one slip of the fingers in it."""
    place = chance.randrange(len(name) - 1)
    letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
    return chance.choice(
        (
            name[:place] + name[place + 1 :],
            name[:place] + letter + name[place:],
            name[:place] + name[place + 1] + name[place] + name[place + 2 :],
            name[:place] + letter + name[place + 1 :],
        )
    )


def removed_import(path: str, text: str, chance: random.Random) -> Fault | None:
    """A name less in an import at the top level, or a statement less."""
    tree = ast.parse(text)
    found = [
        (node, alias)
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if alias.name != "*" and getattr(node, "module", "") != "__future__"
    ]
    chance.shuffle(found)
    for node, alias in found:
        name = (alias.asname or alias.name).partition(".")[0]
        uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name]
        others = sum((a.asname or a.name).partition(".")[0] == name for _, a in found)
        if not uses or others > 1 or any(isinstance(n.ctx, ast.Store) for n in uses):
            continue
        if any(isinstance(n, ast.arg) and n.arg == name for n in ast.walk(tree)):
            continue
        start, end = at_node(text, node), at_node(text, node, end=True)
        if len(node.names) == 1:
            new = text[:start] + text[text.find("\n", end) + 1 :]
        else:
            rest = [a for a in node.names if a is not alias]
            node.names = rest
            new = text[:start] + ast.unparse(node) + text[end:]
            node.names = [*rest, alias]
        first = min(at_node(text, n) for n in uses)
        at = first + (len(new) - len(text) if first > start else 0)
        if new[at : at + len(name)] == name:
            return Fault("import", path, new, text, at)
    return None


def misspelt_name(path: str, text: str, chance: random.Random) -> Fault | None:
    """A slip in a name that is read within a function."""
    tree = ast.parse(text)
    uses = [
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and len(node.id) >= 4
    ]
    return _misspelt("name", path, text, [(at_node(text, n), n.id) for n in uses], chance)


def misspelt_attribute(path: str, text: str, chance: random.Random) -> Fault | None:
    """A slip in an attribute that is read."""
    uses = [
        (at_node(text, node, end=True) - len(node.attr), node.attr)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and len(node.attr) > 3
    ]
    return _misspelt("attribute", path, text, uses, chance)


def _misspelt(
    kind: str, path: str, text: str, uses: list[tuple[int, str]], chance: random.Random
) -> Fault | None:
    known = _names(text) | builtin_names("python")
    chance.shuffle(uses)
    for at, name in uses[:20]:
        wrong = slip(name, chance)
        if wrong not in known and wrong.isidentifier() and text[at:].startswith(name):
            return Fault(kind, path, text[:at] + wrong + text[at + len(name) :], text, at)
    return None


def dropped_bracket(path: str, text: str, chance: random.Random) -> Fault | None:
    """A bracket less; those of f-strings are left alone."""
    starts = _offsets(text)
    places = [
        starts[token.start[0] - 1] + token.start[1]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.OP and token.string in "()[]{}"
    ]
    chance.shuffle(places)
    for at in places[:20]:
        new = text[:at] + text[at + 1 :]
        if not compiles(new):
            return Fault("bracket", path, new, text, at)
    return None


def added_import(path: str, text: str, chance: random.Random) -> Fault | None:
    """An import that nothing uses, as a line of its own or in a line that is there."""
    tree = ast.parse(text)
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    nodes = [node for node in nodes if getattr(node, "module", "") != "__future__"]
    if not nodes or path.endswith("__init__.py"):
        return None
    node = chance.choice(nodes)
    start, known = at_node(text, node), _names(text)
    if (
        isinstance(node, ast.ImportFrom)
        and node.lineno == node.end_lineno
        and chance.random() < 0.5
    ):
        new = chance.choice([n for n in ("helper", "LIMIT", "Buffer", "walk") if n not in known])
        end = at_node(text, node, end=True)
        return Fault("unused", path, f"{text[:end]}, {new}{text[end:]}", text, end + 2)
    free = [n for n in ("abc", "bisect", "calendar", "heapq", "string", "uuid") if n not in known]
    line = f"import {chance.choice(free)}\n"
    return Fault("unused", path, text[:start] + line + text[start:], text, start + 7)


def removed_argument(path: str, text: str, chance: random.Random) -> Fault | None:
    """A keyword argument less; whether it was required, a checker must say.

    Of those alone whose value has the parameter's name: no rule can know any other.
    """
    calls = [
        (node, keyword)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and not any(k.arg is None for k in node.keywords)
        for keyword in node.keywords
        if keyword.arg is not None and _last_name(keyword.value) == keyword.arg
    ]
    chance.shuffle(calls)
    for node, keyword in calls[:1]:
        start, end = at_node(text, keyword.value), at_node(text, keyword.value, end=True)
        name = re.search(r"\w+\s*=\s*\Z", text[:start])
        if name is None:
            continue
        before = re.search(r",\s*\Z", text[: name.start()])
        after = re.match(r"\s*,\s*", text[end:])
        if before is not None:
            cut = before.start(), end
        else:
            cut = name.start(), end + (after.end() if after else 0)
        new = text[: cut[0]] + text[cut[1] :]
        if compiles(new):
            return Fault("argument", path, new, text, at_node(text, node))
    return None


def _last_name(value: ast.expr) -> str:
    """`a` of `a`, `self.a` and `self._a`."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        return value.attr.lstrip("_") if value.value.id == "self" else ""
    return ""


def compiles(text: str) -> bool:
    """Whether it is a program of Python."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


Mutation = Callable[[str, str, random.Random], Fault | None]

KINDS: dict[str, Mutation] = {
    "import": removed_import,
    "name": misspelt_name,
    "attribute": misspelt_attribute,
    "bracket": dropped_bracket,
    "unused": added_import,
    "argument": removed_argument,
}


def mutated(kind: str, sources: list[tuple[str, str]], chance: random.Random) -> Iterator[Fault]:
    """Faults of a kind, one a source, again and again."""
    while True:
        order = chance.sample(sources, len(sources))
        for path, text in order:
            fault = KINDS[kind](path, text, chance)
            if fault is not None:
                yield fault


def equivalent(one: str, other: str, path: str) -> bool:
    """Whether two texts are the same program, but for where imports and arguments stand.

    `path`: of the file, which says what relative imports mean.
    """
    return _shape(one, path) == _shape(other, path)


def _shape(text: str, path: str) -> object:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text
    imports: set[tuple[str, ...]] = set()
    body = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            imports |= {("", a.name, a.asname or "") for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*package, *filter(None, [node.module])])
            imports |= {(module, a.name, a.asname or "") for a in node.names}
        else:
            body.append(node)
    for each in ast.walk(tree):
        if isinstance(each, ast.Call):
            each.keywords.sort(key=lambda keyword: keyword.arg or "")
    return imports, [ast.dump(node) for node in body]
