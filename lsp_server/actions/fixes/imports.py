"""Import a name that is used and bound nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.actions.action import Request
from lsp_server.actions.fixes.base import Fix
from lsp_server.actions.fixes.importing import added
from lsp_server.actions.fixes.origins import origins
from lsp_server.actions.troubles import Trouble
from lsp_server.core.imports import Import

MAX_OFFERED = 5
_GRAMMARS = frozenset(("javascript", "python", "tsx", "typescript"))


def missing_import(trouble: Trouble, request: Request) -> Iterator[Fix]:
    """Import it from where other files, the standard library or the workspace have it."""
    syntax = request.syntax
    if syntax.grammar not in _GRAMMARS:
        return
    name = syntax.data[trouble.start : trouble.end].decode(errors="replace")
    found, is_sure = origins(name, trouble.start, request)
    for number, item in enumerate(found[:MAX_OFFERED]):
        edits = added(syntax, item)
        if edits:
            yield Fix(_title(item), edits, is_sure=is_sure and not number)


def _title(item: Import) -> str:
    alias = f" as `{item.alias}`" if item.alias else ""
    if item.name in ("", "*", "default"):
        return f"Import `{item.module}`{alias}"
    return f"Import `{item.name}`{alias} from {item.module}"
