"""Where a suggestion ends: models that are tuned to chat hardly ever end a middle by themselves.

Text arrives piece by piece; `Stopper` says when there is enough, and what of it to keep. It ends,
whichever comes first,

- at the end of the line, if there is code to the right of the cursor;
- at the end of the statement: a line end at which no bracket or string is open that the suggestion
  opened. A line that opens a block takes the block along if it is complete in time, and stands
  alone otherwise, or if what stands below is its block;
- before a line that the suffix goes on with;
- where it begins to repeat itself;
- when the engine, or a limit on lines or time, ends it: then it is cut back to its last whole
  statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lsp_server.completion.filters.fences import is_chat
from lsp_server.completion.filters.site import Site
from lsp_server.completion.window import CLOSING, Window, rest_of_line
from lsp_server.core.balance import Balance, unbalanced
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import encode

HEADER = re.compile(r":\s*(#.*)?$")
CONTINUATION = re.compile(r"\s*(else|elif|except|finally)\b")
UNDECIDED = re.compile(r"\s*[a-z]{0,7}")
"""A beginning of a line that may become a CONTINUATION."""
LEADS = re.compile(r"\s*(@\w[\w.]*(\(.*\))?\s*$|#\[.*\]\s*$|template\s*<.*>\s*$)")
"""A decorator, annotation, attribute or head of a template: what it belongs to comes below."""
NOTHING_OPEN = Balance((), (), "code")
WORD = re.compile(r"\w")
WHOLE_WORDS = re.compile(r".*\W(?=\w*\Z)", re.DOTALL)
"""All but the last word, which may be half of one."""
REPEATS = 3
"""A line that comes so often in a row is a loop."""
LOOP = re.compile(r"(.{1,24}?)\1{7,}")
LOOP_LENGTH = 40
"""The same few characters over and over, for so long, within a line."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a suggestion may go."""

    max_lines: int
    in_time: Callable[[], bool] = lambda: True
    """Whether there is still time to finish a block."""


class Stopper:
    """Follows one generation: `feed` it until it is `done`, `finish` it if it never is."""

    def __init__(self, window: Window, grammar: str | None, limits: Limits) -> None:
        self._window = window
        self._grammar = grammar
        self._limits = limits
        self._rest = rest_of_line(window.suffix).strip()
        self._single_line = not CLOSING.fullmatch(self._rest)
        self._next_line = _first_meant(window.suffix)
        self._line_start = window.prefix.rpartition("\n")[2]
        self._statement_start = len(window.prefix) - len(self._open_line())
        self._received = ""
        self._lines: list[str] = []
        """Whole lines received; the first one with what stands left of the cursor."""
        self._judged = 0
        """End of the last of them, its line end included."""
        self._code = 0
        """Where code begins, behind the sentences and fences of models that chat."""
        self._whole = 0
        """End of the last whole statement."""
        self._block_indent: int | None = None
        """Indentation of the statement that opened the Python block being written."""
        self._statement_indent: int | None = None
        """Indentation of the statement being written, from its first line."""
        self._kept: int | None = None
        self.partial = False
        """Time has ended it in the middle of a statement."""

    def _open_line(self) -> str:
        """What of the cursor's line belongs to the statement that the suggestion must end.

        A bracket that the line leaves open is the suggestion's to close, unless it is closed right
        behind the cursor or at the start of the next line.
        """
        closed_below = self._next_line.lstrip().startswith((")", "]", "}"))
        return "" if closed_below or self._rest else self._line_start

    @property
    def done(self) -> bool:
        """No more text is wanted."""
        return self._kept is not None

    @property
    def text(self) -> str:
        """What to keep of the text that was fed; no white space at its end."""
        return self._received[: self._kept].rstrip()

    def feed(self, piece: str) -> None:
        """Take the next piece."""
        self._received += piece
        while not self.done and (end := self._received.find("\n", self._judged)) >= 0:
            self._end_line(end)
        if not self.done:
            self._begin_line(self._current_line())

    def finish(self, *, complete: bool) -> None:
        """The engine has ended; not `complete` if it ran into a limit, perhaps within a word."""
        line = self._current_line()
        if self._reached_suffix(line):
            self._kept = self._judged
        elif complete and (not self._lines or _is_whole(self._balance(len(self._received)))):
            self._kept = len(self._received)
        elif not self._received[self._code : self._judged].strip():
            self._kept = 0  # a limit cut the first line: a part of it is no suggestion
        else:
            self._cut_back()

    def interrupt(self) -> bool:
        """The time is over: keep the whole words of what has come; False if there are none yet."""
        words = WHOLE_WORDS.match(self._received, self._code)
        if words is None or not WORD.search(words[0]):
            return False
        if self._judged > self._code:
            self._cut_back()
        else:
            self._kept = words.end()
            self.partial = True
        return True

    def _end_line(self, end: int) -> None:
        """Decide at the end of a line: stop, or go on."""
        start = self._judged
        line = self._current_line(end)
        if self._reached_suffix(line) or self._left_block(line):
            self._kept = start
        elif self._announces(line):
            self._code = end + 1
        elif self._single_line:
            self._kept = end
        elif line.strip() and self._lines[-REPEATS + 1 :] == [line] * (REPEATS - 1):
            self._kept = start - (REPEATS - 2) * (end + 1 - start) - 1
        elif line.strip():
            if self._statement_indent is None:
                self._statement_indent = _indent(line)
            balance = self._balance(end)
            if self._rest and balance.closed:  # closed is what the rest of the line closes
                self._kept = end
            elif _is_whole(balance) and not LEADS.match(line) and not line.endswith("\\"):
                self._end_statement(line, end, self._statement_indent)
        self._lines.append(line)
        self._judged = end + 1
        overdue = not self._limits.in_time() or len(self._lines) >= self._limits.max_lines
        if not self.done and overdue and self._received[self._code : end].strip():
            self._cut_back()

    def _end_statement(self, last_line: str, end: int, indent: int) -> None:
        self._statement_indent = None
        header = self._grammar == "python" and HEADER.search(last_line)
        if self._block_indent is None and self._body_below(indent):
            header = None
        if not header:  # one alone would be a block without a body
            self._whole = end
        if self._block_indent is None:
            if header:
                self._block_indent = indent
            elif self._received[
                self._code : end
            ].strip():  # else it is the line that was there already
                self._kept = end

    def _body_below(self, indent: int) -> bool:
        """Whether what stands below is the body of a block that a line at the cursor opens."""
        return not self._code and _indent(self._next_line) > indent

    def _begin_line(self, line: str) -> None:
        """Stop early where the beginning of a line already tells."""
        loops = LOOP.finditer(self._received, self._judged)
        loop = next((m for m in loops if len(m[0]) >= LOOP_LENGTH and WORD.search(m[1])), None)
        if loop is not None:
            self._kept = loop.end(1)
        elif not UNDECIDED.fullmatch(line) and self._left_block(line):
            self._kept = self._judged

    def _cut_back(self) -> None:
        """Keep the whole statements; if there are none, the first line."""
        first_meant = len(self._received) - len(self._received[self._code :].lstrip())
        end_of_first = self._received.find("\n", first_meant)
        self._kept = self._whole or max(end_of_first, first_meant)

    def _current_line(self, end: int | None = None) -> str:
        line = self._received[self._judged : end]
        return line if self._lines else self._line_start + line

    def _balance(self, end: int) -> Balance:
        """What the suggestion opens and closes; nothing where that can't be told."""
        if self._grammar is None:
            return NOTHING_OPEN
        # Without the suffix: what comes behind must not close what is open here.
        so_far = self._window.prefix + self._received[self._code : end]
        syntax = Syntax.parse(so_far, self._grammar)
        if syntax is None:
            return NOTHING_OPEN
        start = len(encode(self._window.prefix[: self._statement_start]))
        return unbalanced(syntax, start, len(encode(so_far)))

    def _announces(self, line: str) -> bool:
        """Whether a line is chat before the code."""
        if self._grammar is None or self._received[self._code : self._judged].strip():
            return False
        return is_chat(line) and Site(self._window, self._grammar).inside == "code"

    def _left_block(self, line: str) -> bool:
        """Whether a line, perhaps unfinished, stands outside the block being written."""
        if self._block_indent is None or not line.strip():
            return False
        indent = _indent(line)
        if indent != self._block_indent:
            return indent < self._block_indent
        return not CONTINUATION.match(line)

    def _reached_suffix(self, line: str) -> bool:
        return line.rstrip() == self._next_line and bool(WORD.search(line))


def _is_whole(balance: Balance) -> bool:
    """Whether no bracket, string or comment is open that the suggestion should close."""
    return not balance.opened and balance.inside == "code"


def _first_meant(suffix: str) -> str:
    """The first line below the cursor's that is not blank."""
    below = suffix.split("\n")[1:]
    return next((line.rstrip() for line in below if line.strip()), "")


def _indent(line: str) -> int:
    """Width of the white space at the start; a tab goes to the next multiple of eight."""
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip(" "))
