"""What is said twice: of the lines above, of those below, or of the suggestion itself."""

from __future__ import annotations

import re

from lsp_server.completion.filters.site import Site

LETTER = re.compile(r"[^\W\d_]")
ASSIGNS = re.compile(r"[\w.\[\]\s:*&<>,]+[^=!<>]=")
TRIVIAL = re.compile(
    r"[\W\d_]*(pass|else|return|return (None|self|true|false|null|nil)|break|continue|end|endif"
    r"|try|finally|do|default|None|null|NULL|nullptr|nil|true|false)?[\W\d_]*"
)
"""A line that stands in many places, one below another too."""
ONCE = re.compile(
    r"""\s*(
    (async|break|case|class|const|continue|def|elif|else|except|export|finally|fn|for|from|func
      |function|if|impl|import|interface|let|mod|package|private|protected|pub|public|raise|return
      |static|struct|switch|throw|try|type|use|using|var|while|with)\b
    | (\#\s|//|/\*|\*)\s*\w | \#include | @\w
    | [\w.]+(\[[^\]]*\])?(\s*:[^=]*)?\s*:?=(?!=)
    )""",
    re.VERBOSE,
)
"""A line that makes no sense twice, one right below the other."""
MOST_ABOVE = 12
EXACT, ALIKE = 3, 4
"""So often lines come one after another in a loop: the same, or with other numbers."""
NUMBER = re.compile(r"\d+")


def without_line_start(text: str, site: Site) -> str:
    """Drop what stands left of the cursor, if the model has begun with its line again."""
    said = site.line_start.strip()
    begin = text.lstrip(" \t")
    if not LETTER.search(said) or not begin.startswith(said) or site.grammar is None:
        return text
    rest = begin[len(said) :]
    if site.line_start[-1:].isspace():
        rest = rest.lstrip(" \t")
    if site.inside != "code":
        return text
    return rest if ASSIGNS.fullmatch(said) or site.errors(rest) < site.errors(text) else text


def without_lines_above(text: str, site: Site) -> str:
    """Drop the last lines above, if the model has begun with them again.

    One line alone may be meant to stand there twice, unless it is of a kind that never is.
    """
    lines = text.split("\n")
    above = site.above[-MOST_ABOVE:]
    on_its_line = not site.line_start.strip()
    if on_its_line:
        lines[0] = site.line_start + lines[0]
    elif lines[0].strip():
        return text
    else:
        above.append(site.line_start.rstrip())
    rows = [row for row, line in enumerate(lines) if line.strip()]
    meant = [lines[row].rstrip() for row in rows]
    for count in range(min(len(above), len(meant)), 0, -1):
        if above[-count:] == meant[:count] and _is_echo(meant[:count]):
            if count == len(meant):
                return ""
            left = lines[rows[count] :]
            if not on_its_line:
                return "\n".join(["", *left])
            return site.at_cursor(left) if left[0].startswith(site.line_start) else ""
    return text


def without_lines_below(text: str, site: Site) -> str:
    """Cut the last lines if they are the next lines below the cursor.

    Those that stand in many places are cut only where the code is better without them, and one more
    line of a series that stands on both sides of the cursor is none too many.
    """
    if not site.closes_only or (site.above and site.above[-1:] == site.below[:1]):
        return text
    lines = text.split("\n")
    first = 1 if site.rest.strip() else 0
    whole = [site.line_start + lines[0], *lines[1:]]
    rows = [row for row, line in enumerate(whole) if row >= first and line.strip()]
    meant = [whole[row].rstrip() for row in rows]
    for count in range(min(len(meant), len(site.below)), 0, -1):
        if meant[-count:] != site.below[:count]:
            continue
        cut = "\n".join(lines[: rows[-count]]).rstrip()
        telling = not all(TRIVIAL.fullmatch(line) for line in meant[-count:])
        if telling or (cut and site.errors(cut) < site.errors(text)):
            return cut
    return text


def without_loops(text: str, site: Site) -> str:
    """Keep the first of lines, or blocks, that come over and over.

    Lines that differ in their numbers only are a loop if the text ends with them, but not as rows
    of a table.
    """
    lines = text.split("\n")
    rows = [row for row, line in enumerate(lines) if line.strip()]
    meant = [lines[row].rstrip() for row in rows]
    if meant and rows[0] == 0:
        meant[0] = site.line_start + meant[0]
    alike = [NUMBER.sub("0", line) for line in meant]
    for start in range(len(meant) - EXACT + 1):
        before = "\n".join(lines[: rows[start]]) + "\n" * (start > 0)
        for period in range(1, (len(meant) - start) // EXACT + 1):
            end = _loop_end(meant, start, period, EXACT)
            if end is None:
                end = _loop_end(alike, start, period, ALIKE)
                if end != len(meant) or site.is_within(before):
                    continue
            kept = lines[: rows[start + period - 1] + 1]
            if end < len(meant):
                kept += lines[rows[end - 1] + 1 :]
            return "\n".join(kept).rstrip()
    return text


def _loop_end(lines: list[str], start: int, period: int, times: int) -> int | None:
    """Where a block that is repeated so often is repeated no more.

    A part of it at the end of the text is one more time.
    """
    if not any(map(LETTER.search, lines[start : start + period])):
        return None
    end = start + period
    while end < len(lines) and lines[end] == lines[end - period]:
        end += 1
    if end - start < times * period:
        return None
    return end if end == len(lines) else end - (end - start) % period


def _is_echo(lines: list[str]) -> bool:
    """Whether lines that are those right above again make no sense."""
    telling = [line for line in lines if LETTER.search(line) and not TRIVIAL.fullmatch(line)]
    return len(telling) > 1 or any(map(ONCE.match, lines))
