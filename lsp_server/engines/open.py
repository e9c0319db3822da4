"""Which engine the settings ask for."""

from __future__ import annotations

from lsp_server.engines.base import StatusListener, UsageListener
from lsp_server.engines.chat import FullEngine
from lsp_server.engines.local.engine import LocalEngine, not_counted
from lsp_server.engines.remote import open_remote
from lsp_server.models.discover import resolve
from lsp_server.settings import Settings


def open_engine(
    settings: Settings, on_status: StatusListener, on_usage: UsageListener = not_counted
) -> FullEngine:
    """Return the engine; nothing is started, read or sent before it is first asked."""
    if settings.remote.url:
        return open_remote(settings.remote, on_status, on_usage, settings.chat)
    return LocalEngine(
        lambda: resolve(settings.model),
        settings.local,
        on_status,
        on_usage,
        chat=settings.chat,
    )
