"""What the readers of the forms of calls have in common.

A reader looks at a place in the text and says: a call stands here (`Found`), none does (`Skip`), or
more text is needed (`None`). What it has said once it says for every longer text; only so the same
pieces come out however the text is cut into chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lsp_server.agent.calls.extent import End, JsonScan, PythonScan
from lsp_server.agent.calls.names import Toolbox
from lsp_server.agent.calls.schema import Call, Rejected


@dataclass(frozen=True, slots=True)
class Skip:
    """No call begins here; the text up to `end` is none either."""

    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """The calls that stand here, and the index behind them."""

    end: int
    calls: tuple[Call | Rejected, ...]
    marks: str = ""
    """Of the fence whose first line belongs to them: it is still to be closed."""


Outcome = Found | Skip | None


@dataclass(frozen=True, slots=True)
class Memory:
    """What was looked through already, by where that begins: a long call comes in many chunks."""

    scans: dict[int, JsonScan | PythonScan] = field(default_factory=dict)
    ends: dict[int, End] = field(default_factory=dict)
    searched: dict[tuple[str, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """The text so far, and what is known beside it."""

    text: str
    box: Toolbox
    final: bool
    """Whether nothing follows."""
    memory: Memory = field(default_factory=Memory)

    def bracket_end(self, start: int) -> End | None:
        """Where the bracket that stands at `start` is closed; None if it is still open."""
        memory = self.memory
        if start not in memory.ends:
            kind = PythonScan if self.text[start] == "(" else JsonScan
            scan = memory.scans.setdefault(start, kind(start))
            end = scan.advance(self.text, final=self.final)
            if end is None:
                return None
            memory.ends[start] = end
        return memory.ends[start]

    def search(self, pattern: re.Pattern[str], start: int) -> re.Match[str] | None:
        """The first match from `start` on; of a pattern whose matches are short."""
        key = pattern.pattern, start
        found = pattern.search(self.text, self.memory.searched.get(key, start))
        if found is None:
            self.memory.searched[key] = max(start, len(self.text) - _LONGEST_MATCH)
        return found

    def behind_space(self, at: int) -> int | None:
        """The index of the next character that is no space; None if it has not come yet."""
        found = _VISIBLE.search(self.text, at)
        if found is None:
            return len(self.text) if self.final else None
        return found.start()

    def may_become(self, at: int, literals: Iterable[str]) -> bool:
        """Whether what stands from `at` to the end is the beginning of one of these texts."""
        rest = self.text[at:]
        return not self.final and any(
            len(rest) < len(each) and each.startswith(rest) for each in literals
        )


_LONGEST_MATCH = 100
_VISIBLE = re.compile(r"\S")
