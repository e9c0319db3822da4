"""llama.vim's behaviour, towards any `/infill`: when it asks, what it sends, what it remembers.

Source: ggml-org/llama.vim, autoload/llama.vim as of 2026, with its default settings. Extra context
(the ring of chunks) is left out: it would only make prompts longer.

After each move of the cursor, a result in the cache is shown, also one for up to 128 characters
before if what was typed since agrees with it, and if one is shown, a speculative request goes out
for what would stand there once it is accepted. Then the position itself is asked for, unless the
cache has it. There is one request at a time; while it runs, others poll every 100 ms.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.keys import Shown

PREFIX_LINES = 256
SUFFIX_LINES = 64
MAX_LINE_SUFFIX = 8
"""With more characters right of the cursor, nothing is asked."""
LOOK_BACK = 128
CACHE_ENTRIES = 250
TRIMMED_LINES = 3
"""A result is also remembered for contexts that lack so many of the first lines."""
POLL_SECONDS = 0.1
PREDICT_TOKENS = 128
PROMPT_MS = 500
FIRST_PREDICT_MS = 250
PREDICT_MS = 1000

Complete = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Sends the body of an `/infill` request, returns that of the answer."""


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around the cursor. `middle` is the line before it, `rest` the line after it."""

    prefix: str
    middle: str
    suffix: str
    rest: str
    indent: int

    @classmethod
    def around(
        cls, lines: Sequence[str], row: int, column: int, accepted: Sequence[str], indent: int
    ) -> Context:
        """At a place in a document; `lines` have no endings.

        `accepted` are the lines of a suggestion that is taken for accepted there, if any; then
        `indent` is that of the request before.
        """
        line = _line(lines, row)
        before = list(lines[max(0, row - PREFIX_LINES + max(len(accepted) - 1, 0)) : row])
        after = lines[row + 1 : row + 1 + SUFFIX_LINES]
        middle, rest = line[:column], line[column:]
        if accepted:
            middle, rest = (line + accepted[0], "") if len(accepted) == 1 else (accepted[-1], "")
            if len(accepted) > 1:
                before += [line + accepted[0], *accepted[1:-1]]
        elif not line.strip():
            middle = rest = ""
            indent = 0
        else:
            indent = _indentation(line)
        suffix = f"{rest}\n" + "\n".join(after) + "\n"
        return cls("\n".join(before) + "\n", middle, suffix, rest, indent)

    def cache_keys(self) -> list[str]:
        """What its result is remembered by; the first is exact."""
        parts = self.prefix.split("\n")
        prefixes = ["\n".join(parts[start:]) for start in range(min(TRIMMED_LINES + 1, len(parts)))]
        return [
            prefix + self.middle + "Î" + self.suffix
            for number, prefix in enumerate(prefixes)
            if prefix or not number
        ]

    def request(self, predict_ms: int) -> dict[str, Any]:
        """The body that asks for it."""
        return {
            "id_slot": 0,
            "input_prefix": self.prefix,
            "input_suffix": self.suffix,
            "input_extra": [],
            "prompt": self.middle,
            "n_predict": PREDICT_TOKENS,
            "stop": [],
            "n_indent": self.indent,
            "top_k": 40,
            "top_p": 0.90,
            "samplers": ["top_k", "top_p", "infill"],
            "stream": False,
            "cache_prompt": True,
            "t_max_prompt_ms": PROMPT_MS,
            "t_max_predict_ms": predict_ms,
        }


class Cache:
    """Results by context; the least recently used go first."""

    def __init__(self) -> None:
        self._results: OrderedDict[str, str] = OrderedDict()

    def get(self, key: str) -> str | None:
        """What is remembered."""
        if key in self._results:
            self._results.move_to_end(key)
        return self._results.get(key)

    def insert(self, key: str, content: str) -> None:
        """Remember a result."""
        self._results[key] = content
        self._results.move_to_end(key)
        if len(self._results) > CACHE_ENTRIES:
            self._results.popitem(last=False)

    def find(self, context: Context) -> str | None:
        """A result for this context, or the longest rest of one for a little before it."""
        exact = self.get(context.cache_keys()[0])
        if exact is not None:
            return exact
        text = context.prefix + context.middle
        best = ""
        for length in range(1, min(LOOK_BACK, len(text)) + 1):
            content = self.get(text[:-length] + "Î" + context.suffix)
            if content and content.startswith(text[-length:]):
                best = max(best, content[length:], key=len)
        return best or None


Source = Literal["model", "running", "known"]
"""Where an answer comes from: a request for this position, one that ran already for what was shown
before, or neither: it was known, or nothing was asked."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What came of a move of the cursor."""

    shown: Shown | None
    source: Source
    prompt_tokens: int
    """Evaluated for this position while it was waited for."""


class LlamaVim:
    """The plugin. It must be used on one event loop."""

    def __init__(self, complete: Complete) -> None:
        self.prompt_tokens = 0
        """Evaluated in all."""
        self._complete = complete
        self._cache = Cache()
        self._job: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._lines: Sequence[str] = [""]
        self._place = (0, 0)
        self._indent = 0
        self._showing = False
        self._waiting: asyncio.Future[Hint] | None = None

    async def moved(self, lines: Sequence[str], row: int, column: int) -> Hint:
        """The cursor has moved, perhaps by typing; what is shown there then, once that is known."""
        self._lines, self._place = lines, (row, column)
        self._showing = False
        self._waiting = asyncio.get_running_loop().create_future()
        self._try_hint("known", 0)
        self._ask(None, [])
        if len(_line(lines, row)[column:]) > MAX_LINE_SUFFIX:
            self._answer(Hint(None, "known", 0))
        return await self._waiting

    async def close(self) -> None:
        """End what runs."""
        if self._timer is not None:
            self._timer.cancel()
        if self._job is not None:
            self._job.cancel()
            await asyncio.wait([self._job])

    def _answer(self, hint: Hint) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(hint)

    def _ask(self, place: tuple[int, int] | None, accepted: list[str]) -> None:
        """Ask for a place, or for the cursor's; later, if a request runs."""
        if self._job is not None:
            if self._timer is not None:
                self._timer.cancel()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(POLL_SECONDS, self._ask, place, accepted)
            return
        row, column = place or self._place
        context = Context.around(self._lines, row, column, accepted, self._indent)
        if len(context.rest) > MAX_LINE_SUFFIX:
            return
        keys = context.cache_keys()
        if any(self._cache.get(key) is not None for key in keys):
            if not accepted:
                self._answer(Hint(None, "known", 0))
            return
        self._indent = context.indent
        request = context.request(PREDICT_MS if accepted else FIRST_PREDICT_MS)
        self._job = asyncio.create_task(self._run(request, keys, speculative=bool(accepted)))

    async def _run(self, request: dict[str, Any], keys: list[str], *, speculative: bool) -> None:
        try:
            answer = await self._complete(request)
            tokens = answer["timings"]["prompt_n"]
            self.prompt_tokens += tokens
            for key in keys:
                self._cache.insert(key, answer["content"])
            if not self._showing:
                if speculative:
                    self._try_hint("running", 0)
                else:
                    self._try_hint("model", tokens)
        except Exception as error:
            if self._waiting is None or self._waiting.done():
                raise
            self._waiting.set_exception(error)
        finally:
            self._job = None

    def _try_hint(self, source: Source, prompt_tokens: int) -> None:
        """Show what the cache has for the cursor's place, and speculate on it."""
        row, column = self._place
        context = Context.around(self._lines, row, column, [], self._indent)
        content = self._cache.find(context)
        if content is None:
            return
        lines = self._fit(content)
        shown = Shown("\n".join(lines)) if any(lines) else None
        lines[-1] += _line(self._lines, row)[column:]
        self._showing = any(line.strip() for line in lines)
        self._answer(Hint(shown, source, prompt_tokens))
        self._ask((row, column), lines)

    def _fit(self, content: str) -> list[str]:
        """The lines to insert at the cursor; one empty line if they only repeat what stands there.

        A suggestion that would take indentation away counts as none: no key accepts it here.
        """
        row, column = self._place
        line = _line(self._lines, row)
        lines = content.rstrip("\n").split("\n")
        if not line.strip():
            lead = min(_indentation(lines[0]), len(line))
            if lead < len(line):
                return [""]
            lines[0] = lines[0][lead:]
        following = row + 1
        while following < len(self._lines) - 1 and not self._lines[following].strip():
            following += 1
        repeats_next_lines = lines[0] == "" and lines[1:] == self._following(row + 1, lines)
        repeats_rest = lines == [line[column:]]
        if repeats_next_lines or repeats_rest:
            return [""]
        if line[:column] + lines[0] == _line(self._lines, following):
            next_line = _line(self._lines, following + 1)
            if (
                len(lines) == 1
                or (len(lines) == 2 and next_line.startswith(lines[1]))
                or (len(lines) > 2 and lines[1:] == self._following(following + 1, lines))
            ):
                return [""]
        return lines

    def _following(self, row: int, lines: list[str]) -> list[str]:
        """As many lines of the document as the suggestion has after its first."""
        return list(self._lines[row : row + len(lines) - 1])


def _line(lines: Sequence[str], row: int) -> str:
    return lines[row] if row < len(lines) else ""


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
