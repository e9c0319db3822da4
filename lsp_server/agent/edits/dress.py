"""What stands in front of a definition and belongs to it: comments, decorators, `export`, `pub`."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of it, up to where the next one or the definition begins."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Dress:
    """Of one definition; all parts of `above` come before those `beside` it."""

    above: tuple[Part, ...]
    """Comments, decorators, attributes, annotations: on lines of their own, mostly."""
    beside: tuple[Part, ...]
    """`export`, `pub`, `public static`: on its line."""
    bare: int
    """Where the definition itself begins."""

    @property
    def start(self) -> int:
        """Where the first of all begins."""
        return min((part.start for part in (*self.above, *self.beside)), default=self.bare)

    @property
    def kinds(self) -> frozenset[str]:
        """What there is."""
        return frozenset(part.kind for part in (*self.above, *self.beside))


def dress(whole: Node) -> Dress:
    """Take apart what is in front of a definition; `whole` has its wrappers."""
    above = [(_kind(node), node) for node in _leading(whole)]
    beside: list[tuple[str, Node]] = []
    node = whole
    while node.type in _WRAPPERS:
        inner = next((node.child_by_field_name(field) for field in _WRAPPERS[node.type]), None)
        inner = inner or node.named_children[-1]
        for child in node.children:
            if child.start_byte >= inner.start_byte:
                break
            (above if child.type == "decorator" else beside).append((_kind(child), child))
        node = inner
    bare = node.start_byte
    first = node.named_child(0)
    if first is not None and first.type in ("modifiers", "visibility_modifier"):
        behind = first.next_sibling
        bare = behind.start_byte if behind else node.end_byte
        children = first.children if first.type == "modifiers" else [first]
        for child in children:
            is_above = "annotation" in child.type and not beside
            (above if is_above else beside).append((_kind(child), child))
    starts = [node.start_byte for _, node in (*above, *beside)]
    parts = [
        Part(kind, start, end)
        for (kind, _), start, end in zip(
            (*above, *beside), starts, [*starts, bare][1:], strict=True
        )
    ]
    return Dress(tuple(parts[: len(above)]), tuple(parts[len(above) :]), bare)


def _leading(whole: Node) -> list[Node]:
    """Siblings right above it, without a blank line between."""
    found: list[Node] = []
    below = whole
    while (above := below.prev_named_sibling) is not None:
        if above.type not in _LEADING or below.start_point.row - _last_row(above) > 1:
            break
        before = above.prev_sibling
        if before is not None and _last_row(before) == above.start_point.row:
            break  # it is about what stands left of it
        found.insert(0, above)
        below = above
    return found


def _last_row(node: Node) -> int:
    end = node.end_point
    return end.row - (end.column == 0 and end.row > node.start_point.row)


def _kind(node: Node) -> str:
    """Comments of all kinds are one, and all that is beside."""
    if node.type.endswith("comment"):
        return "comment"
    if "annotation" in node.type or node.type in ("decorator", "attribute_item"):
        return "decorator"
    return "modifier"


_WRAPPERS: dict[str, tuple[str, ...]] = {
    "decorated_definition": ("definition",),
    "export_statement": ("declaration",),
}
_LEADING = frozenset(("attribute_item", "block_comment", "comment", "decorator", "line_comment"))
