"""Indentation: once, in the document's unit, and at a level that is open."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from lsp_server.completion.filters.site import Site, width

OPENS_BLOCK = re.compile(r"[:{]\s*((#|//).*)?$")
GOES_ON = re.compile(r"[(\[,\\=+\-*/%&|.?<>]\s*((#|//).*)?$")
"""A line whose statement is not over."""
CONTINUES = re.compile(r"\s*[.?:&|+\-*/=<>%]")
"""A line that goes on with the statement above."""
UNITS = (4, 2, 8, 3)
"""Spaces of a level, the likeliest first."""
ENOUGH = 2
"""Indented lines that show a document's habit."""


def indented_once(text: str, site: Site) -> str:
    """Drop the indentation that the cursor's line has already.

    Where the level that it has makes sense, and deeper does not: an editor's indentation is right.
    """
    line_start = site.line_start
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    if not indent or not line_start or line_start.strip() or not site.above or site.grammar is None:
        return text
    previous = site.above[-1]
    if not OPENS_BLOCK.search(previous):
        if GOES_ON.search(previous) or CONTINUES.match(text):
            return text
        if width(line_start + indent) <= width(previous):
            return text
    elif width(line_start) <= width(previous):
        return text
    return text if site.inside != "code" else text[len(indent) :]


def in_the_documents_unit(text: str, site: Site) -> str:
    """Indent with tabs where the document has nothing but tabs, and with spaces where with those.

    A document that has both is left alone, and so are strings over several lines.
    """
    first = 1 if site.line_start.strip() else 0
    lines = text.split("\n")
    begins = {line[0] for line in lines[first:] if line.strip() and line[0] in " \t"}
    if site.grammar is None or not begins:
        return text
    habit = _habit(site)
    if habit is None or begins == {habit}:
        return text
    starts = site.row_starts(lines)
    rows = [
        row
        for row in range(first, len(lines))
        if lines[row].strip()
        and lines[row][0] in " \t"
        and lines[row][0] != habit
        and not lines[row].lstrip().startswith("*")
        and site.inside_after(starts[row]) == "code"
    ]
    if not rows:
        return text
    unit = _unit(site) if habit == " " else _spaces_of_a_level(lines, rows, site)
    for row in rows:
        body = lines[row].lstrip(" \t")
        indent = lines[row][: len(lines[row]) - len(body)]
        if habit == " ":
            lines[row] = indent.replace("\t", " " * unit) + body
        else:
            levels, rest = divmod(len(indent.expandtabs(unit)), unit)
            lines[row] = "\t" * levels + " " * rest + body
    return "\n".join(lines)


def without_lost_lines(text: str, site: Site) -> str:
    """Cut Python code before a line that goes back to a level that no line has.

    Levels further out than all that the window shows may well be open.
    """
    lines = text.split("\n")
    if site.grammar != "python" or len(lines) == 1:
        return text
    levels = set(map(width, site.above))
    outermost = min(levels, default=0)
    previous = None
    for row, before in enumerate(site.row_starts(lines)):
        line = lines[row] if row else site.line_start + lines[0]
        if not line.strip():
            continue
        level = width(line)
        lost = previous is not None and outermost < level < previous and level not in levels
        if row and lost and not site.is_within(before):
            return "\n".join(lines[:row]).rstrip()
        levels.add(level)
        previous = level
    return text


def _habit(site: Site) -> str | None:
    """What all indented lines of the window begin with: a tab or a space."""
    line_start = [] if site.line_start.strip() else [site.line_start]
    indented = [
        line[0]
        for line in [*site.above, *line_start, *site.below]
        if line[:1] in (" ", "\t") and not line.lstrip().startswith("*")
    ]
    return indented[0] if len(indented) >= ENOUGH and len(set(indented)) == 1 else None


def _unit(site: Site) -> int:
    """Spaces by which the document's lines are mostly indented further than those above them."""
    widths = [width(line) for line in [*site.above, *site.below]]
    steps = Counter(below - above for above, below in pairwise(widths) if below - above in UNITS)
    return steps.most_common(1)[0][0] if steps else UNITS[0]


def _spaces_of_a_level(lines: list[str], rows: list[int], site: Site) -> int:
    """How many spaces the suggestion means where the document has a tab."""
    first = rows[0]
    above = site.above[-1:] if first == 0 else [site.line_start + lines[0], *lines[1:first]]
    previous = next((line for line in reversed(above) if line.strip()), "")
    expected = len(previous) - len(previous.lstrip("\t")) + bool(OPENS_BLOCK.search(previous))
    widths = [len(lines[row]) - len(lines[row].lstrip(" ")) for row in rows]

    def cost(unit: int) -> tuple[bool, float]:
        return any(each % unit for each in widths), abs(widths[0] / unit - expected)

    return min(UNITS, key=cost)
