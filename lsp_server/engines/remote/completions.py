"""Completions that are asked for in words: by OpenAI's `/completions`, and by what others have.

With a template, the markers stand as text in the prompt; without, the endpoint is asked to fill in
the middle itself. Text is all that can be sent, so the user's text is cut where it holds what may
be taken for a control token.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from copy import copy
from dataclasses import replace
from pathlib import Path

from lsp_server.core import fim
from lsp_server.engines.base import Delta, Event, Finished, InfillRequest, Usage
from lsp_server.engines.remote import control_text, listing, modes, selftest
from lsp_server.engines.remote.asked import Asked
from lsp_server.engines.remote.dialects.shapes import Gap
from lsp_server.engines.remote.dialects.ways import Ways
from lsp_server.engines.remote.http import Http, Refused, Unreachable
from lsp_server.engines.remote.known import Known
from lsp_server.engines.remote.modes import Filling
from lsp_server.engines.remote.streams import Streams
from lsp_server.engines.stops import Stops
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings

ASSUMED_CONTEXT_TOKENS = 4096
"""For an endpoint that doesn't tell: what the smallest of them keep (Ollama's default)."""

_MAX_STOPS = 4
"""More are refused by OpenAI's own service and some others; `Stops` watches for the rest."""


async def connect(
    http: Http, settings: RemoteSettings, ways: Ways, folder: Path | None
) -> Completions:
    """Ask for the models, and how gaps are filled. Raises RemoteError."""
    models = await listing.read_models(http, ways)
    model = settings.model or listing.only_model(models, http.address)
    told = await listing.told_context_tokens(http, ways, models, model)
    context_tokens = told or ways.context_tokens or ASSUMED_CONTEXT_TOKENS
    return await at(http, settings, ways, folder, model, context_tokens)


async def at(
    http: Http,
    settings: RemoteSettings,
    ways: Ways,
    folder: Path | None,
    model: str,
    context_tokens: int,
) -> Completions:
    """Completions of a model, in the mode that is set, remembered, or found. Raises RemoteError."""
    known = Known(folder, http.address.root, ways.name, model)
    endpoint = Completions(http, ways, model, context_tokens, known)
    await endpoint.settle(settings.template)
    return endpoint


class Completions:
    """Dialect of one endpoint. Make it with `connect` or `at`."""

    chooses_names = False
    prompt_tokens_per_second: float | None = None
    seconds_per_token: float | None = None
    _filling = Filling("none")

    def __init__(
        self, http: Http, ways: Ways, model: str, context_tokens: int, known: Known
    ) -> None:
        self._http = http
        self._ways = ways
        self._sent_model = model
        asks_usage = ways.asks_usage and ways.shape.asks_usage
        self._streams = Streams(http, ways, asks_usage=asks_usage)
        self._known = known
        self.name = ways.name
        self.model = model or http.host
        self.context_tokens = context_tokens

    @property
    def template(self) -> str:
        """See `EngineInfo.template`."""
        template = self._filling.template
        return template.id if template else "suffix"

    @property
    def shows_files(self) -> bool:
        """See `EngineInfo.shows_files`."""
        template = self._filling.template
        return template is not None and template.shows_files(lambda _: True)

    @property
    def note(self) -> str:
        """See `EngineInfo.note`."""
        return self._filling.note

    async def settle(self, wanted: str) -> None:
        """Choose the mode; `wanted` is the template that the user named, if any.

        Raises RemoteError if there is none.
        """
        if wanted and "markers" in self._ways.modes:
            self._filling = Filling("markers", fim.by_id(wanted), is_last=True)
            return
        filling = self._known.recall()
        if filling is None:
            filling = await modes.find(
                self._count, self._ways.modes, self._sent_model, self._http.host
            )
            self._known.remember(filling)
        if filling.mode == "none":
            raise modes.none_works(filling, self._http.address.where)
        self._filling = filling

    async def fills_gaps(self, seconds: float) -> bool:
        """Whether the self-test is passed. Where it isn't, the mode gives way to one that passes.

        There are endpoints that take a suffix and put the prompt together wrongly.
        """
        if await selftest.passes(self, seconds):
            return True
        if self._filling.is_last:
            return False
        try:
            other = await self._in_another_mode()
            passed = other is not None and await selftest.passes(other, seconds)
        except RemoteError:
            return False  # of the other mode: this one was answered
        chosen = other._filling if passed and other is not None else self._filling
        self._filling = replace(chosen, is_last=True)
        self._known.remember(self._filling)
        return passed

    async def _in_another_mode(self) -> Completions | None:
        """The same endpoint in the next mode that works, if one does."""
        mode = self._filling.mode
        behind = self._ways.modes[self._ways.modes.index(mode) + 1 :]
        other = copy(self)
        other._filling = await modes.find(
            self._count, behind, self._sent_model, self._http.host, failed=mode
        )
        return None if other._filling.mode == "none" else other

    async def infill(
        self, request: InfillRequest, spent: Callable[[Usage], None]
    ) -> AsyncGenerator[Event, None]:
        """Stream the middle."""
        if not request.max_tokens:  # no way to ask for that
            yield Finished("length")
            return
        body = self._ways.shape.body(self._gap(request))
        stops = Stops(self._stops)
        usage, reason = Usage(), ""
        framing = self._ways.shape.framing
        asked = Asked(self._url, body, request.max_tokens, request.priority, framing)
        async with aclosing(self._streams.events(asked)) as chunks:
            try:
                async for chunk in chunks:
                    if chunk is None:
                        reason = reason or ("length" if self._ways.interrupts else "stop")
                        break
                    said = self._ways.shape.read(chunk)
                    if said.usage is not None:
                        usage = said.usage
                        spent(usage)
                    if text := stops.feed(said.text):
                        yield Delta(text)
                    reason = said.reason or reason
                    if stops.reached:
                        reason = "stop"
                        break
            except Refused as error:
                if error.status in modes.NOT_SO:
                    self._known.forget()
                raise
            except Unreachable:
                if not reason:  # else the answer was whole, just without `[DONE]`
                    raise
        self._http.check_reason(reason)
        if text := stops.rest():
            yield Delta(text)
        yield Finished("length" if reason == "length" else "end", usage)

    @property
    def _url(self) -> str:
        return self._ways.url(self._http.address, self._ways.completions)

    @property
    def _stops(self) -> list[str]:
        template = self._filling.template
        return _text_stops(template) if template else []

    async def _count(self, gap: Gap) -> int:
        """See `modes.Ask`."""
        answer = await self._http.post(self._url, self._ways.shape.body(self._complete(gap)))
        usage = self._ways.shape.read(answer).usage
        return usage.prompt_tokens if usage else 0

    def _complete(self, gap: Gap) -> Gap:
        return replace(gap, model=self._sent_model, context_tokens=self.context_tokens)

    def _gap(self, request: InfillRequest) -> Gap:
        before, after = control_text.cut(
            request.prefix + request.middle, request.suffix, self._stops
        )
        gap = self._complete(Gap(before, after, request.max_tokens, choice=request.choice))
        template = self._filling.template
        if template is None:
            return gap
        typed = max(0, len(before) - len(request.middle))
        context = self._shown(request.context) if self._is_plain(request.path) else ()
        header = template.header(context, request.path)
        parts = (*header, *template.assemble(before[:typed], after), before[typed:])
        prompt = "".join(part if isinstance(part, str) else part.text for part in parts)
        return replace(gap, prompt=prompt, suffix=None, stop=template.stops[:_MAX_STOPS])

    def _shown(self, context: tuple[fim.Snippet, ...]) -> tuple[fim.Snippet, ...]:
        """The pieces of other files that hold nothing which may be taken for a control token."""
        return tuple(
            piece for piece in context if self._is_plain(piece.text) and self._is_plain(piece.path)
        )

    def _is_plain(self, text: str) -> bool:
        return control_text.cut(text, "", self._stops) == (text, "")


def _text_stops(template: fim.Template) -> list[str]:
    """What a prompt or an answer of this template can't hold as plain text."""
    markers = (spelling for m in template.markers() for spelling in (m.token, m.text.strip()))
    return [*dict.fromkeys([*template.stops, *template.requires, *markers])]
