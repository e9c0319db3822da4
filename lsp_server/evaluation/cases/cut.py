"""Cutting a hole into a module, and what makes a hole worth asking for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.evaluation.cases.case import Case, Definition
from lsp_server.evaluation.cases.package import Module

SHORTEST, LONGEST = 8, 100
"""Characters of what is expected on one line."""
FEWEST_LETTERS = 4
MOST_QUOTED = 0.4
"""Part of what is expected that may be inside strings: prose can't be known."""
_OPENING, _CLOSING = "([{", ")]}"
_BRACKETS = frozenset(_OPENING + _CLOSING)


@dataclass(frozen=True, slots=True)
class Hole:
    """Bytes of a module that are expected to be written."""

    module: Module
    start: int
    end: int

    @classmethod
    def rest_of_line(cls, module: Module, start: int) -> Hole:
        """From a byte to the end of its line, white space at the end apart."""
        data = module.code.data
        end = data.find(b"\n", start)
        line = data[start:] if end < 0 else data[start:end]
        return cls(module, start, start + len(line.rstrip()))

    @property
    def expected(self) -> str:
        """What is cut out."""
        return self.module.code.data[self.start : self.end].decode()

    def leaves(self) -> Iterator[Node]:
        """Tokens, whole strings and comments inside the hole or reaching into it."""
        root = self.module.code.root
        waiting = [
            root.descendant_for_byte_range(self.start, max(self.start, self.end - 1)) or root
        ]
        while waiting:
            node = waiting.pop()
            if node.end_byte <= self.start or node.start_byte >= self.end:
                continue
            if node.child_count and not self.module.rules.is_text(node):
                waiting.extend(reversed(node.children))
            else:
                yield node

    def is_fair(self) -> bool:
        """Whether it is code whose text the rest of the file doesn't give away.

        No comment, no string that reaches outside, not mostly strings, no bracket left open but
        that of a block, nothing that stands elsewhere in the file letter by letter.
        """
        expected, quoted, depth = self.expected, 0, 0
        if not self._is_plain(expected):
            return False
        for leaf in self.leaves():
            inside = self.start <= leaf.start_byte and leaf.end_byte <= self.end
            if leaf.type.endswith("comment") or not inside:
                return False
            if leaf.type in self.module.rules.strings:
                quoted += leaf.end_byte - leaf.start_byte
            elif leaf.type in _BRACKETS:
                depth = max(0, depth - 1) if leaf.type in _CLOSING else depth + 1
        return depth <= expected.endswith("{") and quoted <= MOST_QUOTED * (self.end - self.start)

    def _is_plain(self, expected: str) -> bool:
        return (
            len(re.findall(r"\w", expected)) >= FEWEST_LETTERS
            and len(expected) >= SHORTEST
            and all(len(line.strip()) <= LONGEST for line in expected.split("\n"))
            and expected.isascii()
            and self.module.text.count(expected) == 1
        )

    def is_in(self, types: frozenset[str]) -> bool:
        """Whether it begins inside a node of one of the types."""
        node = self.module.code.root.descendant_for_byte_range(self.start, self.start)
        while node and node.start_byte >= self.start:
            node = node.parent
        while node:
            if node.type in types:
                return True
            node = node.parent
        return False

    def case(self, package: str, kind: str, shape: str, gold: Definition | None = None) -> Case:
        """The case that asks for it."""
        module, data = self.module, self.module.code.data
        return Case(
            kind=kind,
            shape=shape,
            package=package,
            path=module.path,
            grammar=module.grammar,
            row=data.count(b"\n", 0, self.start),
            prefix=data[: self.start].decode(),
            suffix=data[self.end :].decode(),
            expected=self.expected,
            gold=gold,
        )
