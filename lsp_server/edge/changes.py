"""Changes of documents that take a while: worked out with progress, and made by the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from lsprotocol import types

from lsp_server.actions.action import Change, Explain, Mend, Repair, Test
from lsp_server.actions.asking import NotMade
from lsp_server.actions.lightbulb import Offer
from lsp_server.actions.resolve import repaired, resolved
from lsp_server.core.snapshot import Snapshot
from lsp_server.edge import convert
from lsp_server.edge.checking import Checking
from lsp_server.edge.drafted import drafted_edit
from lsp_server.edge.progress import working
from lsp_server.errors import UsageError

if TYPE_CHECKING:
    from lsp_server.edge.server import FimbleServer

Work: TypeAlias = Callable[[Callable[[str], None]], Awaitable[types.WorkspaceEdit]]
"""Works out an edit; gets what shows the user what is being done."""


async def edit_of(server: FimbleServer, offer: Offer) -> types.WorkspaceEdit | None:
    """What an action does; None, and a message, if that is nothing.

    Raises UsageError for an explanation, which changes nothing, and FimbleError.
    """
    session, task, snapshot = server.session, offer.action.task, offer.snapshot
    session.require_newest(snapshot)
    if isinstance(task, Explain):
        raise UsageError("An explanation changes nothing; ask for it with fimble.explain.")
    if isinstance(task, Repair):
        return as_edit(server, snapshot, await asyncio.to_thread(repaired, task, snapshot))

    async def work(report: Callable[[str], None]) -> types.WorkspaceEdit:
        if isinstance(task, Test):
            return await drafted_edit(server, task, report)
        check = Checking(server, task).flaw if isinstance(task, Mend) else None
        change = await resolved(task, await server.model(), check)
        return as_edit(server, snapshot, change)

    return await worked_out(server, offer.action.title, snapshot, work)


async def worked_out(
    server: FimbleServer, title: str, snapshot: Snapshot, work: Work
) -> types.WorkspaceEdit | None:
    """What a model makes of a document; None, and a message, if that is nothing.

    Raises DocumentChanged if the document has changed meanwhile, and what the work raises.
    """
    async with working(server, title) as report:
        try:
            edit = await work(report)
        except NotMade as error:
            server.show(types.MessageType.Info, str(error))
            return None
    server.session.require_newest(snapshot)
    return edit


def as_edit(server: FimbleServer, snapshot: Snapshot, change: Change) -> types.WorkspaceEdit:
    """A change as the client takes it. Raises DocumentChanged."""
    server.session.require_newest(snapshot)
    return convert.workspace_edit(
        snapshot, change, server.session.encoding, annotated=server.annotates_edits
    )


async def applied(
    server: FimbleServer, title: str, make: Callable[[], Awaitable[types.WorkspaceEdit | None]]
) -> bool:
    """Have the client make an edit; return whether that was done.

    Raises UsageError if the client makes none, before it is worked out, and what that raises.
    """
    if not server.applies_edits:
        raise UsageError("This editor lets no server edit its documents, so nothing was changed.")
    edit = await make()
    if edit is None:
        return False
    params = types.ApplyWorkspaceEditParams(edit, label=title)
    # Shielded: pygls fails on an answer that nobody waits for any more.
    return (await asyncio.shield(server.workspace_apply_edit_async(params))).applied
