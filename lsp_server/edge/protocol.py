"""pygls's protocol, with what it leaves out.

- Documents are followed by our own store alone (`documents.py` says why).
- Every request is answered exactly once: also before `initialize`, after `shutdown`, and when its
  parameters make no sense.
- What is kept for a message is let go when it has been handled; pygls keeps one future for each
  notification, so for each key, for ever.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import RPCRequest

logger = logging.getLogger(__name__)


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

    def receive(self, body: bytes) -> None:
        """Handle a message, whatever it is and whenever it comes."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse({}, types.ErrorCodes.ParseError, "This message is not JSON.")
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != self.VERSION:
            known = data if isinstance(data, dict) else {}
            self._refuse(known, types.ErrorCodes.InvalidRequest, "This is not JSON-RPC 2.0.")
            return
        if "method" in data and (refusal := self._refusal(data)) is not None:
            if "id" in data:
                self._refuse(data, *refusal)
            return
        if str(data.get("method", "")).startswith("fimble/"):
            data.setdefault("params", None)  # pygls wants them even where a method has none
        try:
            message = self.structure_message(data)
        except JsonRpcException:
            self._refuse_shape(data)
            return
        if "method" in data and "id" in data and not isinstance(message, RPCRequest):
            what = f"{data['method']} is a notification; it has no id."
            self._refuse(data, types.ErrorCodes.InvalidRequest, what)
            return
        if data.get("method") == types.INITIALIZE:
            self._initialized = True
        self.handle_message(message)

    def _refusal(self, data: dict[str, Any]) -> tuple[types.ErrorCodes, str] | None:
        """Why a request or a notification can't be handled now, or ever."""
        codes = types.ErrorCodes
        method = data["method"]
        if not isinstance(method, str) or not isinstance(data.get("id", 0), str | int):
            return codes.InvalidRequest, "A method is a text; an id is a text or a whole number."
        if self._shutdown and method != types.EXIT:
            return codes.InvalidRequest, "The server has shut down."
        if not self._initialized and method not in (types.INITIALIZE, types.EXIT):
            return codes.ServerNotInitialized, "The first request must be `initialize`."
        if self._initialized and method == types.INITIALIZE:
            return codes.InvalidRequest, "`initialize` may be sent only once."
        if method not in {*self.fm.features, *self.fm.builtin_features, types.CANCEL_REQUEST}:
            return codes.MethodNotFound, f"Fimble does not know the method {method[:100]}."
        return None

    def _refuse_shape(self, data: dict[str, Any]) -> None:
        method = data.get("method")
        if method is not None and "id" in data:
            message = f"The parameters of {method} are not what the protocol says."
            self._refuse(data, types.ErrorCodes.InvalidParams, message)
        else:
            logger.warning("%s was ignored: it is not as the protocol says", method or "an answer")

    def _refuse(self, request: dict[str, Any], code: types.ErrorCodes, message: str) -> None:
        """Answer with an error. The id is null if none is known; pygls would leave it out."""
        error = {"code": code.value, "message": message}
        self._send_data({"jsonrpc": self.VERSION, "id": request.get("id"), "error": error})

    def _execute_handler(self, msg_id: Any, *args: Any, **kwargs: Any) -> None:
        super()._execute_handler(msg_id, *args, **kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))
