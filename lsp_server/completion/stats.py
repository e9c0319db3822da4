"""What one server has done for its user, and how quickly: numbers only, never a text.

    stats = Stats(history.default_path())
    stats.answered(0.012, "model")
    stats.used(Priority.TYPING, usage)  # as the engine's UsageListener
    session.spawn(stats.keep())
    await stats.save()  # at the end

All methods are for the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from lsp_server.completion import history
from lsp_server.completion.tally import KEY_TOKENS, LATENCY, Tally, bucket, figures, of_language
from lsp_server.engines.base import Priority, Usage

Source = Literal["model", "running", "remembered", "none"]
"""Where an answer came from: a request made for this key, a generation that was under way and was
kept, text that was known; or nothing was asked."""

RECENT = 1000
"""Percentiles and means are those of the last so many keys."""
SAVE_SECONDS = 60.0
_LOCK_SECONDS = 1.0


class Stats:
    """Counters and latencies since the server's start."""

    def __init__(self, path: Path | None = None, *, today: Callable[[], date] = date.today) -> None:
        """`path`: the file that keeps counts over restarts (`history`); None keeps none."""
        self._path = path
        self._today = today
        self._tally = Tally()
        self._stored = True
        self._saving = asyncio.Lock()
        """Held while the file is used, so that what is deleted stays so."""
        self._unsaved: defaultdict[date, Tally] = defaultdict(Tally)
        self._latencies: deque[float] = deque(maxlen=RECENT)
        """Milliseconds."""
        self._key_tokens: deque[float] = deque(maxlen=RECENT)

    def answered(
        self, seconds: float, source: Source, evaluated_tokens: int = 0, language: str = ""
    ) -> None:
        """Count a request of the editor, once it is answered.

        `evaluated_tokens` are those of prompts that it waited for. Requests for which nothing was
        asked (`none`) are no part of any latency or rate.
        """
        self._count({f"answers.{source}": 1})
        if source == "none":
            return
        milliseconds = round(1000 * seconds, 2)
        self._latencies.append(milliseconds)
        self._count_with({bucket(LATENCY, milliseconds): 1}, language)
        self._key_tokens.append(evaluated_tokens)
        self._count(
            {bucket(KEY_TOKENS, evaluated_tokens): 1, "typing.promptTokens": evaluated_tokens}
        )

    def used(self, priority: Priority, usage: Usage) -> None:
        """Count what a request to the engine has cost; those of a chat are not completion's."""
        if priority is Priority.CHAT:
            return
        who = "typing" if priority is Priority.TYPING else "idle"
        self._count(
            {
                "promptTokens": usage.evaluated_tokens,
                "reusedTokens": usage.reused_tokens,
                f"{who}.requests": 1,
                f"{who}.generatedTokens": usage.generated_tokens,
            }
        )

    def suggestion(self, language: str, change: Mapping[str, int]) -> None:
        """Count what became of suggestions, by the names in `tally.FATES`.

        A number is negative where something was counted too early.
        """
        self._count_with(change, language)

    def figures(self) -> dict[str, Any]:
        """Everything counted since the start, for the wire."""
        return figures(self._tally, Counter(self._latencies), Counter(self._key_tokens))

    async def keep(self, saved: Callable[[], None] = lambda: None) -> None:
        """Save once a minute, for ever; call `saved` after each minute in which there was news."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            if await self.save():
                saved()

    async def save(self) -> bool:
        """Add what is new to the file; return whether there was anything new.

        What can't be written now is written the next time.
        """
        async with self._saving:
            new, self._unsaved = self._unsaved, defaultdict(Tally)
            if not new or self._path is None or not self._stored:
                return bool(new)
            if not await asyncio.to_thread(history.add, self._path, new, wait=_LOCK_SECONDS):
                for day, tally in new.items():
                    self._unsaved[day].update(tally)
            return True

    def store(self, wanted: bool) -> None:
        """Whether to keep counts over restarts, from now on."""
        self._stored = wanted
        self._unsaved.clear()

    async def delete(self) -> None:
        """Delete what was kept, also by other servers. Raises OSError."""
        if self._path is None:
            return
        async with self._saving:
            await asyncio.to_thread(history.delete, self._path, wait=_LOCK_SECONDS)

    def _count_with(self, news: Mapping[str, int], language: str) -> None:
        """Count something for all languages together, and for its own."""
        self._count({**news, **{of_language(language, name): n for name, n in news.items()}})

    def _count(self, news: dict[str, int]) -> None:
        self._tally.update(news)
        self._unsaved[self._today()].update(news)
