"""What the readers of the forms of calls have in common.

A reader looks at a place in the text and says: a call stands here (`Found`), none does (`Skip`), or
more text is needed (`None`). What it has said once it says for every longer text; only so the same
pieces come out however the text is cut into chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lsp_server.agent.calls.extent import End, JsonScan
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
class Scene:
    """The text so far, and what is known beside it."""

    text: str
    box: Toolbox
    final: bool
    """Whether nothing follows."""
    scans: dict[int, JsonScan] = field(default_factory=dict)
    """What was looked through already, by where it begins: a long call comes in many chunks."""

    def json_end(self, start: int) -> End | None:
        """Where the object or list that begins at `start` ends; None if it is still open."""
        scan = self.scans.setdefault(start, JsonScan(start))
        return scan.advance(self.text, final=self.final)

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


_VISIBLE = re.compile(r"\S")
