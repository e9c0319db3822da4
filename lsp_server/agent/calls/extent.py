"""Where a bracketed text ends, while it is still being written.

JSON may be broken in every way that small models break it, so brackets are counted and the texts
between them skipped. An end that was found once stays, whatever follows: the parser gives the same
pieces for any chunks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class End:
    """The index behind a bracketed text."""

    index: int
    whole: bool = True
    """Whether its brackets are closed."""
    in_text: bool = False
    """Whether it was cut off inside a text."""


_PAIRS = {"}": "{", "]": "[", ")": "("}
_TOKEN = re.compile(r'//[^\n]*|#[^\n]*|/\*|```|"""|\'\'\'|\\+"|["\'`{}\[\]()<,:\n]|[^\W_]\w*')
_QUOTES = "\"'`"
_SPACE = re.compile(r"\s*")
_KEY = re.compile(r"""\\*(["'])(?:\\[^\n]|(?!\1)[^\\\n])*\1|\w+""")
_MAY_BE_KEY = re.compile(r"""\\*(?:(["'])(?:\\[^\n]|(?!\1)[^\\\n])*\\?)?\Z""")
_CLOSERS = (
    r"(?:</(?:tool_calls?|tools|function_calls?|function|invoke|response|tool_use)>"
    r"|<\|/?tool_calls?(?:_end)?\|>|<｜tool▁calls?▁end｜>)"
)
_LONGEST_CLOSER = 40
_FORCED = re.compile(rf"[}}\])]\s*(?:{_CLOSERS}|```[ \t]{{0,8}}\n)")
"""The end of a call behind a text that was never closed."""
_FORCED_LAST = re.compile(rf"{_FORCED.pattern}|[}}\])]\s*```\s*$")


class JsonScan:
    """A look through the object or list that begins at `start`, as its text comes."""

    def __init__(self, start: int) -> None:
        self.texts: list[tuple[int, int, str]] = []
        """The closed texts in it: where they begin and end, quotes included, and their quotes."""
        self._start = start
        self._at = start
        self._stack: list[str] = []
        self._complete = False
        """Whether a value stands here, and not what is only the beginning of one."""
        self._closed = self._ended = False
        """Whether that value is in brackets; whether its line has ended."""
        self._text_at = -1
        """How far the text that is still open was looked through."""

    def advance(self, text: str, *, final: bool) -> End | None:
        """Where it ends; None if it is still open. `text` goes on from what it was before.

        `final`: nothing follows any more.
        """
        while token := _TOKEN.search(text, self._at):
            found, at = token.group(), token.end()
            if found in ("<", "```") or (self._ended and found[0].isalnum()):
                return _shortened(text, self._start, token.start())
            if found in "{[(":
                if self._complete and found == "{" and self._stack[-1:] == ["{"]:
                    return _shortened(text, self._start, token.start())
                self._stack.append(found)
                self._stand(complete=False)
            elif found in "}])":
                if _PAIRS[found] in self._stack:
                    while self._stack.pop() != _PAIRS[found]:
                        pass
                if not self._stack:
                    return End(at)
                self._stand(complete=True, closed=True)
            elif found.lstrip("\\")[0] in _QUOTES:
                end = self._text_end(text, token.start(), found, final=final)
                if end is None:
                    return End(len(text), whole=False, in_text=True) if final else None
                if not end.whole:
                    return end
                self.texts.append((token.start(), end.index, found))
                at, self._text_at = end.index, -1
                self._stand(complete=True)
            elif found in ",:":
                self._stand(complete=False)
            elif found == "\n":
                self._ended = self._closed
            elif found[0].isalnum():
                self._complete = True
            else:
                if found == "/*":
                    closed = text.find("*/", at)
                    at = len(text) if closed < 0 else closed + 2
                if at == len(text) and not final:
                    return None  # the comment may go on
            self._at = at
        return _shortened(text, self._start, len(text)) if final else None

    def _stand(self, *, complete: bool, closed: bool = False) -> None:
        self._complete, self._closed, self._ended = complete, closed, False

    def _text_end(self, text: str, start: int, quote: str, *, final: bool) -> End | None:
        """Where a text ends; not whole if an end of the call stands in it before it is closed.

        A quote ends it only before what may follow a text: models forget to escape those inside.
        """
        # At the end of what has come, `""` may become `\"\"\"`.
        if not final and len(quote) == 1 and len(text) - start < 3 and set(text[start:]) == {quote}:
            return None
        at = max(start + len(quote), self._text_at)
        if len(quote) == 3:
            closed = text.find(quote, at)
            self._text_at = max(at, len(text) - 2)
            return None if closed < 0 else End(closed + 3)
        # JSON that is escaped as a whole has `\"` around its texts.
        ends = rf"(?<!\\){re.escape(quote)}" if quote[0] == "\\" else rf"\\.|{quote}"
        stops = re.compile(rf"{ends}|[}}\])]", re.DOTALL)
        forced = _FORCED_LAST if final else _FORCED
        decided = True
        while found := stops.search(text, at):
            at = found.end()
            if found.group() == quote:
                ended = _is_behind_text(text, at, in_object=self._stack[-1:] == ["{"])
                if ended is None and not final:
                    return None
                if ended is not False:
                    return End(at)
            elif found.group() in "}])":
                if forced.match(text, found.start()):
                    return End(at, whole=False, in_text=True)
                following, _ = _behind_space(text, at)
                decided = decided and len(text) - following > _LONGEST_CLOSER
            if decided:
                self._text_at = at
        return None


def _is_behind_text(text: str, at: int, *, in_object: bool) -> bool | None:
    """Whether what stands behind a quote may follow a text in JSON; None if it has not come yet."""
    at, blank = _behind_space(text, at)
    head = text[at : at + 1]
    if not head:
        return None
    if head in ":}]" or blank:
        return True
    if head in "</`":
        expected = {"<": "</", "/": "//", "`": "```"}[head]
        rest = text[at : at + len(expected)]
        return None if rest != expected and expected.startswith(rest) else rest == expected
    comma = head == ","
    if comma and not in_object:
        return True
    if comma:
        at, _ = _behind_space(text, at + 1)
        head = text[at : at + 1]
        if not head:
            return None
        if head in "}]/#":
            return True
    elif head not in "\"'\\":
        return False
    # In an object a key comes next: else it is a quote inside, as in `print("a", "b")`.
    key = _KEY.match(text, at)
    if key is None:
        return None if _MAY_BE_KEY.match(text, at) else False
    colon, _ = _behind_space(text, key.end())
    return None if colon == len(text) else text[colon] == ":"


def _behind_space(text: str, at: int) -> tuple[int, bool]:
    """The next place without a space, and whether a blank line stands before it."""
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end(), space.group().count("\n") > 1


def texts(text: str) -> list[tuple[int, int, str]]:
    """Where the closed texts in JSON begin and end, quotes included, and which quotes these are."""
    scan = JsonScan(0)
    scan.advance(text, final=True)
    return scan.texts


def _shortened(text: str, start: int, end: int) -> End:
    return End(start + len(text[start:end].rstrip()), whole=False)


_PYTHON = re.compile(r'#[^\n]*|[rbuf]{0,2}("""|\'\'\'|["\'])|[()\[\]{}]|```|</', re.IGNORECASE)


class PythonScan:
    """A look through the arguments of a Python call, whose bracket stands at `start`."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._at = start
        self._depth = 0
        self._text_at = -1
        """How far the text that is still open was looked through."""

    def advance(self, text: str, *, final: bool) -> End | None:
        """Where the bracket is closed; None if it is still open. As that of `JsonScan`."""
        while token := _PYTHON.search(text, self._at):
            found, at, quote = token.group(), token.end(), token.group(1)
            if quote:
                end = self._text_end(text, token.start(1), quote, final=final)
                if end is None:
                    return End(len(text), whole=False, in_text=True) if final else None
                at, self._text_at = end, -1
            elif found in ("```", "</"):
                return _shortened(text, self._start, token.start())
            elif found[0] == "#":
                if at == len(text) and not final:
                    return None  # the comment may go on
            elif found in "([{":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    return End(at)
            self._at = at
        return _shortened(text, self._start, len(text)) if final else None

    def _text_end(self, text: str, start: int, quote: str, *, final: bool) -> int | None:
        # At the end of what has come, `""` may become `\"\"\"`.
        if not final and len(text) - start < 3 and set(text[start:]) == {quote[0]}:
            return None
        closing = re.compile(rf"\\.|{quote}", re.DOTALL)
        at = max(start + len(quote), self._text_at)
        while found := closing.search(text, at):
            at = self._text_at = found.end()
            if found.group() == quote:
                return at
        return None
