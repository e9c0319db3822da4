"""Which engines the settings ask for."""

from __future__ import annotations

import math
from pathlib import Path

from lsp_server.engines.base import StatusListener, UsageListener
from lsp_server.engines.chat import FullEngine
from lsp_server.engines.local.engine import LocalEngine, not_counted
from lsp_server.engines.remote import open_remote
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.engines.roles.order import Member
from lsp_server.engines.roles.statuses import Statuses
from lsp_server.errors import UnknownModel
from lsp_server.models.discover import resolve
from lsp_server.settings import LOCAL, Settings


def open_engine(
    settings: Settings, on_status: StatusListener, on_usage: UsageListener = not_counted
) -> RoleEngine:
    """Return the engine; nothing is started, read or sent before it is first asked."""
    statuses = Statuses(on_status)
    fim, chat = settings.engines("fim"), settings.engines("chat")
    opened = {
        name: _open(name, settings, statuses.listener(name), on_usage)
        for name in dict.fromkeys((*fim, *chat))
    }
    return RoleEngine(
        [_member(name, opened[name], settings, _patience(name, settings)) for name in fim],
        # Nobody cancels a chat with a key.
        [_member(name, opened[name], settings, math.inf) for name in chat],
        statuses,
    )


def _open(
    name: str, settings: Settings, on_status: StatusListener, on_usage: UsageListener
) -> FullEngine:
    endpoint = settings.endpoint(name)
    if endpoint is not None:
        return open_remote(endpoint, on_status, on_usage, settings.chat)
    return LocalEngine(
        lambda: _model(name, settings), settings.local, on_status, on_usage, chat=settings.chat
    )


def _model(name: str, settings: Settings) -> Path:
    """The file of a model on this machine. Raises ModelError."""
    if name == LOCAL:
        return resolve(settings.model)
    try:
        if Path(name).exists() and not Path(name).is_absolute():
            raise UnknownModel(f"{name} names a file, so it must be a whole path.")
        return resolve(name)
    except UnknownModel as error:
        names = ", ".join(settings.endpoints) or "none"
        raise UnknownModel(f"{error} It is no endpoint, either; there are: {names}.") from error


def _member(name: str, engine: FullEngine, settings: Settings, patience_seconds: float) -> Member:
    is_remote = settings.endpoint(name) is not None
    return Member(name, engine, is_remote, patience_seconds)


def _patience(name: str, settings: Settings) -> float:
    """See `Member.patience_seconds`; a worker that hangs is its supervisor's affair."""
    endpoint = settings.endpoint(name)
    if endpoint is None or endpoint.max_requests == 1:
        return math.inf  # of its only place, a chat of ours may be the reason
    return endpoint.timeout_seconds
