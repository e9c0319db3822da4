"""The table: which handler answers which method."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_server.edge import messages
from lsp_server.edge.chat import messages as chat_messages
from lsp_server.edge.handlers import (
    apply,
    chat,
    code_action,
    discover,
    documents,
    explain,
    feedback,
    health,
    inline_completion,
    lifecycle,
    rewrite,
    stats,
)
from lsp_server.edge.server import FimbleServer
from lsp_server.errors import DocumentChanged, FimbleError, describe

logger = logging.getLogger(__name__)

Handler = Callable[[FimbleServer, Any], Any]

ROUTES: dict[str, tuple[Handler, Any]] = {
    types.INITIALIZE: (lifecycle.initialize, None),
    types.INITIALIZED: (lifecycle.initialized, None),
    types.SHUTDOWN: (lifecycle.shutdown, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (lifecycle.did_change_configuration, None),
    types.TEXT_DOCUMENT_DID_OPEN: (documents.did_open, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (documents.did_change, None),
    types.TEXT_DOCUMENT_DID_SAVE: (documents.did_save, types.SaveOptions()),
    types.TEXT_DOCUMENT_DID_CLOSE: (documents.did_close, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (documents.did_change_watched_files, None),
    # Without options pygls does not announce the capability.
    types.TEXT_DOCUMENT_INLINE_COMPLETION: (
        inline_completion.inline_completion,
        types.InlineCompletionOptions(),
    ),
    types.TEXT_DOCUMENT_CODE_ACTION: (code_action.code_action, code_action.OPTIONS),
    types.CODE_ACTION_RESOLVE: (code_action.resolve, None),
    messages.STATS: (stats.stats, None),
    messages.HEALTH: (health.health, None),
    messages.DISCOVER: (discover.discover, None),
    messages.DID_FOCUS: (documents.did_focus, None),
    messages.DID_SHOW: (feedback.did_show, None),
    messages.DID_PARTLY_ACCEPT: (feedback.did_partly_accept, None),
    messages.DID_REJECT: (feedback.did_reject, None),
    chat_messages.BEGIN: (chat.begin, None),
    chat_messages.LIST: (chat.listed, None),
    chat_messages.RESUME: (chat.resume, None),
    chat_messages.FORK: (chat.fork, None),
    chat_messages.DELETE: (chat.delete, None),
    chat_messages.EXPORT: (chat.export, None),
    chat_messages.PROMPT: (chat.prompt, None),
    chat_messages.CANCEL: (chat.cancel, None),
    chat_messages.SET_MODE: (chat.set_mode, None),
    chat_messages.TRUST: (chat.trust, None),
    chat_messages.MENTIONS: (chat.mentions, None),
    chat_messages.CHANGES: (chat.changes, None),
    chat_messages.UNDO: (chat.undo, None),
    chat_messages.DID_PUBLISH_DIAGNOSTICS: (chat.did_publish_diagnostics, None),
}

COMMANDS: dict[str, Handler] = {
    messages.DID_ACCEPT: feedback.did_accept,
    messages.EXPLAIN: explain.explain,
    messages.EXPLAIN_ERROR: explain.explain_error,
    messages.REWRITE: rewrite.rewrite,
    messages.APPLY: apply.apply,
}
"""Of `workspace/executeCommand`; a handler gets the arguments as a tuple."""


def register(server: FimbleServer) -> None:
    """Give the server its handlers."""
    for method, (handler, options) in ROUTES.items():
        server.feature(method, options)(_contained(server, method, handler))
    for name, handler in COMMANDS.items():
        server.command(name)(_unpacked(_contained(server, name, handler)))


def _unpacked(run: Callable[[Any], Any]) -> Callable[..., Any]:
    """pygls hands over the arguments of a command one by one."""
    if iscoroutinefunction(run):

        async def wait_with(*arguments: Any) -> Any:
            return await run(arguments)

        return wait_with

    def run_with(*arguments: Any) -> Any:  # pygls would put the server before an `object`
        return run(arguments)

    return run_with


def _contained(server: FimbleServer, method: str, handler: Handler) -> Callable[[Any], Any]:
    """Wrap a handler so that what goes wrong in it reaches the client as one sentence."""
    if iscoroutinefunction(handler):

        async def answer(params: Any = None) -> Any:
            try:
                work: Awaitable[Any] = handler(server, params)
                return await work
            except Exception as error:
                raise _refusal(method, error) from None

        return answer

    def answer_now(params: Any = None) -> Any:
        try:
            return handler(server, params)
        except Exception as error:
            raise _refusal(method, error) from None

    return answer_now


def _refusal(method: str, error: Exception) -> JsonRpcException:
    if isinstance(error, DocumentChanged):
        return JsonRpcException(str(error), code=types.LSPErrorCodes.ContentModified.value)
    if isinstance(error, FimbleError):
        return JsonRpcException(str(error), code=types.LSPErrorCodes.RequestFailed.value)
    logger.error("%s failed: %s", method, describe(error))
    return JsonRpcException(
        f"Fimble failed on {method} ({type(error).__name__}); this is a bug, its log says where.",
        code=types.ErrorCodes.InternalError.value,
    )
