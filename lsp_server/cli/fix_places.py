"""From what a check reports to places in the file: where a fault may be, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lsp_server.actions.action import Diagnostic
from lsp_server.agent.desk import File
from lsp_server.agent.workflows.names import CODE_KINDS
from lsp_server.agent.workflows.names import around as function_around
from lsp_server.core.definitions import Declared
from lsp_server.core.docstrings import docstring
from lsp_server.core.reports import Report
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point, Text, body

MAX_PLACES = 20
MAX_CALLED = 3
"""Functions of the file that a failing test may mean."""
_WORD = re.compile(r"[^\W\d][\w$]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something may be wrong."""

    diagnostic: Diagnostic
    line: int
    """From 1."""
    report: Report


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds places in one file."""

    path: Path
    """Of the file, resolved."""
    cwd: Path
    """The folder that paths are told from."""

    def places(self, reports: Sequence[Report], snapshot: Snapshot) -> list[Place]:
        """Where the reports are about the file; each place once."""
        is_file = lru_cache(None)(self.is_file)
        found: dict[tuple[int, str], Place] = {}
        for report in reports:
            rows = [frame.line - 1 for frame in report.frames if is_file(frame.path)]
            own = bool(report.frames) and is_file(report.frames[-1].path)
            if rows:
                places = [_at(report, rows[-1], report.column if own else 0, snapshot.text)]
            else:
                places = list(self._meant(report, snapshot)) if report.was_run else []
            for each in places:
                found.setdefault((each.diagnostic.start, each.diagnostic.message), each)
        return list(found.values())[:MAX_PLACES]

    def is_file(self, told: str) -> bool:
        """Whether a path that a tool tells is the file's. Tools may run in a folder below."""
        path = Path(told)
        try:
            if (self.cwd / path).resolve() == self.path:
                return True
            is_other = path.is_absolute() or (self.cwd / path).exists()
        except (OSError, ValueError, RuntimeError):  # no path that there could be
            return False
        parts = tuple(part for part in path.parts if part != "..")
        return not is_other and bool(parts) and self.path.parts[-len(parts) :] == parts

    def _meant(self, report: Report, snapshot: Snapshot) -> Iterator[Place]:
        """The functions that a test calls whose traceback doesn't lead into the file, and those
        that these call: their bodies, since the header is what the test goes by.
        """
        syntax = snapshot.syntax
        if not report.test or syntax is None:
            return
        by_name: dict[str, list[Declared]] = {}
        for symbol, declared in definitions(syntax):
            if symbol.kind in CODE_KINDS and declared.body is not None:
                by_name.setdefault(symbol.name, []).append(declared)
        called = _named(f"{report.code}\n{report.message}", by_name)
        called = called or _named(self._test_code(report), by_name)
        inner = [each for one in called for each in _named(_body(one, syntax), by_name)]
        chosen = {declared.whole.start_byte: declared for declared in [*called, *inner]}
        for declared in list(chosen.values())[:MAX_CALLED]:
            yield _first_statement(report, declared, snapshot.text)

    def _test_code(self, report: Report) -> str:
        """The function of Python that a test's traceback begins in; empty if it can't be read."""
        if not report.frames:
            return ""
        frame = report.frames[0]
        try:
            text = (self.cwd / frame.path).read_text("utf-8")
        except (OSError, ValueError):
            return ""
        syntax = Syntax.parse(text, "python")
        found = syntax and function_around(File(frame.path, text, None), syntax, frame.line)
        return found.text if found else ""


def _at(report: Report, row: int, column: int, text: Text) -> Place:
    """The word at a column, or the line."""
    row = min(max(0, row), len(text.lines) - 1)
    line = body(text.lines[row])
    first = len(line) - len(line.lstrip())
    if 0 < column <= len(line):
        word = _WORD.match(line, column - 1)
        start, end = column - 1, word.end() if word else len(line)
    else:
        start, end = first, len(line.rstrip())
    return _place(report, row, start, max(start, end), text)


def _place(report: Report, row: int, start: int, end: int, text: Text) -> Place:
    first, last = (text.byte_offset(Point(row, column)) for column in (start, end))
    return Place(Diagnostic(first, last, _said(report)), row + 1, report)


def _said(report: Report) -> str:
    """What is wrong; of a test with the code that failed, whose last line says most."""
    if not (report.test and report.was_run):
        return report.message
    code = report.code.rpartition("\n")[2]
    return f"{report.message}\nin {report.test}" + (f": {code}" if code else "")


def _named(code: str, by_name: Mapping[str, list[Declared]]) -> list[Declared]:
    """The functions that code names, in its order."""
    names = dict.fromkeys(_WORD.findall(code))
    return [each for name in names for each in by_name.get(name, ())]


def _body(declared: Declared, syntax: Syntax) -> str:
    assert declared.body is not None
    return syntax.data[declared.body.start_byte : declared.body.end_byte].decode(errors="replace")


def _first_statement(report: Report, declared: Declared, text: Text) -> Place:
    """The first statement of a body, below the docstring."""
    assert declared.body is not None
    doc = docstring(declared.body)
    statements = [s for s in declared.body.named_children if not (doc and s == doc.parent)]
    start = text.at_byte((statements[0] if statements else declared.body).start_byte)
    return _place(report, start.row, start.column, len(body(text.lines[start.row])), text)
