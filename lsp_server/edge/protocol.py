"""pygls's protocol, with what it leaves out.

- Documents are followed by our own store alone (`documents.py` says why).
- Every request is answered exactly once: also before `initialize`, after `shutdown`, and when its
  parameters make no sense.
- What is kept for a message is let go when it has been handled; pygls keeps one future for each
  notification, so for each key, for ever.
"""

from __future__ import annotations

import json
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import RPCMessage, RPCRequest

_BEFORE_INITIALIZE = (types.INITIALIZE, types.EXIT)


class _Answered:
    """Stands for a message that has been answered while it was read."""


class FimbleProtocol(LanguageServerProtocol):
    """See the module's docstring."""

    def __init__(self, server: Any, converter: Any) -> None:
        super().__init__(server, converter)
        self._initialized = False

    @property
    def was_shut_down(self) -> bool:
        """Whether the client has asked for the end, as it should before it exits."""
        return self._shutdown

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Hand the document to our own store, not to pygls's."""
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Hand the change to our own store, not to pygls's."""
        self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Hand the closing to our own store, not to pygls's."""
        self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Parse a message; answer a request that can't be parsed."""
        try:
            return super().structure_message(data)
        except JsonRpcException:
            if "id" in data and "method" in data:
                self._refuse(
                    data["id"],
                    types.ErrorCodes.InvalidParams,
                    f"The parameters of {data['method']} are not what the protocol says.",
                )
            return _Answered()

    def handle_message(self, message: RPCMessage | _Answered) -> None:
        """Handle a message that may come at the wrong time."""
        if isinstance(message, _Answered):
            return
        method = getattr(message, "method", None)
        if method is not None and not self._initialized and method not in _BEFORE_INITIALIZE:
            if isinstance(message, RPCRequest):
                self._refuse(
                    message.id,
                    types.ErrorCodes.ServerNotInitialized,
                    "The first request must be `initialize`.",
                )
            return
        if self._shutdown and isinstance(message, RPCRequest):
            self._refuse(message.id, types.ErrorCodes.InvalidRequest, "The server has shut down.")
            return
        if method == types.INITIALIZE:
            if self._initialized:
                self._refuse(
                    getattr(message, "id", None),
                    types.ErrorCodes.InvalidRequest,
                    "`initialize` may be sent only once.",
                )
                return
            self._initialized = True
        super().handle_message(message)

    def refuse_unreadable(self, error: Exception) -> None:
        """Answer something that is no message at all."""
        if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
            self._refuse(None, types.ErrorCodes.ParseError, "This message is not JSON.")
        else:
            self._refuse(None, types.ErrorCodes.InvalidRequest, "This is not a message.")

    def _refuse(self, request_id: Any, code: types.ErrorCodes, message: str) -> None:
        self._send_response(request_id, None, types.ResponseError(code=code, message=message))

    def _execute_handler(self, msg_id: Any, *args: Any, **kwargs: Any) -> None:
        super()._execute_handler(msg_id, *args, **kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))
