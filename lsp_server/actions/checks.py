"""What is wrong at a place, found without any tool of the client's."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.actions.action import Request
from lsp_server.actions.imported import statement_at, unused_in
from lsp_server.actions.troubles import Sort, Trouble
from lsp_server.core.import_place import top_level
from lsp_server.core.syntax import Syntax
from lsp_server.workspace import faults
from lsp_server.workspace.expressions import Outline

MAX_BYTES = 8_000
"""A longer selection is not looked through: who selects so much has something else in mind."""
_SORTS: dict[faults.Sort, Sort] = {
    "attribute": "attribute",
    "keyword": "keyword",
    "missing": "missing",
    "name": "name",
}


def found(request: Request, outline: Outline | None) -> list[Trouble]:
    """The troubles of the selected lines, or of the cursor's line.

    `outline`: one that is known already, be it of an earlier version of the document. What is
    blamed by it is looked at again with one of this version, which takes longer to make.
    """
    start, end = _lines(request.syntax, request.start, request.end)
    return [] if end - start > MAX_BYTES else between(request, outline, start, end)


def between(request: Request, outline: Outline | None, start: int, end: int) -> list[Trouble]:
    """The troubles of whole lines, from byte `start` to `end`; `outline` as in `found`."""
    syntax = request.syntax
    if syntax.tree.root_node.has_error:
        return [Trouble("syntax", start, end)]
    troubles = list(_unused(request, start, end))
    blamed = faults.faults(syntax, start, end, outline or request.outline())
    if outline is not None and any(fault.sort != "name" for fault in blamed):
        blamed = faults.faults(syntax, start, end, request.outline())
    for fault in blamed:
        if (sort := _SORTS.get(fault.sort)) is not None:
            node = syntax.tree.root_node.descendant_for_byte_range(fault.start, fault.start + 1)
            last = fault.start if node is None else node.end_byte
            troubles.append(
                Trouble(sort, fault.start, last, names=fault.missing, legal=fault.legal)
            )
    return troubles


def _unused(request: Request, start: int, end: int) -> Iterator[Trouble]:
    """Imports in some lines that nothing in the file uses."""
    syntax = request.syntax
    if syntax.grammar not in faults.JUDGED or _passes_on(request.snapshot.uri):
        return
    for node in top_level(syntax):
        if node.start_byte >= end:
            break
        if node.end_byte <= start or (statement := statement_at(syntax, node.start_byte)) is None:
            continue
        line_end = syntax.data.find(b"\n", node.end_byte)
        if b"noqa" in syntax.data[node.end_byte : line_end if line_end >= 0 else None]:
            continue
        if unused_in(syntax, statement, careful=True):
            yield Trouble("unused", node.start_byte, node.end_byte)


def _passes_on(uri: str) -> bool:
    """Whether a file imports for others."""
    return uri.endswith(("/__init__.py", "/__init__.pyi", ".pyi", ".d.ts", "/conftest.py"))


def _lines(syntax: Syntax, start: int, end: int) -> tuple[int, int]:
    first = syntax.data.rfind(b"\n", 0, start) + 1
    last = syntax.data.find(b"\n", end)
    return first, len(syntax.data) if last < 0 else last
