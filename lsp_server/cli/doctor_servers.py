"""Model servers that run on this machine, and what to set to use one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from lsp_server.engines.remote.discovery import Server

_MOST_SHOWN = 10


def checks(servers: Sequence[Server]) -> list[tuple[bool, str]]:
    """A sentence for each, or one that says that there is none: that is no failure."""
    none = "no model server was found on this machine; to use one elsewhere, set fimble.remote.url"
    return [(True, told(server)) for server in servers] or [(False, none)]


def entries(servers: Sequence[Server]) -> list[dict[str, Any]]:
    """A JSON object for each, with the sentence."""
    return [server.described() | {"text": told(server)} for server in servers]


def told(server: Server) -> str:
    """What a server has, and how it is used."""
    url, models = server.url, server.models
    shown = [f"{model.name} (fills gaps)" if model.fills_gaps else model.name for model in models]
    more = f" and {len(models) - _MOST_SHOWN} more" if len(models) > _MOST_SHOWN else ""
    first = models[0].name
    return (
        f"{server.title} at {url} has {', '.join(shown[:_MOST_SHOWN])}{more}; to use it, set "
        f"fimble.remote.url to {url} and fimble.remote.model to {first}, or give "
        f"`--endpoint {shlex.quote(url)} --model {shlex.quote(first)}`"
    )
