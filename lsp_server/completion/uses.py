"""Which names the text around a cursor uses, and how much they matter there.

Read from the text and not from the tree: where somebody types, the tree is broken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lsp_server.core.text import Point, Text

ABOVE, BELOW = 60, 15
"""Lines around the cursor whose names count by their distance."""
HALF = 6
"""Lines at which a name counts half of what it does on the cursor's line."""
AT_CURSOR, ON_LINE, NEARBY = 100.0, 30.0, 10.0
"""What a name counts that the cursor completes, on its line, and on the lines around."""
TYPE_ROWS = 400
"""Lines above the cursor in which a variable's type is looked for."""
LONGEST_LINE = 2000
"""Characters."""

NAME = re.compile(r"(?<![\w$])[^\W\d][\w$]*")
_RECEIVER = re.compile(r"([\w$]+(?:\??(?:\.|->|::)[\w$]+)*)\??(?:\.|->|::)[\w$]*$")
_CALLEE = re.compile(r"([\w$]+(?:(?:\.|->|::)[\w$]+)*)\s*$")
_SEPARATOR = re.compile(r"\??\.|->|::")


@dataclass(frozen=True, slots=True)
class Uses:
    """What is used around a cursor."""

    weights: dict[str, float] = field(default_factory=dict)
    """By name; the larger, the more it matters."""
    receiver: tuple[str, ...] = ()
    """Names of what stands before the dot behind which the cursor is: `self.client.` gives two."""
    callee: tuple[str, ...] = ()
    """Names of the function in whose arguments the cursor is."""


def uses(text: Text, cursor: Point) -> Uses:
    """The names used around the cursor."""
    weights: dict[str, float] = {}
    first = max(0, cursor.row - ABOVE)
    for row in range(first, min(len(text.lines), cursor.row + BELOW + 1)):
        line = text.lines[row][:LONGEST_LINE]
        distance = abs(row - cursor.row)
        weight = NEARBY * 0.5 ** (distance / HALF) if distance else ON_LINE
        for name in NAME.findall(line):
            weights[name] = max(weight, weights.get(name, 0.0))
    before = text.slice(Point(max(0, cursor.row - 10), 0), cursor)[-LONGEST_LINE:]
    receiver = _RECEIVER.search(before)
    callee = _CALLEE.search(before[: _open_call(before)])
    found = Uses(weights, _parts(receiver), _parts(callee))
    for name in (*found.receiver, *found.callee):
        weights[name] = AT_CURSOR
    return found


def type_of(text: Text, cursor: Point, variable: str) -> str:
    """What a variable is said to be, or made by, in the nearest line above: `Client`, `a.make`.

    `variable` may have dots. Empty if no line tells.
    """
    name = rf"(?<![\w$.]){re.escape(variable)}"
    made = r"(?:await\s+|new\s+)*([\w$.]+)\s*(?:<[^()]*>)?\("
    tells = re.compile(
        rf"{name}\s*[?!]?:\s*(?!=)[\"']?([\w$.]+)"  # annotated
        rf"|{name}\s*:?=\s*{made}"  # assigned from a call
        rf"|{made}[^()]*\)\s+as\s+{re.escape(variable)}\b"  # with
        rf"|(?:&mut\s+|&|\b)([A-Z][\w$]*)(?:<[^<>]*>)?[\s*&]+{re.escape(variable)}\s*[,)=;]"  # C
    )
    for row in range(cursor.row, max(-1, cursor.row - TYPE_ROWS), -1):
        line = text.lines[row][:LONGEST_LINE]
        if variable in line and (match := tells.search(line)):
            return next(filter(None, match.groups()), "")
    return ""


def _parts(match: re.Match[str] | None) -> tuple[str, ...]:
    return tuple(_SEPARATOR.split(match[1])) if match else ()


def _open_call(before: str) -> int:
    """Where the innermost bracket `(` stands that is open at the end of a text; 0 if none is."""
    depth = 0
    for position in range(len(before) - 1, -1, -1):
        character = before[position]
        if character in ")]}":
            depth += 1
        elif character in "([{":
            if not depth:
                return position if character == "(" else 0
            depth -= 1
    return 0
