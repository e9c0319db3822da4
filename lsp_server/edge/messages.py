"""Messages beyond the protocol, all under `fimble/`.

`fimble/status`, server to client: `{"state": "stopped" | "loading" | "ready" | "failed",
"message": string, "fraction"?: number}` whenever the engine's state changes, and while it loads
with each whole percent.
"""

from __future__ import annotations

from typing import Any

from lsp_server.engines.base import EngineStatus

STATUS = "fimble/status"


def status(change: EngineStatus) -> dict[str, Any]:
    """Parameters of `fimble/status`."""
    params: dict[str, Any] = {"state": change.state, "message": change.message}
    if change.fraction is not None:
        params["fraction"] = round(change.fraction, 3)
    return params


def whole_percent(change: EngineStatus) -> int | None:
    """How much of the model is loaded; None where that is not known."""
    return None if change.fraction is None else int(100 * change.fraction)
