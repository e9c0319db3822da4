"""The edits in a model's answer: search/replace blocks, diffs, and code in fences.

    read_blocks(answer) -> Blocks

Written for what models really write: any number of marker characters, `ORIGINAL`/`UPDATED` for the
words, markers in or around fences, the end left out, the path in a heading, a sentence, the fence's
first line or none at all. What can't be read is told as a problem; an answer never comes out empty
without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lsp_server.agent.edits.lines import split
from lsp_server.agent.edits.mentions import path_alone, path_in, path_of_comment
from lsp_server.core.text import body


@dataclass(frozen=True, slots=True)
class Block:
    """An edit as it is written, still to be found in a file."""

    path: str | None
    """As the answer names it, not checked; None if it doesn't."""
    old: str | None = field(repr=False)
    """What is to be replaced; empty for a new file. None for code in a fence, which is the whole of
    what was asked for: a file or a definition."""
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Blocks:
    """All edits of an answer."""

    blocks: tuple[Block, ...]
    problems: tuple[str, ...]
    """Sentences for the model, about what could not be read."""


def read_blocks(text: str) -> Blocks:
    """Read an answer. Code in fences counts only where there are no other edits."""
    reader = _Reader(split(text.replace("\r\n", "\n")))
    reader.read()
    edits = [block for block in reader.blocks if block.old is not None]
    blocks = edits or reader.blocks
    problems = reader.problems
    if not blocks and not problems:
        problems = ["There is no edit in the answer; write a search/replace block."]
    return Blocks(tuple(blocks), tuple(problems))


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._row = 0
        self._path: str | None = None
        """Of the blocks so far, or of a heading."""
        self._near: str | None = None
        """What the last line of the prose names."""
        self.blocks: list[Block] = []
        self.problems: list[str] = []

    def read(self) -> None:
        """Read all lines."""
        while self._row < len(self._lines):
            line = body(self._lines[self._row])
            if _START.match(line):
                self._search(None)
            elif fence := _FENCE.match(line):
                self._fenced(fence)
            else:
                self._path = path_alone(line) or self._path
                self._near = path_in(line) if line.strip() else self._near
                self._row += 1

    def _fenced(self, fence: re.Match[str]) -> None:
        """A fence: blocks within, or code."""
        closing = re.compile(rf"\s*{re.escape(fence[1][0])}{{{len(fence[1])},}}\s*")
        language, _, rest = fence[2].strip().partition(" ")
        named = path_in(rest) or path_in(language.partition(":")[2] or language)
        self._path, self._near = named or self._near or self._path, None
        self._row += 1
        code: list[str] = []
        has_edits = False
        while self._row < len(self._lines):
            line = body(self._lines[self._row])
            if closing.fullmatch(line):
                self._row += 1
                break
            if _START.match(line):
                if path := path_in("".join(code[-1:])):
                    self._path = path
                self._search(closing)
                has_edits = True
            else:
                code.append(self._lines[self._row])
                self._row += 1
        else:
            if not has_edits:
                self.problems.append("The code is cut off: its fence does not end.")
            return
        if not has_edits:
            self._code(language.partition(":")[0].lower(), code)

    def _code(self, language: str, code: list[str]) -> None:
        if language in _NO_CODE or not "".join(code).strip():
            return
        if language in ("diff", "patch") or any(_HUNK.match(line) for line in code):
            self._diff(code)
            return
        if path := path_of_comment(code[0]):
            self._path, code = path, code[1:]
        self.blocks.append(Block(self._path, None, "".join(code)))

    def _search(self, closing: re.Pattern[str] | None) -> None:
        """A block from its first marker on, in a fence that ends with `closing`."""
        first = body(self._lines[self._row])
        self._path = path_in(_MARKER.sub("", first)) or self._near or self._path
        self._near = None
        self._row += 1
        old, ended = self._until(_MIDDLE, closing)
        if ended != "marker":
            self.problems.append("A block has no `=======` between the old and the new lines.")
            return
        new, ended = self._until(_END, closing)
        if any(_MIDDLE.match(line) for line in new):
            self.problems.append("A block has more than one `=======`; write one block an edit.")
        elif ended == "text":
            self.problems.append("The last block is cut off: it has no `>>>>>>> REPLACE`.")
        else:
            lead = first[: len(first) - len(first.lstrip())]
            old, new = _unfenced(_less(old, lead), _less(new, lead))
            self.blocks.append(Block(self._path, "".join(old), "".join(new)))

    def _until(
        self, marker: re.Pattern[str], closing: re.Pattern[str] | None
    ) -> tuple[list[str], str]:
        """Lines up to a marker, and what ended them; the marker is passed over.

        A fence's end, and another block's beginning, end the new lines where the marker is missing.
        """
        found: list[str] = []
        while self._row < len(self._lines):
            line = body(self._lines[self._row])
            if marker.match(line):
                self._row += 1
                return found, "marker"
            if _START.match(line) or (marker is _MIDDLE and _END.match(line)):
                return found, "block"
            if closing is not None and closing.fullmatch(line) and self._is_over():
                return found, "fence"
            found.append(self._lines[self._row])
            self._row += 1
        return found, "text"

    def _is_over(self) -> bool:
        """Whether no end of this block follows before another begins: the fence is not in it."""
        for line in self._lines[self._row + 1 :]:
            if _END.match(body(line)):
                return False
            if _START.match(body(line)):
                break
        return True

    def _diff(self, code: list[str]) -> None:
        for path, old, new in _hunks(code):
            self._path = path or self._path
            if old or new:
                self.blocks.append(Block(self._path, old, new))


def _hunks(code: list[str]) -> Iterator[tuple[str | None, str, str]]:
    """Of a unified diff: its path, the lines before and those after; line numbers are not used."""
    path: str | None = None
    old: list[str] = []
    new: list[str] = []
    for line in code:
        if line.startswith(("--- ", "+++ ", "diff ", "index ", "@@")):
            if old or new:
                yield path, "".join(old), "".join(new)
                old, new = [], []
            if line.startswith("+++ ") and "/dev/null" not in line:
                path = path_in(line[4:].removeprefix("b/")) or path
        elif line.startswith("-"):
            old.append(line[1:])
        elif line.startswith("+"):
            new.append(line[1:])
        elif not line.startswith("\\"):
            kept = line[1:] if line.startswith(" ") else line
            old.append(kept)
            new.append(kept)
    yield path, "".join(old), "".join(new)


def _less(lines: list[str], lead: str) -> list[str]:
    """Lines without the indentation that the block itself has, if all have it."""
    if lead and all(line.startswith(lead) or not line.strip() for line in lines):
        return [line.removeprefix(lead) for line in lines]
    return lines


def _unfenced(*parts: list[str]) -> list[list[str]]:
    """Lines without fences around them, if all that has lines has fences."""
    filled = [part for part in parts if "".join(part).strip()]
    if all(_FENCE.match(part[0]) and part[-1].strip() in ("```", "~~~") for part in filled):
        return [part[1:-1] for part in parts]
    return list(parts)


_OLD_WORDS = r"(SEARCH|ORIGINAL|OLD|HEAD|BEFORE|FIND)"
_NEW_WORDS = r"(REPLACE|REPLACEMENT|UPDATED?|NEW|AFTER|END)"
_START = re.compile(rf"\s*(<{{3,}}|-{{5,}})\s*{_OLD_WORDS}\b|\s*<{{5,}}\s*$", re.IGNORECASE)
_MIDDLE = re.compile(rf"\s*={{5,}}\s*({_NEW_WORDS}\s*:?\s*)?$", re.IGNORECASE)
_END = re.compile(rf"\s*(>{{3,}}|\+{{5,}})\s*{_NEW_WORDS}\b|\s*>{{5,}}\s*$", re.IGNORECASE)
_MARKER = re.compile(rf"^\s*[<-]+\s*{_OLD_WORDS}?\s*:?", re.IGNORECASE)
_FENCE = re.compile(r"\s*(`{3,}|~{3,})([^`]*)$")
_HUNK = re.compile(r"@@ .* @@|--- a/")
_NO_CODE = frozenset(("bash", "console", "output", "sh", "shell", "shell-session", "text", "txt"))
