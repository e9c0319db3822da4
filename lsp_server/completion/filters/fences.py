"""Chat around code: Markdown fences, and sentences that announce or explain it."""

from __future__ import annotations

import re

from lsp_server.completion.filters.site import Site

FENCE = re.compile(r"\s*(`{3,}|~{3,})[\w+#.-]*\s*")
_CODE = r"(?:code|lines?|parts?|functions?|snippet|implementation|statement|version|body)"
_SAYS = r"(?:is|are|should|would|can|will|could|above|below)"
CHAT = re.compile(
    rf"""\s*(?:
    (?:Sure|Certainly|Of\ course|Absolutely)[!,.:]
    | Here(?:'s|’s|\ is|\ are)\ (?:the|an?|your|how|what|my|one)\b
    | (?:The|Your|This)\ (?:\w+\ ){{0,2}}{_CODE}\ {_SAYS}\b
    | (?:The|This)\ (?:above\ |following\ |updated\ |completed\ )?{_CODE}\ [a-z]+s\b
    | (?:To|In\ order\ to)\ (?:complete|fix|finish|implement|solve)\ (?:the|this|your)\b
    | (?:In\ this|I\ have|I've|I\ hope|Hope\ this|Let\ me\ know|Please\ note|Note\ that
        |You\ can|Replace\ the|Fill\ in\ the|Based\ on\ the|It\ (?:looks|seems)\ like)\b
    | (?:\*\*)?(?:Explanation|Answer|Output|Solution|Completion|Middle)(?:\*\*)?:(?:\*\*)?\s*$
    )""",
    re.VERBOSE,
)
"""Sentences that are no code in any language; whether they stand in code is for the tree to say."""


def is_chat(line: str) -> bool:
    """Whether a line, taken as code, is rather a fence or a sentence to the user."""
    return bool(FENCE.fullmatch(line) or CHAT.match(line))


def without_chat(text: str, site: Site) -> str:
    """The code in an answer.

    Sentences and fences before it are dropped; it ends where they come again. A document that is
    prose itself is left alone, and so are strings and comments.
    """
    if site.grammar is None:
        return text
    lines = text.split("\n")
    if not any(map(is_chat, lines)) or site.inside != "code":
        return text
    first = 0
    while not site.line_start.strip() and first < len(lines):
        if not is_chat(lines[first]) and (lines[first].strip() or first == 0):
            break
        first += 1
    kept = _at_cursor(lines[first:], site) if first else lines
    for row, (line, before) in enumerate(zip(kept, site.row_starts(kept), strict=True)):
        begins_line = row > 0 or not site.line_start.strip()
        if begins_line and is_chat(line) and site.inside_after(before) == "code":
            return "\n".join(kept[:row]).rstrip()
    return "\n".join(kept)


def _at_cursor(lines: list[str], site: Site) -> list[str]:
    """Whole lines with their first at the cursor; code that begins at the margin moves there."""
    if lines and lines[0].startswith(site.line_start):
        return site.at_cursor(lines).split("\n")
    if lines and not lines[0][:1].isspace():
        return lines[:1] + [site.line_start + line if line.strip() else line for line in lines[1:]]
    return lines
