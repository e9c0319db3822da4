"""What a model writes besides code, or writes twice, is taken out of its suggestion.

`FILTERS` is the table, in order; each is a pure function of the text and of what stands around the
cursor. Filters only take away: lines, white space, or what the cursor's line says already. Nothing
is ever put in a suggestion, except that indentation is written as the document writes it.

They come before `overlap.fit_to_line`, which decides by the brackets of the whole suggestion: it
has to see the one that will be shown.
"""

from __future__ import annotations

from collections.abc import Callable

from lsp_server.completion.filters.comments import without_long_comments
from lsp_server.completion.filters.fences import without_chat
from lsp_server.completion.filters.indent import (
    in_the_documents_unit,
    indented_once,
    without_lost_lines,
)
from lsp_server.completion.filters.repeats import (
    without_line_start,
    without_lines_above,
    without_lines_below,
    without_loops,
)
from lsp_server.completion.filters.secret import without_secrets
from lsp_server.completion.filters.site import Site
from lsp_server.completion.filters.space import without_blank_start, without_trailing_space
from lsp_server.completion.window import Window

Filter = Callable[[str, Site], str]

FILTERS: tuple[Filter, ...] = (
    without_secrets,  # before all else, for others would change what it looks for
    without_chat,
    without_blank_start,
    without_line_start,
    indented_once,
    in_the_documents_unit,
    without_lost_lines,
    without_lines_above,  # compares whole lines, and so comes behind what puts them straight
    without_lines_below,
    without_loops,
    without_long_comments,
    without_trailing_space,
)


def apply(text: str, window: Window, grammar: str | None) -> str:
    """Return what of a suggestion is worth showing; empty if nothing is.

    Doing it twice changes nothing more: where one filter has cut something, all are asked again.
    """
    site = Site(window, grammar)
    before = None
    while text != before:
        before = text
        for each in FILTERS:
            text = each(text, site)
            if not text.strip():
                return ""
    return text
