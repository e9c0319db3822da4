"""A text that an engine is writing, or has written, into a gap.

It begins with what stood in the gap when it was asked for, so it can be compared with what stands
there now: as long as it agrees, it goes on, whoever asked for it.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Literal

from lsp_server.engines.base import Delta, Engine, Finished, InfillRequest, Priority


class Generation:
    """One request to an engine; it runs until it ends by itself or is closed."""

    def __init__(self, engine: Engine, request: InfillRequest, typed: int | None = None) -> None:
        """`typed`: characters of the middle that the user wrote; all of them if None."""
        self.text = request.middle
        """From the start of the gap."""
        self.began = len(request.middle)
        """Characters of it that were there already."""
        self.typed = self.began if typed is None else typed
        self.ended: Literal["end", "length", "closed"] | None = None
        """Why no more comes; None while it runs."""
        self.error: Exception | None = None
        self.evaluated_tokens = 0
        """Of the prompt, which no answered key has waited for yet."""
        self.seconds_to_text: float | None = None
        """How long its first words took to come."""
        self._logprobs: list[tuple[int, float]] | None = []
        """Up to which length of the text, with which log-probability; None: the engine is mute."""
        self.keys = 0
        """How many keys wait for more of it."""
        self._grown = asyncio.Event()
        self._task: asyncio.Task[None] | None = asyncio.create_task(self._run(engine, request))
        self._task.add_done_callback(self._end)  # also of a task that was cancelled unstarted

    def agrees(self, middle: str) -> bool:
        """Whether it goes on from what stands in the gap, or may still turn out to.

        What the user typed and then deleted is not offered again.
        """
        if len(middle) < self.typed:
            return False
        if len(self.text) > len(middle):
            return self.text.startswith(middle)
        # What has ended has nothing to add, unless the model itself said that this is all.
        may_grow = self.ended is None or (self.ended == "end" and self.text == middle)
        return may_grow and middle.startswith(self.text)

    def says_something(self) -> bool:
        """Whether it may still be of use."""
        if self.error is not None:
            return False
        return self.ended in (None, "end") or len(self.text) > self.began

    def logprob(self, start: int, end: int) -> float | None:
        """Natural-log probability of the tokens that have a part between two places of the text.

        None if the engine does not tell.
        """
        if self._logprobs is None:
            return None
        total, begin = 0.0, self.began
        for at, logprob in self._logprobs:
            if begin < end and at > start:
                total += logprob
            begin = at
        return total

    async def beyond(self, length: int, *, for_key: bool) -> bool:
        """Wait until the text is longer than that; False if it has ended before.

        Raises what the engine has failed with.
        """
        self.keys += for_key
        try:
            while len(self.text) <= length and self.ended is None:
                self._grown.clear()
                await self._grown.wait()
        finally:
            self.keys -= for_key
        if self.error is not None:
            raise self.error
        return len(self.text) > length

    def drop(self, characters: int) -> None:
        """Forget the first characters of a text that has ended: the gap begins behind them now."""
        self.text = self.text[characters:]
        if self._logprobs is not None:
            self._logprobs = [(at - characters, logprob) for at, logprob in self._logprobs]
        self.began = max(0, self.began - characters)
        self.typed = max(0, self.typed - characters)

    def close(self) -> None:
        """Want no more of it."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, engine: Engine, request: InfillRequest) -> None:
        began = time.monotonic()
        try:
            async with aclosing(engine.infill(request)) as events:
                async for event in events:
                    match event:
                        case Delta(text=text, logprobs=logprobs, evaluated_tokens=evaluated):
                            if self.seconds_to_text is None:
                                self.seconds_to_text = time.monotonic() - began
                            self.text += text
                            self._note(logprobs)
                            if request.priority is Priority.TYPING:
                                self.evaluated_tokens += evaluated
                            self._grown.set()
                        case Finished(reason=reason):
                            self.ended = reason
        except Exception as error:
            self.error = error

    def _note(self, logprobs: tuple[float, ...]) -> None:
        if not logprobs:
            self._logprobs = None
        elif self._logprobs is not None:
            self._logprobs.append((len(self.text), sum(logprobs)))

    def _end(self, _task: asyncio.Task[None]) -> None:
        self._task = None  # with what it holds
        self.ended = self.ended or "closed"
        self._grown.set()
