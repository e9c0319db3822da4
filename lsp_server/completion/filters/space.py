"""White space that nobody wants."""

from __future__ import annotations

from lsp_server.completion.filters.site import Site


def without_blank_start(text: str, site: Site) -> str:
    """Begin on the cursor's line if that is blank, unless what comes is indented less than it.

    In a string or comment, and in prose, blank lines have a meaning.
    """
    line_start = site.line_start
    if not text.lstrip(" \t\r").startswith("\n") or line_start.strip() or site.rest.strip():
        return text
    lines = text.split("\n")
    first = next((row for row, line in enumerate(lines) if line.strip()), None)
    if first is None or not lines[first].startswith(line_start):
        return text
    if site.grammar is None or site.inside != "code":
        return text
    return site.at_cursor(lines[first:])


def without_trailing_space(text: str, site: Site) -> str:
    """Lines end with their last character, but for those that end in a string.

    The last line may go on behind the cursor, and two spaces mean something in Markdown.
    """
    if site.grammar is None:
        return text
    lines = text.split("\n")
    for row, before in enumerate(site.row_starts(lines)[:-1]):
        stripped = lines[row].rstrip()
        if stripped != lines[row] and site.inside_after(f"{before}{lines[row]}\n") != "string":
            lines[row] = stripped
    return "\n".join(lines)
