"""`textDocument/codeAction` and `codeAction/resolve`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from lsprotocol import types

from lsp_server.actions.action import Explain, Repair, Request
from lsp_server.edge import convert, messages
from lsp_server.edge.changes import edit_of
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
    request = replace(request, own=(await server.own()).actions)
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
    """What follows from rules, done; what a model is asked for comes as a command that does it."""
    done = []
    for item in shown:
        task = server.session.lightbulb.chosen(item.data).action.task
        if not isinstance(task, Repair):
            if item.command is None and server.applies_edits:
                item.command = types.Command(item.title, messages.APPLY, arguments=[item.data])
            if item.command is not None:
                done.append(item)
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
    offer = server.session.lightbulb.chosen(item.data)
    if not isinstance(offer.action.task, Explain):  # that has its command
        item.edit = await edit_of(server, offer)
    return item


async def _learn(session: Session, request: Request) -> None:
    await asyncio.to_thread(session.lightbulb.learn, request)


def _asks_later(server: FimbleServer) -> bool:
    """Whether the client asks for an edit when the action is chosen."""
    document = server.client_capabilities.text_document
    actions = document.code_action if document else None
    support = actions.resolve_support if actions else None
    return support is not None and "edit" in support.properties
