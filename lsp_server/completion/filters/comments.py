"""Comments that run on."""

from __future__ import annotations

import re

from lsp_server.completion.filters.indent import OPENS_BLOCK
from lsp_server.completion.filters.site import Site

MOST = 3
"""Lines of a comment that may be suggested."""
SENTENCE_END = re.compile(r"[.!?:]\s*$")
EXAMPLE = re.compile(r"\A[^\n]*[({\[]\s*$|```", re.MULTILINE)
_LINE_COMMENT = {"python": "#"}
_ELSEWHERE = "//"


def without_long_comments(text: str, site: Site) -> str:
    """Cut a comment that goes on for too long, and one behind code, which belongs to what follows.

    Block comments that are closed have an end of their own, and are left alone.
    """
    if site.grammar is None or "\n" not in text:
        return text
    lines = text.split("\n")
    marker = _LINE_COMMENT.get(site.grammar, _ELSEWHERE)
    is_comment = [line.lstrip().startswith(marker) for line in lines]
    if site.line_start.strip():
        is_comment[0] = site.line_start.lstrip().startswith(marker)
    meant = [row for row, line in enumerate(lines) if line.strip()]
    if all(is_comment[row] for row in meant) or _stays_in_block(text, site):
        if len(meant) <= MOST or site.inside == "string":
            return text
        end = next((row for row in meant[:MOST] if SENTENCE_END.search(lines[row])), meant[0])
        return "\n".join(lines[: end + 1])
    end = len(lines)
    while end > 1 and (is_comment[end - 1] or not lines[end - 1].strip()):
        end -= 1
    code = "\n".join(lines[:end]).rstrip()
    if (
        not any(is_comment[end:])
        or OPENS_BLOCK.search(lines[end - 1])
        or site.inside_after(code + "\n") != "code"
    ):
        return text
    return code


def _stays_in_block(text: str, site: Site) -> bool:
    """Whether the cursor is in a block comment that the text does not leave.

    A piece of code in it has an end of its own, and does not count.
    """
    prefix = site.window.prefix
    if "*/" in text or EXAMPLE.search(text) or prefix.rfind("/*") <= prefix.rfind("*/"):
        return False
    return site.inside == "comment" and site.inside_after(text + "\n") == "comment"
