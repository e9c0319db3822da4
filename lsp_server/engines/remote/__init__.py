"""A model behind an endpoint that the user named.

`engine.RemoteEngine` speaks the engine protocol; `probe` finds out what speaks at the other end, of
which `connection` keeps track. `dialects` says, one small file each, what is peculiar to a kind of
endpoint. Gaps are filled by `completions`, in one of the `modes`, which are tested (`selftest`) and
remembered (`known`), or by `llama_server` in token ids; `chat` and `ollama` chat, `thinking` tells
thoughts apart from what they bring, `streams` asks for what they cost. `http` carries the requests,
as many at once as there are `places`, by a `client` that knows certificates and proxies, with the
`credentials` that settings refer to; these ask the system's keyring by `keyring_entries`. `gate`
masks credentials in what is sent, `sent` notes it; `sse`, `answer` and `usage` read what comes
back, `words` says what went wrong; `control_text` keeps the user's text from becoming control
tokens. `discovery` and `examine` find servers on this machine for a user who has named none.

Invariants: nothing is sent before the first request, nor anywhere but to the `url` of the
settings (redirects are not followed), but for what `discovery` asks this machine. No message and
no log holds the API key or the user's code.
"""

from __future__ import annotations

from lsp_server.engines.base import StatusListener, UsageListener
from lsp_server.engines.chat import FullEngine
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.models import store
from lsp_server.settings import ChatSettings, RemoteSettings


def open_remote(
    settings: RemoteSettings,
    on_status: StatusListener,
    on_usage: UsageListener | None = None,
    chat: ChatSettings | None = None,
) -> FullEngine:
    """Return an engine for the endpoint. A wrong setting is reported by its first request."""
    return RemoteEngine(settings, on_status, on_usage, chat, store.state_dir() / "endpoints")
