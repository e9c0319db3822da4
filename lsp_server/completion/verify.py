"""Fit a suggestion to the program: it parses in its place, and what it names exists.

    verdict = await verifier.judge(spot, place, text, replaced)

What does not fit is cut off line by line. Where only a name or an argument is wrong, the verdict
also says from where on the model can be asked again, and which names would be right there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lsp_server.completion.freeze import Parse
from lsp_server.completion.project import Project
from lsp_server.completion.session import Place, Spot
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import MAX_ERRORS, Syntax
from lsp_server.core.text import Point, encode
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.faults import first_fault

MAX_CUTS = 8
"""Shorter versions of a suggestion that are tried, the first line alone being the last."""
MAX_JUDGED = 32
"""Remembered for one place: with each key that agrees, the same text is offered again."""
MAX_CLOSERS = 3
"""Brackets at the end that are tried to be too many."""
MAX_NAMES = 400
"""Legal names that the model is held to in the place of one that doesn't exist."""
_CLOSERS = ")]}"
_WITH_MACROS = ("c", "cpp")


@dataclass(frozen=True, slots=True)
class Again:
    """What to ask the model once more."""

    kept: str
    """The suggestion up to the wrong name, or to where the cursor stands in it."""
    names: tuple[str, ...]
    """The names that may go on from there, or what is missing of them; empty if another name would
    not help."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What of a suggestion may be shown."""

    text: str
    again: Again | None = None


class Verifier:
    """Judges suggestions; parsing and questions to the index run in a thread."""

    def __init__(self, parse: Parse | None, project: Project | None) -> None:
        """`parse` and `project` as in `Freezer`."""
        self._parse = parse
        self._project = project

    async def judge(
        self, spot: Spot, place: Place, middle: str, text: str, replaced: int, *, partial: bool
    ) -> Verdict:
        """Judge a text that replaces so many characters right of the cursor.

        `partial`: time has cut it off in the middle of a statement, so it need not parse.
        """
        if not text:
            return Verdict("")
        key = middle + text, replaced, partial
        known = place.judged.get(key)
        if known is not None:
            return Verdict(known[len(middle) :])
        snapshot = spot.snapshot if self._parse is None else await self._parse(spot.snapshot)
        if snapshot.syntax is None:
            return Verdict(text)
        verdict = await asyncio.to_thread(
            self._judge, snapshot, snapshot.syntax, spot.cursor, place, text, replaced, partial
        )
        if len(place.judged) >= MAX_JUDGED:
            place.judged.clear()
        place.judged[key] = middle + verdict.text
        return verdict

    def _judge(
        self,
        snapshot: Snapshot,
        syntax: Syntax,
        cursor: Point,
        place: Place,
        text: str,
        replaced: int,
        partial: bool,
    ) -> Verdict:
        path, library = "", None
        if self._project is not None and self._project.is_current():
            path, library = self._project.path(snapshot.uri), self._project.library
        splice = _Splice.at(snapshot, syntax, cursor, replaced)
        again: Again | None = None
        kept = text
        for cuts in range(MAX_CUTS):
            spliced = splice.with_text(kept)
            if spliced is None:
                break
            whole = not partial or len(kept) < len(text)
            if whole and splice.adds_errors(spliced):
                kept, spliced = splice.without_closers(kept) or (kept, None)
            end = len(kept)
            if spliced is not None:
                span = splice.start, splice.start + len(encode(kept))
                if place.outline and first_fault(spliced, *span, place.outline) is None:
                    return Verdict(kept, again)
                # An outline of before may not know what that of now does.
                place.outline = Outline.of(syntax, path, library if path else None)
                fault = first_fault(spliced, *span, place.outline)
                if fault is None:
                    return Verdict(kept, again)
                end = _characters(kept, fault.start - splice.start)
                if again is None:
                    again = splice.again(kept[:end], fault.start, fault.legal)
            kept = _lines_before(kept, end)
            if cuts == MAX_CUTS - 2:
                kept = kept.partition("\n")[0].rstrip()
            if not kept:
                break
        return Verdict("", again)


@dataclass(frozen=True, slots=True)
class _Splice:
    """A document, and where a suggestion goes: from byte `start` to byte `end`."""

    syntax: Syntax
    line_start: int
    start: int
    end: int

    @classmethod
    def at(cls, snapshot: Snapshot, syntax: Syntax, cursor: Point, replaced: int) -> _Splice:
        start = snapshot.text.byte_offset(cursor)
        line = snapshot.text.lines[cursor.row]
        line_start = start - len(encode(line[: cursor.column]))
        end = start + len(encode(line[cursor.column : cursor.column + replaced]))
        return cls(syntax, line_start, start, end)

    def with_text(self, text: str) -> Syntax | None:
        """The document with a text in its place."""
        return self.syntax.edit(self.start, self.end, encode(text))

    def adds_errors(self, spliced: Syntax) -> bool:
        """Whether it has errors, or more of them in a document that is broken elsewhere.

        A line that is being typed is broken by itself; the suggestion is there to complete it.
        """
        if not spliced.tree.root_node.has_error:
            return False
        before = self.syntax.errors()
        if before and self.syntax.grammar in _WITH_MACROS:
            return False  # its macros may be no C
        without = self.syntax.edit(self.line_start, self.end, b"")
        broken = MAX_ERRORS if without is None else without.errors()
        return spliced.errors() > (max(before, broken) if before and broken else 0)

    def without_closers(self, text: str) -> tuple[str, Syntax] | None:
        """A text without the last brackets, if only they are too many, and its syntax."""
        closers = len(text) - len(text.rstrip(_CLOSERS))
        for count in range(1, min(closers, MAX_CLOSERS) + 1):
            spliced = self.with_text(text[:-count])
            if spliced is not None and not self.adds_errors(spliced):
                return text[:-count], spliced
        return None

    def again(self, kept: str, fault: int, legal: tuple[str, ...]) -> Again:
        """Ask for the legal names that go on from what stands of the word left of the cursor."""
        begun = self.syntax.data[min(fault, self.start) : self.start].decode(errors="replace")
        names = tuple(name[len(begun) :] for name in legal[:MAX_NAMES] if name.startswith(begun))
        return Again(kept, names)


def _characters(text: str, count: int) -> int:
    """How many characters of a text take so many bytes; 0 if it begins before it."""
    return len(encode(text)[: max(count, 0)].decode("utf-8", "surrogatepass"))


def _lines_before(text: str, end: int) -> str:
    """The whole lines before a place, without blank ones at their end."""
    return text[: max(0, text.rfind("\n", 0, end))].rstrip()
