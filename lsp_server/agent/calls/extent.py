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
_TOKEN = re.compile(r'//[^\n]*|#[^\n]*|/\*|```|"""|\'\'\'|["\'`{}\[\]()<,:\n]|[^\W_]\w*')
_AFTER_TEXT = re.compile(r"[ \t\r\n]*([,:}\]]|//|/\*|</|```)|[ \t\r]*\n[ \t\r]*\n")
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
        elif found in ('"', "'", "`", '"""', "'''"):
            end = _text_end(text, token.start(), found, final=final)
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


def _text_end(text: str, start: int, quote: str, *, final: bool) -> End | None:
    """Where a text ends; not whole if an end of the call stands in it before it is closed.

    A quote ends it only before what may follow a text: models forget to escape those inside.
    """
    # At the end of what has come, `""` may become `\"\"\"`.
    if not final and len(quote) == 1 and len(text) - start < 3 and set(text[start:]) == {quote}:
        return None
    at = start + len(quote)
    if len(quote) == 3:
        closed = text.find(quote, at)
        return None if closed < 0 else End(closed + 3)
    forced = _FORCED_LAST if final else _FORCED
    stops = re.compile(rf"\\.|{quote}|[}}\])]", re.DOTALL)
    while found := stops.search(text, at):
        at = found.end()
        if found.group() == quote:
            if _AFTER_TEXT.match(text, at) or (final and not text[at:].strip()):
                return End(at)
        elif found.group() in "}])" and forced.match(text, found.start()):
            return End(at, whole=False, in_text=True)
    return None


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
