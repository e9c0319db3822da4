"""What the modules of a package define, import and bind, in terms that languages share.

A *reference* is how a type is known inside one module: `Name` for what an annotation says,
`Name()` for what a call of `Name` gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NOTHING = re.compile(r"\s*\|\s*(None|null|undefined)\b|\b(None|null|undefined)\s*\|\s*")
_WRAPPER = re.compile(r"(?:typing\.)?(?:Optional|Final|ClassVar|Annotated|Readonly)[\[<](.*)[\]>]")


@dataclass(frozen=True, slots=True)
class Entity:
    """Something with a name that a module or a class defines."""

    name: str
    row: int
    called: bool = False
    """Whether it is a function or a class."""
    members: Mapping[str, Entity] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    type: str = ""
    """Reference to its type if it is a variable, to what it returns if it is a function."""
    is_class: bool = False


@dataclass(frozen=True, slots=True)
class Import:
    """What a name in a module stands for: something of another one, or the module itself."""

    module: str
    """As it is written in the import statement."""
    name: str = ""
    """Empty for the module itself."""


@dataclass(frozen=True, slots=True)
class Code:
    """A text and its tree."""

    data: bytes = field(repr=False)
    root: Node = field(repr=False)

    def of(self, node: Node | None) -> str:
        """What a node spans."""
        return self.data[node.start_byte : node.end_byte].decode() if node else ""


@dataclass(frozen=True, slots=True)
class Names:
    """How a language defines, imports and binds names."""

    functions: frozenset[str]
    """Types of the nodes that are scopes."""
    classes: frozenset[str]
    members: Mapping[str, tuple[str, str]]
    """Types of accesses to members, and the fields of the object and of the name."""
    this: frozenset[str]
    define: Callable[[Code], dict[str, Entity]]
    """What a module defines at its top level."""
    imported: Callable[[Code], dict[str, Import]]
    """What its imports bind."""
    exported: Callable[[Code], dict[str, Import]]
    """What it passes on by other names; the key `*` has a module per line."""
    bind: Callable[[Code, Node], dict[str, str]]
    """What a function binds: references, empty if the type is not known."""
    locate: Callable[[str, str, frozenset[str]], str | None]
    """The path of a module as it is written in an import of a path, if it is one of the paths."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between languages, by types of nodes."""

    calls: Mapping[str, str]
    """Types of calls, and the field of what is called."""
    blocks: frozenset[str]
    strings: frozenset[str]
    imports: frozenset[str]
    names: Names | None = None
    """None: what a name means is not known."""

    def is_text(self, node: Node) -> bool:
        """Whether a node is a string or a comment, which is looked at as a whole."""
        return node.type in self.strings or node.type.endswith("comment")


def reference(annotation: str) -> str:
    """The one class that an annotation names, empty if there is none or more than one."""
    text = annotation.strip().lstrip(":").strip().strip("\"'")
    text = _NOTHING.sub("", text).strip()
    if wrapped := _WRAPPER.fullmatch(text):
        return reference(wrapped[1].split(",")[0])
    return text if _NAME.fullmatch(text) else ""


def walk(node: Node, closed: frozenset[str] = frozenset()) -> Iterator[Node]:
    """A node and all nodes below it, from top to bottom, not entering nodes of the closed types."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if current is node or current.type not in closed:
            waiting.extend(reversed(current.children))


def note(bound: dict[str, str], name: str, type_reference: str) -> None:
    """Note what a name is bound to; bound to two things, its type is not known."""
    same = bound.get(name, type_reference) == type_reference
    bound[name] = type_reference if same else ""


def by_name(entities: Iterable[Entity]) -> dict[str, Entity]:
    """The first of each name."""
    found: dict[str, Entity] = {}
    for entity in entities:
        found.setdefault(entity.name, entity)
    return found
