"""What speaks at the other end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from http.client import NOT_IMPLEMENTED, TOO_MANY_REQUESTS
from typing import Protocol, TypeVar

from lsp_server.engines.base import Event, InfillRequest, Usage
from lsp_server.engines.remote import chat, llama_server, ollama
from lsp_server.engines.remote.answer import Answer, Unexpected
from lsp_server.engines.remote.chat import ChatDialect
from lsp_server.engines.remote.http import Http, Refused
from lsp_server.engines.remote.llama_server import LlamaServer
from lsp_server.engines.remote.openai import OpenAi
from lsp_server.settings import ChatSettings, RemoteSettings

T = TypeVar("T")


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
    if settings.dialect in ("openai", "ollama"):
        return await OpenAi.connect(http, settings)
    props = await _props(http, settings)
    if props is None:
        return await OpenAi.connect(http, settings)
    return await LlamaServer.connect(http, settings, props)


async def connect_chat(http: Http, settings: RemoteSettings, chats: ChatSettings) -> ChatDialect:
    """Get to know how the endpoint chats. Raises RemoteError."""
    if settings.dialect in ("auto", "llama-server"):
        props = await _props(http, settings)
        if props is not None:
            return chat.of_llama_server(http, settings, chats, props)
    if settings.dialect == "ollama" or (
        settings.dialect == "auto" and await _answered(ollama.read_version(http)) is not None
    ):
        return await ollama.connect(http, settings, chats)
    return await chat.connect(http, settings, chats)


async def _props(http: Http, settings: RemoteSettings) -> Answer | None:
    """What a llama-server tells of itself; None if it is none, which it must be if named so."""
    asked = llama_server.read_props(http, settings)
    return await (_answered(asked) if settings.dialect == "auto" else asked)


async def _answered(asked: Awaitable[T]) -> T | None:
    """What is asked; None if the endpoint does not know such a question.

    An endpoint that is overloaded or still starting (429, 503) may know it: that is an error.
    """
    try:
        return await asked
    except Unexpected:
        return None
    except Refused as error:
        if error.status == TOO_MANY_REQUESTS or (
            error.status >= 500 and error.status != NOT_IMPLEMENTED
        ):
            raise
        return None
