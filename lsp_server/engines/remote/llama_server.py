"""llama.cpp's own server, by `/completion` with a prompt of token ids.

The prompt is put together here, as the local engine does it: `/infill` cuts the prefix to what fits
its batch, and a prompt sent as text turns the user's `<|im_start|>` into a control token.

Invariant: in a prompt, control tokens stand only where the template has its markers.

A middle that ends within a word is healed: its last word is left out of the prompt, and a grammar
makes the answer begin with it, so the model may spell the whole word as it was trained to. The same
grammar holds the answer to names.

Source of the format: llama.cpp, tools/server/README.md, and the answers of a running server.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import PureWindowsPath
from urllib.parse import urlencode

from lsp_server.core import fim
from lsp_server.engines.base import (
    MAX_NAMES,
    Delta,
    Event,
    Finished,
    InfillRequest,
    Priority,
    Usage,
)
from lsp_server.engines.remote import grammar, selftest
from lsp_server.engines.remote.answer import Answer, Unexpected
from lsp_server.engines.remote.asked import Asked
from lsp_server.engines.remote.choice import CHOICE_TEMPERATURE
from lsp_server.engines.remote.http import Http
from lsp_server.engines.remote.usage import of_timings
from lsp_server.settings import RemoteSettings

_MEASURABLE = 32
"""Prompt tokens below which the time says nothing about the speed of a long prompt."""

_BEGUN_WORD = re.compile(r"(?:_|[^\w\r\n])?[^\W\d_]+\Z")
"""Letters, with one other character before them: what the common vocabularies have as one token."""

_GREEDY: dict[str, object] = {"samplers": ["top_k"], "top_k": 1, "temperature": 0.0}
"""Nothing else in the chain, so no default of the server (penalties, DRY) changes the choice."""
_SAMPLED: dict[str, object] = {
    "samplers": ["top_k", "temperature"],
    "top_k": 40,
    "temperature": CHOICE_TEMPERATURE,
}


async def read_props(http: Http, settings: RemoteSettings) -> Answer:
    """What the server tells of itself. Raises Unexpected if it is no llama-server with a model."""
    query = f"?{urlencode({'model': settings.model})}" if settings.model else ""
    answer = await http.get(f"{http.address.root}/props{query}")
    if not read_context_tokens(answer):
        raise Unexpected(http.address)
    return answer


class LlamaServer:
    """Dialect of one server with one model. Make it with `connect`."""

    name = "llama-server"
    chooses_names = True
    note = ""
    _template: fim.Template
    _markers: dict[fim.Marker, int]
    _control: set[int]
    """The markers, and whatever else ends a middle."""
    _bos: list[int]
    """What the model wants before any text: nothing, or one token."""

    def __init__(self, http: Http, settings: RemoteSettings, props: Answer) -> None:
        self._http = http
        self._root = http.address.root
        self._named = {"model": settings.model} if settings.model else {}
        self.model = read_name(settings, props)
        self.context_tokens = read_context_tokens(props)
        self.prompt_tokens_per_second: float | None = None
        self.seconds_per_token: float | None = None
        self._tokens: dict[str, list[int]] = {}
        """Of the latest prompt's frozen texts."""

    @classmethod
    async def connect(cls, http: Http, settings: RemoteSettings, props: Answer) -> LlamaServer:
        """Read the vocabulary as far as it matters. Raises RemoteError or NoFimMarkers."""
        server = cls(http, settings, props)
        await server._choose_template(settings.template)
        server._bos = await server._find_bos()
        return server

    @property
    def template(self) -> str:
        """Id of the template that the vocabulary fits."""
        return self._template.id

    @property
    def shows_files(self) -> bool:
        """See EngineInfo."""
        return self._template.shows_files(self._markers.__contains__)

    async def fills_gaps(self, seconds: float) -> bool:
        """Whether the self-test is passed."""
        return await selftest.passes(self, seconds)

    async def infill(
        self, request: InfillRequest, spent: Callable[[Usage], None]
    ) -> AsyncGenerator[Event, None]:
        """Stream the middle."""
        max_tokens = min(request.max_tokens, self.context_tokens // 2)
        begun = _begun_word(request) if max_tokens else ""
        body = self._named | {
            "prompt": await self._prompt(request, begun, max_tokens),
            "n_predict": max_tokens,
            "stream": True,
            "cache_prompt": True,
            "n_probs": 1,
            "return_tokens": True,
            "timings_per_token": True,
            "response_fields": ["content", "tokens", "stop", "stop_type", "timings"],
        }
        if begun or request.names:
            body["grammar"] = grammar.going_on_with(begun, request.names[:MAX_NAMES])
        generated, untold = 0, True
        sent = body | _samplers(request.choice)
        asked = Asked(f"{self._root}/completion", sent, max_tokens, request.priority)
        async with aclosing(self._http.stream(asked)) as chunks:
            async for chunk in chunks:
                if chunk is None:
                    continue
                timings = chunk.section("timings")
                self._measure(timings)
                usage = of_timings(timings)
                spent(usage)
                if chunk.flag("stop"):
                    limited = chunk.text("stop_type") == "limit" or not max_tokens
                    yield Finished("length" if limited else "end", usage)
                    return
                if self._leaves_the_middle(chunk):
                    yield Finished("end", usage)
                    return
                before, generated = generated, chunk.count("tokens_predicted")
                text = chunk.text("content")
                answer, begun = text[len(begun) :], begun[len(text) :]
                if answer:
                    logprobs = _logprobs(chunk, generated - before)
                    evaluated, untold = usage.evaluated_tokens if untold else 0, False
                    yield Delta(answer, logprobs, evaluated)

    def _leaves_the_middle(self, chunk: Answer) -> bool:
        """Whether the model wrote a control token. The server has no text for most of them."""
        tokens = chunk.counts("tokens")
        return bool(tokens) and (not chunk.text("content") or not self._control.isdisjoint(tokens))

    def _measure(self, timings: Answer) -> None:
        evaluated, seconds = timings.count("prompt_n"), timings.number("prompt_ms") / 1000
        if evaluated >= _MEASURABLE and seconds > 0:
            self.prompt_tokens_per_second = evaluated / seconds
        if timings.count("predicted_n") > 1:  # the first token comes with the prompt
            self.seconds_per_token = timings.number("predicted_per_token_ms") / 1000

    async def _prompt(self, request: InfillRequest, begun: str, max_tokens: int) -> list[int]:
        """The prompt without the word that has been begun at its end."""
        middle = request.middle.removesuffix(begun)
        header = self._template.header(request.context, request.path)
        frozen = [part for part in header if isinstance(part, str)]
        frozen += [request.prefix, request.suffix]
        # Only the middle changes with a key.
        tokens = {text: self._tokens[text] for text in frozen if text in self._tokens}
        new = [text for text in dict.fromkeys(frozen) if text not in tokens]
        *told, typed = await self._tokenize_all([*new, middle], priority=request.priority)
        tokens.update(zip(new, told, strict=True))
        self._tokens = tokens
        size = self.context_tokens - max(max_tokens, 1)
        return fim.prompt_ids(
            self._template,
            self._markers,
            self._bos,
            tokens[request.prefix],
            tokens[request.suffix],
            size,
            typed[-(size // 2) :],
            fim.header_ids(header, self._markers, tokens.__getitem__),
        )

    async def _tokenize(
        self,
        text: str,
        *,
        add_special: bool = False,
        parse_special: bool = False,
        priority: Priority = Priority.TYPING,
    ) -> list[int]:
        body = {"content": text, "add_special": add_special, "parse_special": parse_special}
        answer = await self._http.post(f"{self._root}/tokenize", self._named | body, priority)
        return answer.counts("tokens")

    async def _tokenize_all(
        self,
        texts: Sequence[str],
        *,
        parse_special: bool = False,
        priority: Priority = Priority.TYPING,
    ) -> list[list[int]]:
        return await asyncio.gather(
            *(
                self._tokenize(text, parse_special=parse_special, priority=priority)
                for text in texts
            )
        )

    async def _choose_template(self, wanted: str) -> None:
        # A template that the user names needs no agreement with the model's name.
        templates = (
            [replace(fim.by_id(wanted), named="")] if wanted else list(fim.shipped_templates())
        )
        ids = await self._control_ids({name for t in templates for name in _spellings(t)})
        self._template = fim.choose(templates, is_token=ids.__contains__, model_name=self.model)
        self._markers = {
            marker: ids[marker.token]
            for marker in self._template.all_markers()
            if marker.token in ids
        }
        self._control = {ids[name] for name in _spellings(self._template) if name in ids}

    async def _control_ids(self, spellings: set[str]) -> dict[str, int]:
        """The spellings that are one control token, with their ids.

        One that the server also finds in plain text is none: the user's text could hold it. A
        server too old for `parse_special` finds all of them there.
        """
        ordered = sorted(spellings)
        as_control = await self._tokenize_all(ordered, parse_special=True)
        as_text = await self._tokenize_all(ordered)
        return {
            spelling: control[0]
            for spelling, control, text in zip(ordered, as_control, as_text, strict=True)
            if len(control) == 1 and control != text
        }

    async def _find_bos(self) -> list[int]:
        plain, special = await asyncio.gather(
            self._tokenize("a"), self._tokenize("a", add_special=True)
        )
        return special[: special.index(plain[0])] if plain and plain[0] in special else []


def _begun_word(request: InfillRequest) -> str:
    """The word that the middle ends within; empty if it ends otherwise."""
    match = _BEGUN_WORD.search(request.middle)
    return match[0] if match else ""


def _samplers(choice: int) -> dict[str, object]:
    return _SAMPLED | {"seed": choice} if choice else _GREEDY


def read_context_tokens(props: Answer) -> int:
    """Size of the context of one request."""
    return props.section("default_generation_settings").count("n_ctx")


def _spellings(template: fim.Template) -> list[str]:
    """Control tokens that matter to a template, as the vocabulary spells them."""
    markers = (marker.token for marker in template.all_markers())
    return [*markers, *template.requires, *template.stops]


def _logprobs(chunk: Answer, tokens: int) -> tuple[float, ...]:
    """Of the chunk's one token; unknown if it has more, as the server tells only of the last."""
    chosen = chunk.sections("completion_probabilities")
    return tuple(token.number("logprob") for token in chosen) if tokens == 1 else ()


def read_name(settings: RemoteSettings, props: Answer) -> str:
    """The model that the user named, or the file's name, of a path in whatever form."""
    return settings.model or _base_name(props.name("model_alias") or props.name("model_path"))


def _base_name(path: str) -> str:
    """The file's name, of a path in whatever form the server's system has."""
    return PureWindowsPath(path).name
