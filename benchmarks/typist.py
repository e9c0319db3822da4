"""A typist: what somebody does who types real code again, mistakes and detours included.

Stretches of code are removed from real files and typed again, a few lines here, a few there. On
the way: wrong letters that are corrected, runs of backspace, brackets that the editor closes in
advance and that are typed over, Enter with the indentation in one change, jumps within and between
files, away and back, lines that are pasted, sometimes undone, and suggestions that are accepted,
in whole or their first line or word.

Invariants: what the file really says decides what is accepted and what is typed, so the documents
end as the files are. All chance is drawn from the seed, the stretch and the place in it, so two
engines that suggest different things still meet the same typist.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from os.path import commonprefix

from benchmarks.keys import Edit, Key, Keys, Kind, Shown
from benchmarks.sources import Source, stretches
from lsp_server.core.text import Point, Text

CLOSER = {"(": ")", "[": "]", "{": "}"}
LEAST_ACCEPTED = 5
"""Characters that must agree before a suggestion, or a part of it, is accepted."""
LEAST_PASTED = 8
SLIP, RUN, PASTE, UNDO, ACCEPT, GLANCE = 0.03, 0.02, 0.08, 0.5, 0.25, 0.12
"""How likely each is, where it can happen; a glance, at the end of a line."""
LINES_AT_ONCE = 3
"""Most lines that are typed before the typist goes elsewhere."""


@dataclass(slots=True)
class _Place:
    """A stretch that is being typed."""

    number: int
    uri: str
    target: str
    """The whole of it, from the line end before it."""
    cursor: Point
    at: int = 0
    """So many characters of the target stand in the document."""
    closers: list[int] = field(default_factory=list)
    """Where in the target the brackets are that stand right of the cursor already, last first."""
    visited: bool = False
    shown: Shown | None = None

    @property
    def rest(self) -> str:
        """What is still to be typed."""
        return self.target[self.at :]

    def at_line_end(self) -> bool:
        return self.rest.startswith("\n")

    def at_line_start(self) -> bool:
        return self.at > 0 and not self.target[: self.at].rpartition("\n")[2].strip()


class Typist:
    """Types the stretches of some files. `documents` is what stands in the editor, by URI."""

    def __init__(self, sources: Sequence[Source], seed: int) -> None:
        self.documents: dict[str, Text] = {}
        self._seed = seed
        self._places: list[_Place] = []
        self._done: set[tuple[int, int, str]] = set()
        for source in sources:
            self._remove(source)
        # From file to file, and not from top to bottom.
        self._places.sort(key=lambda place: self._draw(place, "order"))

    def keys(self) -> Keys:
        """All keys, until every stretch is typed."""
        while places := [place for place in self._places if place.rest]:
            for place in places:
                yield from self._turn(place)

    def _remove(self, source: Source) -> None:
        text = Text.of(source.text)
        removed = 0
        for stretch in stretches(source, self._seed):
            row = stretch.first - 1 - removed
            start = Point(row, len(text.lines[row]) - 1)
            last = stretch.end - 1 - removed
            end = Point(last, len(text.lines[last]) - 1)
            target = text.slice(start, end)
            self._places.append(_Place(len(self._places), source.uri, target, start))
            text = text.replace(start, end, "")
            removed += stretch.end - stretch.first
        self.documents[source.uri] = text

    def _turn(self, place: _Place) -> Keys:
        """Go to a stretch and type a few lines of it."""
        lines = 1 + int(self._draw(place, "turn") * LINES_AT_ONCE)
        yield from self._jump(place)
        while place.rest:
            if place.at_line_end():
                if not lines:
                    break
                lines -= 1
                if self._once(place, "glance", GLANCE):
                    yield from self._glance(place)
            yield from self._step(place)

    def _step(self, place: _Place) -> Keys:
        """Get on by a character or more, or make a mistake."""
        letter = re.match(r"[a-z]", place.rest)
        word = re.search(r"\w{2,6}$", place.target[: place.at])
        line = place.rest.partition("\n")[0]
        if taken := self._acceptable(place):
            yield from self._write(place, "accept", taken, self._passed(place, taken))
        elif (
            place.at_line_start()
            and len(line) >= LEAST_PASTED
            and self._once(place, "paste", PASTE)
        ):
            yield from self._paste(place, line)
        elif letter and self._once(place, "slip", SLIP):
            wrong = chr(ord("a") + (ord(letter[0]) - ord("a") + 1) % 26)
            yield from self._press(place, "slip", 0, 0, wrong)
            yield from self._press(place, "backspace", 1, 0, "")
        elif word and self._once(place, "run", RUN):
            for _ in word[0]:
                place.at -= 1
                yield from self._press(place, "backspace", 1, 0, "")
        elif place.at_line_end():
            yield from self._enter(place)
        else:
            yield from self._type(place)

    def _type(self, place: _Place) -> Keys:
        character = place.rest[0]
        if place.closers and place.closers[-1] == place.at:
            yield from self._write(place, "over", character, 1)
            return
        closer = self._closer(place)
        if closer is None:
            yield from self._write(place, "type", character, 0)
            return
        place.closers.append(closer)
        place.at += 1
        pair = character + CLOSER[character]
        yield from self._press(place, "type", 0, 0, pair, cursor=len(character))

    def _closer(self, place: _Place) -> int | None:
        """Where the bracket that is to be typed is closed, if an editor may close it in advance."""
        character = place.rest[0]
        if character not in CLOSER:
            return None
        depth = 0
        limit = place.closers[-1] if place.closers else len(place.target)
        for position in range(place.at, limit):
            depth += {character: 1, CLOSER[character]: -1}.get(place.target[position], 0)
            if place.target[position] == "\n":
                break
            if not depth:
                return position
        return None

    def _enter(self, place: _Place) -> Keys:
        """A line end and the indentation that an editor adds; what is too much is removed."""
        following = place.rest[1:].partition("\n")[0]
        wanted = following[: len(following) - len(following.lstrip())]
        line = self.documents[place.uri].lines[place.cursor.row]
        kept = line[: len(line) - len(line.lstrip(" \t"))]
        too_much = (
            kept.removeprefix(wanted) if following.strip() and kept.startswith(wanted) else ""
        )
        place.at += 1 + len(wanted)
        yield from self._press(place, "enter", 0, 0, "\n" + wanted + too_much)
        if too_much:
            yield from self._press(place, "outdent", len(too_much), 0, "")

    def _paste(self, place: _Place, line: str) -> Keys:
        yield from self._write(place, "paste", line, 0)
        if self._once(place, "undo", UNDO):
            place.at -= len(line)
            yield from self._press(place, "undo", len(line), 0, "")

    def _glance(self, place: _Place) -> Keys:
        """Look at something else, and come back."""
        others = [other for other in self._places if other.uri != place.uri and other.rest]
        if others and self._draw(place, "file") < 0.5:
            other = others[int(self._draw(place, "which") * len(others))]
            yield from self._jump(other)
        else:
            text = self.documents[place.uri]
            row = int(self._draw(place, "row") * len(text.lines))
            column = len(text.lines[row].rstrip("\n"))
            yield Key("jump", place.uri, None, Point(row, column), text)
        yield from self._jump(place)

    def _jump(self, place: _Place) -> Keys:
        kind: Kind = "return" if place.visited else "jump"
        place.visited = True
        place.shown = yield Key(kind, place.uri, None, place.cursor, self.documents[place.uri])

    def _acceptable(self, place: _Place) -> str:
        """What of the suggestion is accepted now; empty: nothing."""
        if place.shown is None:
            return ""
        text = place.shown.text
        agreed = len(commonprefix([text, place.rest]))
        word = re.match(r"\s*(\w+|[^\w\s]+)", text)
        for part in (text, text.partition("\n")[0], word[0] if word else ""):
            replaced = place.shown.replaced if part == text else 0
            fits = len(part) <= agreed and replaced == self._passed(place, part)
            if fits and len(part) >= LEAST_ACCEPTED:
                return part if self._once(place, "accept", ACCEPT) else ""
        return ""

    def _passed(self, place: _Place, text: str) -> int:
        """How many of the brackets right of the cursor such a text goes beyond."""
        return sum(closer < place.at + len(text) for closer in place.closers)

    def _write(self, place: _Place, kind: Kind, text: str, replaced: int) -> Keys:
        """Put more of the target into the document, over brackets that stand there already."""
        place.at += len(text)
        del place.closers[len(place.closers) - replaced :]
        yield from self._press(place, kind, 0, replaced, text)

    def _press(
        self, place: _Place, kind: Kind, left: int, right: int, text: str, cursor: int | None = None
    ) -> Keys:
        """Put a text in the place of so many characters left and right of the cursor, in one line.

        The cursor is then so many characters, or all, into the text.
        """
        row, column = place.cursor.row, place.cursor.column
        start = Point(row, column - left)
        edit = Edit(start, Point(row, column + right), text)
        document = self.documents[place.uri].replace(edit.start, edit.end, text)
        self.documents[place.uri] = document
        lines = text[:cursor].split("\n")
        place.cursor = Point(
            row + len(lines) - 1, len(lines[-1]) + (start.column if len(lines) == 1 else 0)
        )
        for other in self._places:
            if other.uri == place.uri and other.cursor.row > row and other is not place:
                other.cursor = Point(other.cursor.row + len(lines) - 1, other.cursor.column)
        place.shown = yield Key(kind, place.uri, edit, place.cursor, document)

    def _once(self, place: _Place, what: str, probability: float) -> bool:
        """Whether something happens here; asked again, it does not."""
        key = (place.number, place.at, what)
        if key in self._done:
            return False
        self._done.add(key)
        return self._draw(place, what) < probability

    def _draw(self, place: _Place, what: str) -> float:
        """From 0 to 1, the same whenever it is asked for here."""
        return random.Random(f"{self._seed}:{place.number}:{place.at}:{what}").random()
