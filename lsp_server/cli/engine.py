"""From the command line's options to an engine."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lsp_server.cli import complain
from lsp_server.engines.base import StatusListener, UsageListener
from lsp_server.engines.fake import FakeEngine, read_script
from lsp_server.engines.open import open_engine
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.settings import LOCAL, REMOTE, RemoteSettings, RoleSettings, Settings

Open = Callable[[Settings, StatusListener, UsageListener], RoleEngine]


def opener(options: argparse.Namespace) -> Open:
    """How to open an engine; what the command line names wins over settings.

    Raises UsageError if a script can't be read.
    """
    if options.script is not None:
        script = read_script(Path(options.script))
        return lambda _settings, on_status, on_usage: RoleEngine.of(
            "script", FakeEngine(script.replies, on_status, on_usage, chat=script.chat)
        )

    def open_with_options(
        settings: Settings, on_status: StatusListener, on_usage: UsageListener
    ) -> RoleEngine:
        known = _known(options.endpoint, settings) if options.endpoint else ""
        if known:
            remote = settings.endpoints[known]
            if options.model:
                remote = replace(remote, model=options.model)
            endpoints = {**settings.endpoints, known: remote}
            settings = replace(settings, endpoints=endpoints, roles=_only(known))
        elif options.endpoint:
            remote = settings.remote
            if remote.url != options.endpoint:  # what is set is for another one, its key above all
                remote = RemoteSettings(options.endpoint, log=remote.log)
            if options.model:
                remote = replace(remote, model=options.model)
            settings = replace(settings, remote=remote, roles=_only(REMOTE))
        elif options.model:
            settings = replace(settings, model=options.model, roles=_only(LOCAL))
        return open_engine(settings, on_status, on_usage)

    return open_with_options


async def leave(engine: RoleEngine) -> None:
    """End an engine, and tell who answered in the place of whom."""
    for sentence in engine.stand_ins():
        complain(sentence)
    await engine.close()


def _known(endpoint: str, settings: Settings) -> str:
    """The name of an endpoint of the user's that is meant, by its name or its address."""
    if endpoint in settings.endpoints:
        return endpoint
    found = (name for name, each in settings.endpoints.items() if each.url == endpoint)
    return next(found, "")


def _only(name: str) -> RoleSettings:
    return RoleSettings((name,), (name,))
