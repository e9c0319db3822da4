"""Any endpoint with OpenAI's `/completions`: vLLM, SGLang, LM Studio, hosted services.

With a template, the markers stand as text in `prompt`; without, the endpoint is asked to fill in
the middle itself (`suffix`). Text is all that can be sent, so the user's text is cut where it holds
what may be taken for a control token.

Source of the format: OpenAI API reference, "Completions".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from lsp_server.core import fim
from lsp_server.engines.base import Delta, Event, Finished, InfillRequest, Usage
from lsp_server.engines.remote import control_text
from lsp_server.engines.remote.answer import Answer
from lsp_server.engines.remote.choice import CHOICE_TEMPERATURE
from lsp_server.engines.remote.http import Http, Refused, Unreachable
from lsp_server.engines.stops import Stops
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings

ASSUMED_CONTEXT_TOKENS = 4096
"""For an endpoint that doesn't tell: what the smallest of them keep (Ollama's default)."""

_MAX_STOPS = 4
"""More are refused by OpenAI's own service and some others; `Stops` watches for the rest."""

_CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window")


class OpenAi:
    """Dialect of one endpoint. Make it with `connect`."""

    name = "openai"
    chooses_names = False
    prompt_tokens_per_second: float | None = None
    seconds_per_token: float | None = None

    def __init__(
        self, http: Http, model: str, context_tokens: int, template: fim.Template | None
    ) -> None:
        self._http = http
        self._template = template
        self._named = {"model": model} if model else {}
        self._stops = _text_stops(template) if template else []
        self.model = model or http.host
        self.template = template.id if template else "suffix"
        self.shows_files = template is not None and template.shows_files(lambda _: True)
        self.context_tokens = context_tokens

    @classmethod
    async def connect(cls, http: Http, settings: RemoteSettings) -> OpenAi:
        """Ask for the models, and whether `suffix` is understood. Raises RemoteError."""
        template = fim.by_id(settings.template) if settings.template else None
        models = await read_models(http)
        model = settings.model or only_model(models, http.host)
        context_tokens = told_context_tokens(models, model) or ASSUMED_CONTEXT_TOKENS
        endpoint = cls(http, model, context_tokens, template)
        if template is None:
            await endpoint._check_suffix()
        return endpoint

    async def infill(
        self, request: InfillRequest, spent: Callable[[Usage], None]
    ) -> AsyncGenerator[Event, None]:
        """Stream the middle."""
        if not request.max_tokens:  # no way to ask for that
            yield Finished("length")
            return
        body = self._body(request) | {"stream": True}
        stops = Stops(self._stops)
        usage, reason = Usage(), ""
        async with aclosing(self._http.stream(self._url, body)) as chunks:
            try:
                async for chunk in chunks:
                    if chunk is None:
                        reason = reason or "stop"
                        break
                    if "usage" in chunk:
                        usage = read_usage(chunk.section("usage"))
                        spent(usage)
                    for choice in chunk.sections("choices")[:1]:
                        if text := stops.feed(choice.text("text")):
                            yield Delta(text)
                        reason = choice.text("finish_reason") or reason
                    if stops.reached:
                        reason = "stop"
                        break
            except Unreachable:
                if not reason:  # else the answer was whole, just without `[DONE]`
                    raise
        if text := stops.rest():
            yield Delta(text)
        yield Finished("length" if reason == "length" else "end", usage)

    @property
    def _url(self) -> str:
        return f"{self._http.address.v1}/completions"

    def _body(self, request: InfillRequest) -> dict[str, object]:
        before, after = control_text.cut(
            request.prefix + request.middle, request.suffix, self._stops
        )
        body: dict[str, object] = {
            "max_tokens": request.max_tokens,
            "temperature": 0.0,
            **self._named,
        }
        if request.choice:
            body |= {"temperature": CHOICE_TEMPERATURE, "seed": request.choice}
        if self._template is None:
            return body | {"prompt": before, "suffix": after}
        typed = max(0, len(before) - len(request.middle))
        context = self._shown(request.context) if self._is_plain(request.path) else ()
        header = self._template.header(context, request.path)
        parts = (*header, *self._template.assemble(before[:typed], after), before[typed:])
        prompt = "".join(part if isinstance(part, str) else part.text for part in parts)
        return body | {"prompt": prompt, "stop": self._template.stops[:_MAX_STOPS]}

    def _shown(self, context: tuple[fim.Snippet, ...]) -> tuple[fim.Snippet, ...]:
        """The pieces of other files that hold nothing which may be taken for a control token."""
        return tuple(
            piece for piece in context if self._is_plain(piece.text) and self._is_plain(piece.path)
        )

    def _is_plain(self, text: str) -> bool:
        return control_text.cut(text, "", self._stops) == (text, "")

    async def _check_suffix(self) -> None:
        """Make the endpoint fill a gap of one token. Raises RemoteError if it can't."""
        test = fim.self_test()
        known = ", ".join(template.id for template in fim.shipped_templates())
        advice = (
            "set fimble.remote.template to the family of its model "
            f"({known}), or use another endpoint."
        )
        try:
            # The long text is the suffix here: an endpoint that ignores it counts few tokens.
            answer = await self._http.post(
                self._url, self._body(InfillRequest(test.suffix, test.prefix, 1))
            )
        except Refused as error:
            if error.status not in (400, 404, 422, 501):
                raise
            raise RemoteError(
                f"{self._http.host} refused a completion with a suffix ({error.status}); {advice}"
            ) from error
        told = answer.section("usage").count("prompt_tokens")
        if 0 < told < len(test.prefix) // 10:
            raise RemoteError(f"{self._http.host} ignores the suffix of a completion; {advice}")


async def read_models(http: Http) -> list[Answer]:
    """What the endpoint lists; nothing if it has no list."""
    try:
        return (await http.get(f"{http.address.v1}/models")).sections("data")
    except Refused:  # not every endpoint has this list, nor every key a right to it
        return []


def only_model(models: list[Answer], host: str) -> str:
    """The one that is listed, empty if there is no list. Raises RemoteError if there are more."""
    names = [model.name("id") for model in models]
    if len(names) > 1:
        listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise RemoteError(f"{host} has several models; name one in fimble.remote.model: {listed}")
    return names[0] if names else ""


def told_context_tokens(models: list[Answer], wanted: str) -> int:
    """The context of a model that is listed; 0 if that is not told."""
    for model in models:
        if model.text("id") == wanted:
            told = [model.count(name) for name in _CONTEXT_FIELDS]
            return max(*told, model.section("meta").count("n_ctx"))
    return 0


def _text_stops(template: fim.Template) -> list[str]:
    """What a prompt or an answer of this template can't hold as plain text."""
    markers = (spelling for m in template.markers() for spelling in (m.token, m.text.strip()))
    return [*dict.fromkeys([*template.stops, *template.requires, *markers])]


def read_usage(usage: Answer) -> Usage:
    """The object `usage` of an answer."""
    prompt = usage.count("prompt_tokens")
    reused = usage.section("prompt_tokens_details").count("cached_tokens")
    return Usage(
        prompt_tokens=prompt,
        reused_tokens=reused,
        generated_tokens=usage.count("completion_tokens"),
        evaluated_tokens=max(0, prompt - reused),
    )
