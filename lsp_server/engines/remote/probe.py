"""What speaks at the other end."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from http.client import NOT_IMPLEMENTED, TOO_MANY_REQUESTS
from pathlib import Path
from typing import Protocol, TypeVar

from lsp_server.engines.remote import chat, completions, dialects, llama_server, ollama
from lsp_server.engines.remote.answer import Answer, Unexpected
from lsp_server.engines.remote.chat import ChatDialect
from lsp_server.engines.remote.dialects.ways import Ways
from lsp_server.engines.remote.http import Http, Refused, Unreachable
from lsp_server.engines.remote.llama_server import LlamaServer
from lsp_server.engines.remote.selftest import Fills
from lsp_server.engines.remote.thinking import Thinking
from lsp_server.errors import NoFimMarkers, RemoteError
from lsp_server.settings import ChatSettings, RemoteSettings

T = TypeVar("T")


class Dialect(Fills, Protocol):
    """An endpoint whose ways are known."""

    @property
    def name(self) -> str:
        """As in the settings' `dialect`."""
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
    def note(self) -> str:
        """See `EngineInfo.note`."""
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

    async def fills_gaps(self, seconds: float) -> bool:
        """Whether it passes the self-test, in whichever of its modes.

        Raises RemoteError, and TimeoutError if an answer takes longer than so many seconds.
        """
        ...


async def connect(
    http: Http, settings: RemoteSettings, chats: ChatSettings, folder: Path | None
) -> Dialect:
    """Get to know the endpoint. Raises RemoteError or NoFimMarkers.

    `folder` is where it is remembered how endpoints fill gaps, if anywhere.
    """
    kind = await recognise(http, settings)
    if kind.ways.name == "ollama":
        return await ollama.connect(http, settings, chats, folder)
    if kind.props is None:
        return await completions.connect(http, settings, kind.ways, folder)
    try:
        return await LlamaServer.connect(http, settings, kind.props)
    except NoFimMarkers as error:
        return await _without_ids(http, settings, kind, folder, error)


async def connect_chat(http: Http, settings: RemoteSettings, chats: ChatSettings) -> Thinking:
    """Get to know how the endpoint chats. Raises RemoteError."""
    kind = await recognise(http, settings)
    dialect: ChatDialect
    if kind.props is not None:
        dialect = chat.of_llama_server(http, settings, chats, kind.props)
    elif kind.ways.name == "ollama":
        dialect = await ollama.connect_chat(http, settings, chats)
    else:
        dialect = await chat.connect(http, settings, chats, kind.ways)
    return Thinking(dialect, chats.thinking_tokens)


@dataclass(frozen=True, slots=True)
class Kind:
    """What an endpoint was recognised as."""

    ways: Ways
    props: Answer | None = None
    """What a llama-server tells of itself."""


async def recognise(http: Http, settings: RemoteSettings) -> Kind:
    """What the user says it is; else what its host's name or a few small questions say.

    Raises RemoteError.
    """
    if settings.dialect == "llama-server":
        props = await llama_server.read_props(http, settings)
        return Kind(dialects.ALL["llama-server"], props)
    if settings.dialect != "auto":
        return Kind(dialects.ALL[settings.dialect])
    for ways in dialects.ALL.values():
        if ways.is_at(http.host):
            return Kind(ways)
    told = await _answered(llama_server.read_props(http, settings))
    if told is not None:
        return Kind(dialects.ALL["llama-server"], told)
    if await _answered(ollama.read_version(http)) is not None:
        return Kind(dialects.ALL["ollama"])
    return Kind(await _by_list(http))


async def _by_list(http: Http) -> Ways:
    """What the list of models says, or what only Text Generation Inference tells."""
    listed = await _answered(http.get(f"{http.address.v1}/models"))
    owners = {model.text("owned_by") for model in listed.sections("data")} if listed else set()
    for ways in dialects.ALL.values():
        if ways.owner and ways.owner in owners:
            return ways
    tgi = dialects.ALL["tgi"]
    info = await _answered(http.get(tgi.url(http.address, tgi.facts)))
    is_tgi = info is not None and "model_id" in info and "max_total_tokens" in info
    return tgi if is_tgi else dialects.ALL["openai"]


async def _without_ids(
    http: Http, settings: RemoteSettings, kind: Kind, folder: Path | None, error: NoFimMarkers
) -> Dialect:
    """Have a llama-server put the prompt together itself. Raises `error` if it can't, either."""
    assert kind.props is not None
    context_tokens = llama_server.read_context_tokens(kind.props)
    try:
        return await completions.at(
            http, settings, kind.ways, folder, settings.model, context_tokens
        )
    except (Refused, Unreachable):
        raise
    except RemoteError:
        raise error from None


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
