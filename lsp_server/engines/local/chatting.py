"""Chats in the worker: from messages to a job in a lane of their own, made when first asked for.

A chat is much longer than a completion's prompt, so it has a context of its own size, one sequence
of it. The next turn of a chat begins with the last one, answer included, so only what is new is
evaluated; for that the tokens of an answer are remembered: its text alone may have others.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from lsp_server.engines.base import Delta, Finished
from lsp_server.engines.chat import ChatRequest, Message
from lsp_server.engines.local.chat_template import ChatTemplate, Part
from lsp_server.engines.local.drafts import History
from lsp_server.engines.local.grammar import Grammar
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.lane import Lane
from lsp_server.engines.local.llama import Model
from lsp_server.engines.local.sampling import Sampler
from lsp_server.engines.stops import Stops
from lsp_server.errors import ContextExceeded

REMEMBERED_TEXTS = 512
"""Of which the tokens are kept: messages of the chats that are going on."""


class Chatting:
    """See the module's docstring."""

    def __init__(self, model: Model, context_tokens: int, open_lane: Callable[[int], Lane]) -> None:
        """`open_lane` makes a lane of one sequence of so many tokens. It may raise FimbleError."""
        self._model = model
        self._context_tokens = context_tokens
        self._open_lane = open_lane
        self._markers = re.compile(
            "|".join(map(re.escape, sorted(model.markers, key=len, reverse=True))) or r"(?!)"
        )
        self._known: OrderedDict[str, list[int]] = OrderedDict()

    @cached_property
    def lane(self) -> Lane:
        """Where chats are evaluated. Raises FimbleError if there is no memory for it."""
        return self._open_lane(self._context_tokens)

    @cached_property
    def _template(self) -> ChatTemplate:
        model = self._model
        return ChatTemplate(model.chat_template, model.begin_spelling(), model.end_spelling())

    def info(self) -> dict[str, Any]:
        """Name and sizes. Raises ModelUnusable if the model has no chat template to be used."""
        self.count([Message("user", "")])
        return {
            "model": self._model.name,
            "context_tokens": self._context_tokens,
            "parameters": self._model.parameters,
        }

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of a prompt. Raises UsageError."""
        return len(self._tokens(self._segments(messages, "")))

    def job(self, request: ChatRequest, emit: Callable[[Delta | Finished], None]) -> Job:
        """What the scheduler is to do for a request, and where its events go.

        Raises ContextExceeded, and UsageError for a grammar or messages that can't be used.
        """
        segments = self._segments(request.messages, request.begun)
        tokens = self._tokens(segments)
        if len(tokens) >= self._context_tokens:
            raise ContextExceeded(
                f"The chat has {len(tokens):,} tokens, and the model can read "
                f"{self._context_tokens:,}; begin a new one, or set fimble.chat.contextTokens "
                "higher."
            )
        grammar = Grammar(self._model, request.grammar) if request.grammar else None
        sampled = request.temperature > 0 or grammar is not None

        def heard(event: Delta | Finished) -> None:
            if isinstance(event, Finished):
                self._remember(segments[-1], job.tokens[len(tokens) :])
            emit(event)

        job = Job(
            list(tokens),
            min(request.max_tokens, self._context_tokens - len(tokens)),
            request.priority,
            heard,
            sampler=Sampler(request.temperature, request.seed, grammar) if sampled else None,
            stops=Stops(request.stop),
            history=History(tokens),
            middle_start=len(tokens),
        )
        return job

    def _segments(self, messages: Sequence[Message], begun: str) -> list[str | int]:
        """A prompt as its control tokens and the texts between them, what is said included.

        The last one is a text, which may be empty: the answer goes on from it.
        """
        segments: list[str | int] = []
        text = ""
        for part in [*self._template.render(messages), Part(begun, said=True)]:
            start = 0
            for match in () if part.said else self._markers.finditer(part.text):
                segments += [text + part.text[start : match.start()], self._model.markers[match[0]]]
                text, start = "", match.end()
            text += part.text[start:]
        return [*segments, text]

    def _tokens(self, segments: Sequence[str | int]) -> list[int]:
        model = self._model
        tokens = [
            token
            for segment in segments
            for token in ([segment] if isinstance(segment, int) else self._text(segment))
        ]
        return [model.bos, *tokens] if model.adds_bos and tokens[:1] != [model.bos] else tokens

    def _text(self, text: str) -> list[int]:
        """The tokens of a text between control tokens."""
        tokens = self._known.pop(text, None)
        if tokens is None:
            tokens = self._model.tokens(text)
        self._know(text, tokens)
        return tokens

    def _know(self, text: str, tokens: list[int]) -> None:
        self._known[text] = tokens
        if len(self._known) > REMEMBERED_TEXTS:
            self._known.popitem(last=False)

    def _remember(self, before: str | int, written: Sequence[int]) -> None:
        """Note the tokens of an answer, a stop at its end included, behind what it went on from."""
        with suppress(UnicodeDecodeError):  # it ends within a character
            answer = b"".join(map(self._model.piece, written)).decode()
            if isinstance(before, str):
                self._know(before + answer, [*self._text(before), *written])
