"""How each sort of trouble is mended, one file a way.

A way takes a trouble and gives fixes, the likeliest first; it gives none where it isn't sure that
one of them is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lsp_server.actions.action import Request
from lsp_server.actions.fixes.arguments import missing_arguments
from lsp_server.actions.fixes.base import Fix
from lsp_server.actions.fixes.brackets import unbalanced
from lsp_server.actions.fixes.imports import missing_import
from lsp_server.actions.fixes.spelling import misspelt
from lsp_server.actions.fixes.unused import unused_import
from lsp_server.actions.troubles import Sort, Trouble

Way = Callable[[Trouble, Request], Iterable[Fix]]

WAYS: dict[Sort, tuple[Way, ...]] = {
    "attribute": (misspelt,),
    "keyword": (misspelt,),
    "missing": (missing_arguments,),
    "name": (missing_import, misspelt),
    "symbol": (misspelt,),
    "syntax": (unbalanced,),
    "unused": (unused_import,),
}

__all__ = ["WAYS", "Fix"]
