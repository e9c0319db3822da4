"""`textDocument/codeAction` and `codeAction/resolve`."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from lsprotocol import types

from lsp_server.actions.action import Explain, Mend, Repair, Request, Test, Written
from lsp_server.actions.asking import NotMade
from lsp_server.actions.lightbulb import Offer
from lsp_server.actions.resolve import resolved
from lsp_server.edge import convert
from lsp_server.edge.checking import Checking
from lsp_server.edge.drafted import drafted_edit
from lsp_server.edge.progress import working
from lsp_server.edge.server import FimbleServer
from lsp_server.edge.session import Session
from lsp_server.errors import DocumentChanged, UsageError

KINDS = (
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorRewrite,
    types.CodeActionKind.Source,
)
OPTIONS = types.CodeActionOptions(code_action_kinds=KINDS, resolve_provider=True)


async def code_action(
    server: FimbleServer, params: types.CodeActionParams
) -> list[types.CodeAction]:
    """Offer what may be done at a place; the edits come with it if the client can't ask later."""
    session = server.session
    opened = session.documents.get(params.text_document.uri)
    snapshot = await session.documents.with_syntax(opened)
    request = convert.request(
        snapshot,
        params,
        session.around(snapshot.uri),
        session.encoding,
        session.settings.actions,
        has_model=session.has_model,
        can_test=session.can_test,
    )
    only = [getattr(kind, "value", kind) for kind in params.context.only or ()]
    actions = await asyncio.to_thread(session.lightbulb.look, request, only)
    session.require_newest(snapshot)
    session.spawn(_learn(session, request))
    numbers = session.lightbulb.keep(actions, snapshot)
    shown = [
        convert.code_action(action, number, params.context.diagnostics, session.encoding)
        for action, number in zip(actions, numbers, strict=True)
    ]
    return shown if _asks_later(server) else await _with_edits(server, shown)


async def _with_edits(
    server: FimbleServer, shown: list[types.CodeAction]
) -> list[types.CodeAction]:
    """Those that can be done, done; a model is not asked for all that it could write."""
    done = []
    for item in shown:
        task = server.session.lightbulb.chosen(item.data).action.task
        if isinstance(task, Explain):
            done.append(item)
        if not isinstance(task, Repair):
            continue
        try:
            done.append(await resolve(server, item))
        except DocumentChanged:
            raise
        except UsageError:  # the others may be sound
            continue
    return done


async def resolve(server: FimbleServer, item: types.CodeAction) -> types.CodeAction:
    """Work out the edit of an action that was offered; none, and a message, if there is none."""
    session = server.session
    offer = session.lightbulb.chosen(item.data)
    session.require_newest(offer.snapshot)
    task = offer.action.task
    if isinstance(task, Explain):  # it has its command
        return item
    try:
        item.edit = await _edit(server, offer, task)
    except NotMade as error:
        server.show(types.MessageType.Info, str(error))
    return item


async def _edit(
    server: FimbleServer, offer: Offer, task: Repair | Written | Test
) -> types.WorkspaceEdit:
    """What an action does. Raises NotMade if that is nothing, and FimbleError."""
    session = server.session
    async with AsyncExitStack() as stack:
        if not isinstance(task, Repair):
            report = await stack.enter_async_context(working(server, offer.action.title))
        if isinstance(task, Test):
            edit = await drafted_edit(server, task, report)
            session.require_newest(offer.snapshot)
            return edit
        check = Checking(server, task).flaw if isinstance(task, Mend) else None
        change = await resolved(task, offer.snapshot, session.model(), check)
    session.require_newest(offer.snapshot)
    return convert.workspace_edit(
        offer.snapshot, change, session.encoding, annotated=server.annotates_edits
    )


async def _learn(session: Session, request: Request) -> None:
    await asyncio.to_thread(session.lightbulb.learn, request)


def _asks_later(server: FimbleServer) -> bool:
    """Whether the client asks for an edit when the action is chosen."""
    document = server.client_capabilities.text_document
    actions = document.code_action if document else None
    support = actions.resolve_support if actions else None
    return support is not None and "edit" in support.properties
