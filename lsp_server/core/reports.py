"""What linters, compilers and tests print, read: places, and what is wrong there.

A line is read by its form and not by the tool that wrote it: there are few forms, and many tools.
The work grows as the output does, whatever it is, so no pattern reads a stretch of text from many
starts, or shares one out between two repetitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from textwrap import dedent

from lsp_server.core.traces import Frame, plain

MAX_REPORTS = 500
MAX_LINES = 6
"""Of a test's message."""


@dataclass(frozen=True, slots=True)
class Report:
    """Something that a tool finds wrong."""

    frames: tuple[Frame, ...]
    """Outermost first; of linters and compilers one."""
    message: str
    column: int = 0
    """Of the last frame, from 1; 0 where it is not told."""
    test: str = ""
    """The name of the test that failed; empty for what is no test."""
    code: str = field(default="", repr=False)
    """The lines of code that a failed test shows."""
    was_run: bool = False
    """It was found by running the code, and not by reading it."""

    @property
    def identity(self) -> tuple[str, str]:
        """What is the same for the same trouble, wherever its line has moved to."""
        if self.test:
            return (self.frames[0].path if self.frames else ""), self.test
        path = self.frames[-1].path if self.frames else ""
        return path, _LINE_NUMBER.sub("line", self.message)


def reports(output: str) -> list[Report]:
    """All that is told, in its order, as far as it is understood; no more than MAX_REPORTS.

    It may be megabytes: for a thread, and not for the event loop.
    """
    text = plain(output)
    found: list[tuple[int, Report]] = []
    for read in (_tests, _tracebacks, _sorries, _arrows, _lines, _brackets):
        told = list(islice(read(text), MAX_REPORTS))  # those behind would not be among the first
        found += [(start, report) for start, _, report in told]
        text = _without(text, told)  # what was read is not read again
    found.sort(key=lambda each: each[0])
    return [report for _, report in found][:MAX_REPORTS]


def _without(text: str, told: Iterable[tuple[int, int, Report]]) -> str:
    """The text with blanks in the place of what was told, so that all else is where it was."""
    pieces, done = list[str](), 0
    for start, end, _ in told:
        pieces += text[done:start], _BLANKED.sub(" ", text[start:end])
        done = end
    return "".join([*pieces, text[done:]])


_Told = Iterator[tuple[int, int, Report]]
"""Where each begins and ends in the text."""


def _tests(text: str) -> _Told:
    """The failures that pytest tells of, with long tracebacks or short ones."""
    for section in _SECTION.finditer(text):
        inside = section["inside"]
        said = [line[1:] for line in inside.split("\n") if _TOLD.match(line)]
        message = dedent("\n".join(line.rstrip() for line in said[:MAX_LINES])).strip()
        if not message:
            continue
        frames = tuple(Frame(m["path"] or m["file"], int(m["line"] or m["row"]))
                       for m in _TEST_FRAME.finditer(inside))  # fmt: skip
        code = "\n".join(m[1].strip() for m in _TEST_CODE.finditer(inside))
        was_run = not any(_is_syntax(line.strip()) for line in said)
        if not was_run:
            message = said[-1].strip()
        report = Report(frames, message, test=section["title"], code=code, was_run=was_run)
        yield section.start(), section.end(), report


def _tracebacks(text: str) -> _Told:
    """Those of Python."""
    for block in _TRACEBACK.finditer(text):
        found = _FRAME.findall(block["frames"])
        frames = tuple(Frame(path, int(line)) for path, line in found)
        message = (block["message"] or "").strip()
        if not message:  # what is below is none
            continue
        report = Report(frames, message, test=block["title"] or "", was_run=not _is_syntax(message))
        yield block.start(), block.end(), report


def _sorries(text: str) -> _Told:
    """What `python -m py_compile` says of an error of syntax."""
    for sorry in _SORRY.finditer(text):
        frame = Frame(sorry["path"], int(sorry["line"]))
        yield sorry.start(), sorry.end(), Report((frame,), sorry["message"])


def _arrows(text: str) -> _Told:
    """`message`, and in the line below ` --> file:line:column`."""
    for match in _ARROW.finditer(text):
        frame = Frame(match["path"], int(match["line"]))
        report = Report((frame,), match["message"].strip(), int(match["column"]))
        yield match.start(), match.end(), report


def _lines(text: str) -> _Told:
    """`file:line[:column]: message`."""
    return map(_line, _LINE.finditer(text))


def _brackets(text: str) -> _Told:
    """`file(line,column): message`."""
    return map(_line, _BRACKETS.finditer(text))


def _line(match: re.Match[str]) -> tuple[int, int, Report]:
    frame = Frame(match["path"], int(match["line"]))
    report = Report((frame,), match["message"].strip(), int(match["column"] or 0))
    return match.start(), match.end(), report


def _is_syntax(message: str) -> bool:
    return message.startswith(("SyntaxError", "IndentationError", "TabError"))


_LINE_NUMBER = re.compile(r"\blines? \d+")
_BLANKED = re.compile(r"[^\n]")
_NUMBER = r"\d{1,9}"
"""No file has more lines; what is longer is no number of a line, and Python refuses much longer."""
_SECTION = re.compile(
    r"^_{3,} (?P<title>\S[^\n]*?) _{3,}\n"
    r"(?P<inside>.*?)(?=^_{3,} \S[^\n]* _{3,}$|^={3,} |\Z)",
    re.MULTILINE | re.DOTALL,
)
_TOLD = re.compile(r"E {3}")
_TEST_FRAME = re.compile(
    rf"^(?P<path>[^\s:>][^:\n]*\.\w+):(?P<line>{_NUMBER}): (?:in \S+|\w*)$"
    rf'|^(?:E )?[ \t]*File "(?P<file>[^"\n]+)", line (?P<row>{_NUMBER})\b',
    re.MULTILINE,
)
_TEST_CODE = re.compile(r"(?:^>|: in \S+\n)[ \t]+(\S.*)", re.MULTILINE)
_FRAME = re.compile(rf'^[ \t]*File "([^"\n]+)", line ({_NUMBER})\b', re.MULTILINE)
_TRACEBACK = re.compile(
    r"(?:^(?:FAIL|ERROR): (?P<title>\S.*)\n(?:.*\n)?-{5,}\n)?"  # unittest
    r"(?:^Traceback \(most recent call last\):\n)?"
    rf'(?P<frames>(?:^[ \t]+File "[^"\n]+", line {_NUMBER}\b.*\n(?:^(?![ \t]*File ")[ \t].*\n)*)+)'
    r"(?P<message>^[A-Za-z_][\w.]*(?::.*)?$)?",
    re.MULTILINE,
)
_SORRY = re.compile(
    r"Sorry: (?P<message>\w+: (?:(?!Sorry: ).)*) "
    rf"\((?P<path>[^()\n]+), line (?P<line>{_NUMBER})\)"
)
_ARROW = re.compile(
    r"^(?P<message>\S.*)\n"
    rf"[ \t]*--> (?P<path>[^:\n]+):(?P<line>{_NUMBER}):(?P<column>{_NUMBER})$",
    re.MULTILINE,
)
_WHERE = r"^[ \t]*(?P<path>(?:[A-Za-z]:)?[^\s:()\"'][^:()\"'\n]*\.\w+)"
_SEVERITY = r"(?:(?:fatal )?error:? |warning:? |info: )?(?!note:|help:)"
_LINE = re.compile(
    rf"{_WHERE}:(?P<line>{_NUMBER})(?::(?P<column>{_NUMBER}))?"
    rf"(?::| -) +{_SEVERITY}(?P<message>\S.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_BRACKETS = re.compile(
    rf"{_WHERE}\((?P<line>{_NUMBER}),(?P<column>{_NUMBER})\): {_SEVERITY}(?P<message>\S.*)$",
    re.MULTILINE,
)
