"""Do what an action describes: work out its change, and check it."""

from __future__ import annotations

from lsp_server.actions.action import (
    Annotate,
    Change,
    Document,
    Finish,
    Mend,
    Repair,
    Rewrite,
    Simplify,
    Written,
)
from lsp_server.actions.annotate import annotated
from lsp_server.actions.asking import Model
from lsp_server.actions.document import documented
from lsp_server.actions.finish import finished
from lsp_server.actions.mend import mended
from lsp_server.actions.rewrite import changed
from lsp_server.actions.simplify import simplified
from lsp_server.actions.tries import Check
from lsp_server.actions.verify import holds
from lsp_server.core.snapshot import Snapshot
from lsp_server.errors import UsageError


async def resolved(task: Written, model: Model, check: Check | None = None) -> Change:
    """The change that a model makes for an action, of the version that it was offered for.

    `check`: see `mended`. Raises NotMade if it makes none that holds, and FimbleError.
    """
    match task:
        case Mend() as mend:
            return await mended(mend, model, check)
        case Document() as document:
            return await documented(document, model)
        case Finish() as finish:
            return await finished(finish, model)
        case Simplify() as simplify:
            return await simplified(simplify, model)
        case Annotate() as annotate:
            return await annotated(annotate, model)
        case Rewrite() as rewrite:
            return await changed(rewrite.request, rewrite.instruction, model)


def repaired(repair: Repair, snapshot: Snapshot) -> Change:
    """The change of a fix by rule. Raises UsageError if the text would not be sound with it."""
    if snapshot.syntax is None or not holds(snapshot.syntax, repair):
        raise UsageError("With this fix the file would not parse, so it was not made.")
    return Change(repair.edits)
