"""The part of a document that is sent: a prefix and a suffix around the cursor.

Its size is a number of tokens that comes from time: what the engine can evaluate within the latency
budget (`token_budget`). Its ends are whole lines, cut where a definition begins if one is near. The
start moves in steps of a quarter of the prefix, not with every line: a prompt that begins as the
last one did is mostly evaluated already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from lsp_server.core.snapshot import Snapshot
from lsp_server.core.structure import definition_rows, text_around
from lsp_server.core.text import Point, Text
from lsp_server.core.tokens import Counter
from lsp_server.engines.base import EngineInfo

MIN_TOKENS = 64
"""A smaller window is not worth asking about, however slow the machine."""
UNMEASURED_TOKENS = 1024
"""For engines that can't tell how fast they are."""
ANSWER_TOKENS = 12
"""Tokens of the answer that the latency budget must leave time for."""
SUFFIX_PART = 4
"""The suffix gets one part in so many, more where the prefix leaves room."""
MAX_CHARACTERS_PER_TOKEN = 12
"""Bound on how much text of one line is looked at: lines may be a megabyte long."""

CLOSING = re.compile(r"""[\s)\]}>'"`:;,]*""")
"""To the right of the cursor: nothing but what an editor or a habit closes in advance."""
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Window:
    """Text around the cursor that a model is shown."""

    prefix: str
    suffix: str


def token_budget(info: EngineInfo, *, seconds: float, max_tokens: int) -> int:
    """Tokens of prefix and suffix together, for an answer of `max_tokens`.

    `seconds` is the time to the first suggestion. What can be evaluated in it is rounded down to a
    quarter of an octave: speed is measured anew all the time, and the window should hold still.
    """
    most = max(info.context_tokens - max_tokens - 16, MIN_TOKENS)
    if info.prompt_tokens_per_second is None:
        return min(UNMEASURED_TOKENS, most)
    seconds -= ANSWER_TOKENS * (info.seconds_per_token or 0.0)
    affordable = max(seconds * info.prompt_tokens_per_second, MIN_TOKENS)
    return min(int(2 ** (math.floor(4 * math.log2(affordable)) / 4)), most)


def window(snapshot: Snapshot, start: Point, cursor: Point, budget: int, count: Counter) -> Window:
    """Choose the window of at most about `budget` tokens: before `start`, and behind the cursor.

    Both are on one line; what stands between them is counted, and is no part of the window.
    """
    lines = snapshot.text.lines
    line, row = lines[cursor.row], cursor.row
    budget = max(0, budget - count(line[start.column : cursor.column]))
    after = _near_start(line[cursor.column :], budget // SUFFIX_PART, count)
    before = _near_end(line[: start.column], budget - count(after), count)
    left = max(0, budget - count(before) - count(after))
    below = _rows_within(_slice(lines, row + 1), left // SUFFIX_PART, count)
    above = _rows_within(_upwards(lines, row), left - below.tokens, count)
    if above.exhausted:
        below = _rows_within(_slice(lines, row + 1), left - above.tokens, count)
    first = _window_start(snapshot, row - above.rows, row)
    end = row + 1 + below.rows
    if not below.exhausted:
        end = _window_end(snapshot, row, end)
    return Window(
        prefix=clean("".join(lines[first:row]) + before),
        suffix=clean(after + "".join(lines[row + 1 : end])),
    )


def visible(snapshot: Snapshot, cursor: Point, budget: int, count: Counter) -> range:
    """The rows that a window of that budget shows, at least in part."""
    shown = window(snapshot, cursor, cursor, budget, count)
    above, below = (Text.of(text).end.row for text in (shown.prefix, shown.suffix))
    return range(cursor.row - above, cursor.row + below + 1)


@dataclass(frozen=True, slots=True)
class _Fit:
    rows: int
    tokens: int
    exhausted: bool
    """All lines fitted."""


def _rows_within(lines: Iterable[str], budget: int, count: Counter) -> _Fit:
    rows = tokens = 0
    for line in lines:
        if len(line) > budget * MAX_CHARACTERS_PER_TOKEN or tokens + count(line) > budget:
            return _Fit(rows, tokens, exhausted=False)
        tokens += count(line)
        rows += 1
    return _Fit(rows, tokens, exhausted=True)


def _slice(lines: tuple[str, ...], first: int) -> Iterable[str]:
    """The lines from `first` on, not copied: there may be very many."""
    return (lines[index] for index in range(first, len(lines)))


def _upwards(lines: tuple[str, ...], row: int) -> Iterable[str]:
    return (lines[index] for index in range(row - 1, -1, -1))


def _window_start(snapshot: Snapshot, first: int, cursor_row: int) -> int:
    """The first row to send when rows from `first` would fit: on the grid, at a definition."""
    if first == 0:
        return 0
    step = _step(cursor_row - first)
    start = -(-first // step) * step
    for begin, _ in _definitions(snapshot, start, min(start + step, cursor_row) - 1):
        if begin >= start:
            return begin
    outside = _behind_text(snapshot, start)
    return outside if outside <= cursor_row else min(start, cursor_row)


def _behind_text(snapshot: Snapshot, row: int) -> int:
    """The first row from there on that does not begin within a string or comment.

    Who sees no more than the end of a docstring takes the code below it for text.
    """
    if snapshot.syntax is None:
        return row
    at = snapshot.text.byte_offset(Point(row, 0))
    around = text_around(snapshot.syntax, at)
    if around is None:
        return row
    rest = snapshot.syntax.data[at : around.end_byte].decode(errors="replace")
    return row + Text.of(rest).end.row + 1


def _window_end(snapshot: Snapshot, cursor_row: int, end: int) -> int:
    """The row to stop before when rows up to `end` would fit: where a definition begins."""
    earliest = end - _step(end - cursor_row)
    begins = [begin for begin, _ in _definitions(snapshot, earliest + 1, end)]
    return max((row for row in begins if earliest < row <= end), default=end)


def _step(rows: int) -> int:
    """A quarter of that many rows, as a power of two, so that it changes seldom."""
    return 1 << (max(1, rows // 4).bit_length() - 1)


def _definitions(snapshot: Snapshot, first_row: int, last_row: int) -> list[tuple[int, int]]:
    if snapshot.syntax is None or last_row < first_row:
        return []
    return definition_rows(snapshot.syntax, first_row, last_row)


def rest_of_line(suffix: str) -> str:
    """What stands to the right of the cursor."""
    return re.split(r"\r\n|\r|\n", suffix, maxsplit=1)[0]


def clean(text: str) -> str:
    """Join surrogate halves that came in separate edits; one that stays alone becomes U+FFFD."""
    if SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _near_end(text: str, budget: int, count: Counter) -> str:
    """The last tokens of a text, about `budget` of them."""
    text = text[-budget * MAX_CHARACTERS_PER_TOKEN :]
    while (tokens := count(text)) > budget:
        text = text[len(text) - len(text) * budget // tokens + 1 :]
    return text


def _near_start(text: str, budget: int, count: Counter) -> str:
    """The first tokens of a text, about `budget` of them."""
    text = text[: budget * MAX_CHARACTERS_PER_TOKEN]
    while (tokens := count(text)) > budget:
        text = text[: max(0, len(text) * budget // tokens - 1)]
    return text
