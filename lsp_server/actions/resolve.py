"""Do what an action describes: work out its change, and check it."""

from __future__ import annotations

from lsp_server.actions.action import Action, Change, Repair
from lsp_server.actions.verify import holds
from lsp_server.core.snapshot import Snapshot
from lsp_server.errors import UsageError


def resolved(action: Action, snapshot: Snapshot) -> Change:
    """The change that an action makes of the version that it was offered for.

    Raises UsageError if the text would not be sound with it.
    """
    match action.task:
        case Repair() as repair:
            if snapshot.syntax is None or not holds(snapshot.syntax, repair):
                raise UsageError("With this fix the file would not parse, so it was not made.")
            return Change(repair.edits)
