"""A model behind an endpoint that the user named.

`engine.RemoteEngine` speaks the engine protocol; `probe` finds out what speaks at the other end, of
which `connection` keeps track; `llama_server` and `openai` are the dialects for gaps, `chat` and
`ollama` those for chats; `http` carries their requests, `sse` and `answer` read what comes back;
`control_text` keeps the user's text from becoming control tokens.

Invariants: nothing is sent before the first request, nor anywhere but to `fimble.remote.url`
(redirects are not followed). No message and no log holds the API key or the user's code.
"""

from __future__ import annotations

from lsp_server.engines.base import StatusListener, UsageListener
from lsp_server.engines.chat import FullEngine
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.settings import ChatSettings, RemoteSettings


def open_remote(
    settings: RemoteSettings,
    on_status: StatusListener,
    on_usage: UsageListener | None = None,
    chat: ChatSettings | None = None,
) -> FullEngine:
    """Return an engine for the endpoint. A wrong setting is reported by its first request."""
    return RemoteEngine(settings, on_status, on_usage, chat)
