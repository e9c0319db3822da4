"""What a case is: a text with a hole in it, and what the hole is known to have held."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a name is defined: a file of the package, and the row (from 0) of the name."""

    path: str
    name: str
    row: int


@dataclass(frozen=True, slots=True)
class Case:
    """A place in a file where `expected` stood: `prefix + expected + suffix` is the file."""

    kind: str
    """What those who cut it call such cases."""
    shape: str
    """Of cross-file cases `call` or `member`, of the others the type of the node that is cut."""
    package: str
    """Empty where all cases are of one."""
    path: str
    """Inside the package's folder, with slashes."""
    grammar: str
    row: int
    """Of the cursor, from 0."""
    prefix: str
    suffix: str
    expected: str
    gold: Definition | None = None
    """What a cross-file case uses. It is in another file of the package."""

    @property
    def name(self) -> str:
        """Short, and unlike that of any other case of the same kind."""
        return f"{self.package}/{self.path}:{self.row + 1}"
