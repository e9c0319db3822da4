"""Keys, and what is shown after them: what a typist and the sides that are measured share."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

from lsp_server.core.text import Point, Text

Kind = Literal[
    "type",
    "over",
    "enter",
    "outdent",
    "slip",
    "backspace",
    "paste",
    "undo",
    "accept",
    "jump",
    "return",
]
"""`over`: a bracket that stood there already. `slip`: a wrong letter. `return`: a jump to where the
cursor has been before."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a key puts in the place of what stood from `start` to `end`."""

    start: Point
    end: Point
    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """One event, after which the editor asks for a suggestion."""

    kind: Kind
    uri: str
    edit: Edit | None
    """None where only the cursor has moved."""
    cursor: Point
    """After the key, like `text`."""
    text: Text

    @property
    def jumped(self) -> bool:
        """Whether this is the first request after the cursor was moved."""
        return self.kind in ("jump", "return")


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion: a text at the cursor, in the place of so many characters right of it."""

    text: str
    replaced: int = 0


Keys = Generator[Key, Shown | None, None]
"""Yields keys; is sent what was suggested after each."""
