"""What speaks at the other end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from http.client import NOT_IMPLEMENTED, TOO_MANY_REQUESTS
from typing import Protocol

from lsp_server.engines.base import Event, InfillRequest, Usage
from lsp_server.engines.remote import llama_server
from lsp_server.engines.remote.answer import Answer, Unexpected
from lsp_server.engines.remote.http import Http, Refused
from lsp_server.engines.remote.llama_server import LlamaServer
from lsp_server.engines.remote.openai import OpenAi
from lsp_server.settings import RemoteSettings


class Dialect(Protocol):
    """An endpoint whose ways are known."""

    @property
    def name(self) -> str:
        """As in `fimble.remote.dialect`."""
        ...

    @property
    def model(self) -> str:
        """Name of the model, for the user."""
        ...

    @property
    def template(self) -> str:
        """See `EngineInfo.template`."""
        ...

    @property
    def shows_files(self) -> bool:
        """See `EngineInfo.shows_files`."""
        ...

    @property
    def chooses_names(self) -> bool:
        """See `EngineInfo.chooses_names`."""
        ...

    @property
    def context_tokens(self) -> int:
        """Size of the context, told or assumed."""
        ...

    @property
    def prompt_tokens_per_second(self) -> float | None:
        """Latest figure, if the endpoint tells."""
        ...

    @property
    def seconds_per_token(self) -> float | None:
        """Latest figure, if the endpoint tells."""
        ...

    def infill(
        self, request: InfillRequest, spent: Callable[[Usage], None]
    ) -> AsyncGenerator[Event, None]:
        """See `Engine.infill`; `spent` hears what has been spent so far, whenever that is told."""
        ...


async def connect(http: Http, settings: RemoteSettings) -> Dialect:
    """Get to know the endpoint. Raises RemoteError or NoFimMarkers."""
    if settings.dialect == "openai":
        return await OpenAi.connect(http, settings)
    if settings.dialect == "auto":
        props = await _llama_server_props(http, settings)
        if props is None:
            return await OpenAi.connect(http, settings)
    else:
        props = await llama_server.read_props(http, settings)
    return await LlamaServer.connect(http, settings, props)


async def _llama_server_props(http: Http, settings: RemoteSettings) -> Answer | None:
    """What a llama-server tells of itself; None if it is none.

    An endpoint that is overloaded or still starting (429, 503) may be either: that is an error.
    """
    try:
        return await llama_server.read_props(http, settings)
    except Unexpected:
        return None
    except Refused as error:
        if error.status == TOO_MANY_REQUESTS or (
            error.status >= 500 and error.status != NOT_IMPLEMENTED
        ):
            raise
        return None
