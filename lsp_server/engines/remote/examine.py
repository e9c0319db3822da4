"""Who listens at an address of this machine, and with which models."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lsp_server.core import fim
from lsp_server.engines.remote import listing, llama_server, ollama, probe
from lsp_server.engines.remote.answer import Answer
from lsp_server.engines.remote.discovery import Log, Model, Server
from lsp_server.engines.remote.http import Http
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings

ANSWER_SECONDS = 1.5
"""Longest wait for one answer."""
MOST_SECONDS = 3.0
"""For all answers of one server."""
SPARE_SECONDS = 0.5
"""Of these, for what is left to do when the time for its models is over."""
MAX_ANSWER_BYTES = 1 << 20
MAX_MODELS = 100

_TITLES = {
    "llama-server": "llama-server",
    "llama-cpp-python": "llama-cpp-python",
    "ollama": "Ollama",
    "lm-studio": "LM Studio",
    "vllm": "vLLM",
    "sglang": "SGLang",
    "tgi": "Text Generation Inference",
    "openai": "OpenAI-compatible server",
}
_OWNERS = {
    "llamacpp": ("llama-server", "llama-server"),  # with several models, or with a key
    "llama-swap": ("openai", "llama-swap"),
}
"""What stands under `owned_by` in lists of models: the dialect, and what the server is called."""

_WITHOUT_TEXT = ("embed", "rerank", "minilm", "bge-")
"""In the names of models that write none."""


async def examine(url: str, log: Log) -> Server | None:
    """The model server at an address; None if there is none, or none with a model."""
    settings = RemoteSettings(url=url, timeout_seconds=ANSWER_SECONDS, log=log)
    http = Http(settings, MAX_ANSWER_BYTES)
    try:
        async with asyncio.timeout(MOST_SECONDS) as clock:
            return await _examine(http, settings, clock)
    except (RemoteError, TimeoutError):
        return None
    finally:
        await http.close()


async def _examine(http: Http, settings: RemoteSettings, clock: asyncio.Timeout) -> Server | None:
    kind = await probe.recognise(http, settings)
    dialect = kind.ways.name
    title = _TITLES[dialect]
    if kind.props is not None:
        models = [_named(llama_server.read_name(settings, kind.props))]
    else:
        listed = (await listing.read_models(http, kind.ways))[:MAX_MODELS]
        if dialect == "ollama":
            names = [each.text("id") for each in listed]
            models = await _of_ollama_all(http, names, clock)
        else:
            if dialect == "openai":
                owner = listed[0].text("owned_by") if listed else ""
                dialect, title = _OWNERS.get(owner, (dialect, title))
                listed = [each for each in listed if each.text("object") == "model"]
            models = [_named(each.text("id")) for each in listed if not _is_elsewhere(each)]
    found = sorted(filter(None, models), key=lambda model: not model.fills_gaps)
    return Server(settings.url, title, dialect, tuple(found)) if found else None


def _named(name: str) -> Model | None:
    """A model of which nothing but the name is known; None if it is of no use."""
    writes = not any(part in name.lower() for part in _WITHOUT_TEXT)
    return Model(name, bool(fim.named_after(name))) if writes and _can_be_shown(name) else None


async def _of_ollama_all(
    http: Http, names: Sequence[str], clock: asyncio.Timeout
) -> list[Model | None]:
    """What Ollama tells of its models in the time that there is: of some, if there are many."""
    asked = [asyncio.create_task(_of_ollama(http, name)) for name in names]
    end = clock.when()
    assert end is not None
    left = end - asyncio.get_running_loop().time() - SPARE_SECONDS
    try:
        done, _ = await asyncio.wait(asked, timeout=max(0, left)) if asked else (set(), None)
        return [task.result() for task in asked if task in done]
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def _of_ollama(http: Http, name: str) -> Model | None:
    """What Ollama tells of a model; None if it writes no text, or is another machine's."""
    model = _named(name)
    if model is None:
        return None
    try:
        facts = await http.post(ollama.WAYS.url(http.address, ollama.WAYS.facts), {"model": name})
        can = facts.texts("capabilities")
    except RemoteError:
        return None
    if "remote_host" in facts or "remote_model" in facts or (can and "completion" not in can):
        return None
    return Model(name, model.fills_gaps or "insert" in can)


def _is_elsewhere(listed: Answer) -> bool:
    """Whether llama-swap has another machine ask this model."""
    return "peerID" in listed.section("meta").section("llamaswap")


def _can_be_shown(name: str) -> bool:
    return name.isprintable() and 0 < len(name) <= 200
