"""Where a bracketed text ends, while it is still being written.

JSON may be broken in every way that small models break it, so brackets are counted and the texts
between them skipped. An end that was found once stays, whatever follows: the parser gives the same
pieces for any chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
_KEY = re.compile(r"""\\*(["'])(?:\\[^\n]|(?!\1)[^\\\n])*\1?|\w+""")
_CLOSERS = (
    r"(?:</(?:tool_calls?|tools|function_calls?|function|invoke|response|tool_use)>"
    r"|<\|/?tool_calls?(?:_end)?\|>|<｜tool▁calls?▁end｜>)"
)
_FORCED = re.compile(rf"[}}\])]\s*(?:{_CLOSERS}|```[ \t]*\n)")
"""The end of a call behind a text that was never closed."""
_FORCED_LAST = re.compile(rf"{_FORCED.pattern}|[}}\])]\s*```\s*$")


def json_end(text: str, start: int, *, final: bool) -> End | None:
    """Where the object or list that begins at `start` ends; None if that is still open.

    `final`: nothing follows any more.
    """
    stack: list[str] = []
    complete = closed = ended = False  # a value; a bracket; and its line
    at = start
    while token := _TOKEN.search(text, at):
        found, at = token.group(), token.end()
        if found in ("<", "```"):
            return _shortened(text, start, token.start())
        if found in "{[(":
            if complete and found == "{" and stack and stack[-1] == "{":
                return _shortened(text, start, token.start())
            stack.append(found)
            complete = closed = ended = False
        elif found in "}])":
            opener = _PAIRS[found]
            if opener in stack:
                while stack.pop() != opener:
                    pass
            if not stack:
                return End(at)
            complete, closed, ended = True, True, False
        elif found.lstrip("\\")[0] in _QUOTES:
            end = _text_end(text, token.start(), found, stack[-1:], final=final)
            if end is None:
                return End(len(text), whole=False, in_text=True) if final else None
            if not end.whole:
                return end
            at, complete, closed, ended = end.index, True, False, False
        elif found in ",:":
            complete = closed = ended = False
        elif found == "\n":
            ended = closed
        elif found == "/*":
            stop = text.find("*/", at)
            if stop < 0:
                break
            at = stop + 2
        elif found[0] not in "/#":
            if ended:
                return _shortened(text, start, token.start())
            complete = True
    return _shortened(text, start, len(text)) if final else None


def _text_end(
    text: str, start: int, quote: str, around: Sequence[str], *, final: bool
) -> End | None:
    """Where a text ends; not whole if an end of the call stands in it before it is closed.

    A quote ends it only before what may follow a text: models forget to escape those inside.
    `around` is the bracket in which the text stands.
    """
    # At the end of what has come, `""` may become `\"\"\"`.
    if not final and len(quote) == 1 and len(text) - start < 3 and set(text[start:]) == {quote}:
        return None
    at = start + len(quote)
    if len(quote) == 3:
        closed = text.find(quote, at)
        return None if closed < 0 else End(closed + 3)
    # JSON that is escaped as a whole has `\"` around its texts.
    ends = rf"(?<!\\){re.escape(quote)}" if quote[0] == "\\" else rf"\\.|{quote}"
    stops = re.compile(rf"{ends}|[}}\])]", re.DOTALL)
    forced = _FORCED_LAST if final else _FORCED
    while found := stops.search(text, at):
        at = found.end()
        if found.group() == quote:
            ended = _is_behind_text(text, at, in_object="{" in around)
            if ended is None and not final:
                return None
            if ended is not False:
                return End(at)
        elif found.group() in "}])" and forced.match(text, found.start()):
            return End(at, whole=False, in_text=True)
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
        return None if text[at:] == "\\" else False
    colon, _ = _behind_space(text, key.end())
    return None if colon == len(text) else text[colon] == ":"


def _behind_space(text: str, at: int) -> tuple[int, bool]:
    """The next place without a space, and whether a blank line stands before it."""
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end(), space.group().count("\n") > 1


def texts(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the texts in JSON begin and end, with their quotes, and which quotes these are.

    A last text that is never closed is left out.
    """
    at = 0
    stack: list[str] = []
    while token := _TOKEN.search(text, at):
        found, at = token.group(), token.end()
        if found in "{[(":
            stack.append(found)
        elif found in "}])" and stack:
            stack.pop()
        elif found.lstrip("\\")[0] in _QUOTES and found != "```":
            end = _text_end(text, token.start(), found, stack[-1:], final=True)
            if end is None or not end.whole:
                return
            yield token.start(), end.index, found
            at = end.index
        elif found == "/*":
            at = max(at, text.find("*/", at))


def _shortened(text: str, start: int, end: int) -> End:
    return End(start + len(text[start:end].rstrip()), whole=False)


_PYTHON = re.compile(r'#[^\n]*|[rbuf]{0,2}("""|\'\'\'|["\'])|[()\[\]{}]|```|</', re.IGNORECASE)


def python_end(text: str, start: int, *, final: bool) -> End | None:
    """Where the bracket of a Python call that stands at `start` is closed; None if still open."""
    depth = 0
    at = start
    while token := _PYTHON.search(text, at):
        found, at, quote = token.group(), token.end(), token.group(1)
        if quote:
            end = _python_text_end(text, token.start(1), quote, final=final)
            if end is None:
                return End(len(text), whole=False, in_text=True) if final else None
            at = end
        elif found in ("```", "</"):
            return _shortened(text, start, token.start())
        elif found in "([{":
            depth += 1
        elif found in ")]}":
            depth -= 1
            if depth == 0:
                return End(at)
    return _shortened(text, start, len(text)) if final else None


def _python_text_end(text: str, start: int, quote: str, *, final: bool) -> int | None:
    if not final and len(text) - start < 3 and set(text[start:]) == {quote[0]}:
        return None
    closing = re.compile(rf"\\.|{quote}", re.DOTALL)
    at = start + len(quote)
    while found := closing.search(text, at):
        at = found.end()
        if found.group() == quote:
            return at
    return None
