"""What an endpoint is asked for, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from dataclasses import dataclass

from lsp_server.engines.base import Priority
from lsp_server.engines.remote import sse

Framing = Callable[[AsyncIterable[bytes]], AsyncGenerator[bytes, None]]
"""Cuts a stream into the JSON texts in it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A JSON object that is sent, and how its answer is read."""

    url: str
    body: Mapping[str, object]
    max_tokens: int
    """Of the answer, thoughts included. It is in the body too, but not all endpoints heed that."""
    priority: Priority
    framing: Framing = sse.events
    timeout_seconds: float | None = None
    """For each piece, where it may take longer than the setting says."""

    @property
    def most_events(self) -> int:
        """How many the answer may have: each is a token at least, but for a few."""
        return 2 * self.max_tokens + 100
