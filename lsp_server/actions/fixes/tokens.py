"""Python code as tokens, also where its brackets don't match: no tokenizer or parser takes that."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "number", "string", "open", "close", "operator"]

CLOSERS = {"(": ")", "[": "]", "{": "}"}
OPENERS = {closer: opener for opener, closer in CLOSERS.items()}
STATEMENTS = frozenset(
    [
        "@",
        "assert",
        "async",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "else",
        "except",
        "finally",
        "for",
        "from",
        "global",
        "if",
        "import",
        "nonlocal",
        "pass",
        "raise",
        "return",
        "try",
        "while",
        "with",
    ]
)
"""What a line may begin with that is a statement of its own, or part of one."""
LINKS = frozenset(
    [
        "and",
        "as",
        "await",
        "else",
        "for",
        "if",
        "in",
        "is",
        "lambda",
        "not",
        "or",
        "yield",
        "async",
        "from",
    ]
)
"""Keywords that stand within expressions."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token; offsets are characters of the code."""

    kind: Kind
    text: str
    start: int
    end: int
    row: int
    is_first: bool
    """Of its line."""

    @property
    def is_operand_end(self) -> bool:
        """Whether an operand may end with it."""
        if self.kind == "word":
            return not keyword.iskeyword(self.text) or self.text in ("None", "True", "False")
        return self.kind in ("number", "string", "close")

    @property
    def is_operand_start(self) -> bool:
        """Whether an operand may begin with it; brackets apart, which may go on with one too."""
        if self.kind == "word":
            return self.text not in LINKS or self.text in ("await", "lambda", "not", "yield")
        return self.kind in ("number", "string")


def tokens(code: str) -> list[Token] | None:
    """The tokens without comments; None where a string has no end."""
    found: list[Token] = []
    row, is_first = 0, True
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "", match[0]
        if kind == "broken":
            return None
        if kind not in ("space", "comment"):
            found.append(Token(kind, text, *match.span(), row, is_first))  # type: ignore[arg-type]
            is_first = False
        lines = text.count("\n")
        if lines:
            row += lines
            is_first = kind == "space" and "\\" not in text
    return found


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first bracket that has no partner."""

    place: int
    """Number of its token."""
    is_opener: bool
    first: int
    """The first and the last token between which the partner must stand; the statement is there."""
    last: int


def mismatch(found: Sequence[Token], code: str) -> Mismatch | None:
    """The first bracket without a partner; a statement's start ends what is open before it."""
    stack: list[int] = []
    statement = 0
    for number, token in enumerate(found):
        if not stack and token.is_first and not _continues(found, number, statement, code):
            statement = number
        if stack and token.is_first and _begins_statement(found, number, stack[0], code):
            return Mismatch(stack[0], True, stack[0], number - 1)
        if stack and _ends_header(found, number, found[statement]):
            return Mismatch(stack[0], True, stack[0], number - 1)
        if token.kind == "open":
            stack.append(number)
        elif token.kind == "close":
            if stack and found[stack[-1]].text == OPENERS[token.text]:
                stack.pop()
            elif stack and any(found[each].text == OPENERS[token.text] for each in stack):
                return Mismatch(stack[-1], True, stack[-1], number - 1)
            else:
                first = _line_around(found, number, code) if token.is_first else statement
                return Mismatch(number, False, max(first, stack[-1] + 1 if stack else 0), number)
    return Mismatch(stack[0], True, stack[0], len(found) - 1) if stack else None


def suspicious(found: Sequence[Token], code: str) -> Mismatch | None:
    """The first bracket that the layout says has no partner, in code where some bracket has none.

    A line that is indented no deeper than the one that opens a bracket, and goes on behind it, is
    hardly within it. A bracket that ends its line is hardly closed at the end of another one.
    """
    stack: list[int] = []
    for number, token in enumerate(found):
        if stack and token.is_first and token.kind != "close":
            opener = found[stack[-1]]
            hangs = found[stack[-1] + 1].row != opener.row
            is_beside = column(token.start, code) <= indent_of(opener, code)
            if is_beside and not hangs and token.text not in (".", ":", "->", ","):
                return Mismatch(stack[-1], True, stack[-1], number - 1)
        if token.kind == "open":
            stack.append(number)
        elif token.kind == "close" and stack and found[stack[-1]].text == OPENERS[token.text]:
            opener_number = stack.pop()
            hangs = found[opener_number + 1].row != found[opener_number].row
            after = found[number + 1 : number + 3]
            goes_on = len(after) == 2 and after[0].text == "," and after[1].is_first
            if hangs and goes_on and not token.is_first and after[1].kind != "close":
                deep = column(after[1].start, code) == indent_of(token, code)
                if deep:
                    return Mismatch(number, False, _line_start(found, number), number)
    return None


def _continues(found: Sequence[Token], number: int, statement: int, code: str) -> bool:
    """Whether a line goes on with a statement, by its indentation or a comma above."""
    if not number:
        return False
    before = found[number - 1].text
    deeper = column(found[number].start, code) > indent_of(found[statement], code)
    return before == "," or (deeper and before != ":")


def _line_start(found: Sequence[Token], number: int) -> int:
    while number and not found[number].is_first:
        number -= 1
    return number


def _line_around(found: Sequence[Token], number: int, code: str) -> int:
    """The start of the line above that is indented no deeper than a bracket that begins its own."""
    indent = column(found[number].start, code)
    first = number - 1
    while first > 0:
        if found[first].is_first and column(found[first].start, code) <= indent:
            break
        first -= 1
    return max(first, 0)


def _ends_header(found: Sequence[Token], number: int, statement: Token) -> bool:
    """Whether a token is the colon that ends the header of a block."""
    if found[number].text != ":" or statement.text not in _HEADERS:
        return False
    return number + 1 == len(found) or found[number + 1].is_first


def _begins_statement(found: Sequence[Token], number: int, opener: int, code: str) -> bool:
    """Whether a token at a line's start can't belong to the bracket that is open there."""
    token, before = found[number], found[number - 1]
    indent, around = column(token.start, code), _indent(found[opener].start, code)
    if indent > around:
        return False
    if token.kind == "close" or token.text in (".", ":", "->", ","):
        return False
    if indent < around or token.text in _ALWAYS_STATEMENTS:
        return True
    following = found[number + 1] if number + 1 < len(found) else None
    if following is not None and following.text == "=" and token.kind == "word":
        return True
    return before.is_operand_end and (token.is_operand_start or token.text in STATEMENTS)


def column(offset: int, code: str) -> int:
    """Characters in front of an offset in its line."""
    return offset - code.rfind("\n", 0, offset) - 1


def _indent(offset: int, code: str) -> int:
    start = code.rfind("\n", 0, offset) + 1
    line = code[start:]
    return len(line) - len(line.lstrip(" \t"))


def indent_of(token: Token, code: str) -> int:
    """Characters of white space that a token's line begins with."""
    return _indent(token.start, code)


_HEADERS = frozenset(["async", "class", "def", "elif", "for", "if", "while", "with"])
_ALWAYS_STATEMENTS = STATEMENTS - LINKS - {"@"}
_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\f\r\n]|\\\r?\n)+)
    |(?P<comment>\#[^\n]*)
    |(?P<string>[rRbBuUfFtT]{0,2}(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<broken>["'])
    |(?P<number>\.?\d[\w.]*)
    |(?P<word>\w+)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<operator>\*\*=|//=|>>=|<<=|->|:=|==|!=|<=|>=|[-+*/%&|^@]=|\*\*|//|<<|>>|\.\.\.|.)""",
    re.VERBOSE | re.DOTALL,
)
