"""What an endpoint tells of its models."""

from __future__ import annotations

from lsp_server.engines.remote.address import Address
from lsp_server.engines.remote.answer import Answer
from lsp_server.engines.remote.dialects.ways import MODELS, Ways
from lsp_server.engines.remote.http import Http, Refused
from lsp_server.errors import RemoteError

_CONTEXT_FIELDS = (
    "max_model_len",  # vLLM, SGLang
    "loaded_context_length",  # LM Studio, of a model that is loaded
    "max_context_length",  # LM Studio, Mistral
    "context_length",
    "context_window",
    "max_total_tokens",  # Text Generation Inference
)


async def read_models(http: Http, ways: Ways) -> list[Answer]:
    """What the endpoint lists; nothing if it has no list."""
    places = dict.fromkeys((ways.models, MODELS))
    for place in places:
        try:
            listed = (await http.get(ways.url(http.address, place))).sections("data")
        except Refused:  # not every endpoint has this list, nor every key a right to it
            continue
        models = [model for model in listed if model.text("type") != "embeddings"]
        loaded = [model for model in models if model.text("state") == "loaded"]
        return loaded or models
    return []


def only_model(models: list[Answer], address: Address) -> str:
    """The one that is listed, empty if there is no list. Raises RemoteError if there are more."""
    names = [model.name("id") for model in models]
    if len(names) > 1:
        listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise RemoteError(
            f"{address.host} has several models; name one in {address.where}.model: {listed}"
        )
    return names[0] if names else ""


async def told_context_tokens(http: Http, ways: Ways, models: list[Answer], wanted: str) -> int:
    """The context of a model; 0 if that is not told. Raises RemoteError."""
    for model in models:
        if model.text("id") == wanted and (told := _context(model)):
            return told
    if not ways.facts:
        return 0
    try:
        return _context(await http.get(ways.url(http.address, ways.facts)))
    except Refused:
        return 0


def _context(facts: Answer) -> int:
    told = (facts.count(name) for name in _CONTEXT_FIELDS)
    return next(filter(None, told), 0) or facts.section("meta").count("n_ctx")
