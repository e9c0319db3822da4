"""How odd a statement of Python looks with its brackets where they are.

A bracket that is missing may stand in many places where the code parses. People write some of them
hardly ever: `len(x, y)`, `(a) + b`, `f(a == b)`, a line that is indented beside its bracket. The
costs below are no probabilities; all that counts is which place has the least.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lsp_server.actions.fixes.tokens import LINKS, STATEMENTS, Token, column, indent_of

_COMPARES = frozenset(["==", "!=", "<", ">", "<=", ">=", "and", "or", "in", "is", "not"])
_PRECEDENCE: Mapping[str, float] = {
    "if": -1,
    "else": -1,
    "or": 0,
    "and": 0.5,
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">=", "in", "is", "not"), 1),
    **dict.fromkeys(["|", "^", "&"], 2),
    **dict.fromkeys(["<<", ">>"], 3),
    **dict.fromkeys(["+", "-"], 4),
    **dict.fromkeys(["*", "/", "//", "%", "@"], 5),
    "**": 6,
}
_ARITY: Mapping[str, tuple[int, ...]] = {
    name: counts
    for names, counts in (
        ("len repr id hash any all abs callable ord chr append extend", (1,)),
        ("isinstance issubclass hasattr", (2,)),
        ("str list tuple set frozenset bool float strip lstrip rstrip", (0, 1)),
        ("items keys values lower upper locals globals", (0,)),
        ("int type iter sum enumerate startswith endswith", (1, 2, 3)),
        ("getattr range sorted", (1, 2, 3)),
        ("setattr", (3,)),
        ("super", (0, 2)),
    )
    for name in names.split()
}
"""Numbers of arguments that functions and methods known to all are called with."""
_PARAMETERS: Mapping[str, int] = {
    name: count
    for names, count in (
        ("Callable Dict Mapping MutableMapping OrderedDict defaultdict dict", 2),
        ("Iterable Iterator List Optional Sequence Set Type list set type", 1),
    )
    for name in names.split()
}
"""Of generic types."""
_GIVE_NUMBERS = frozenset(["all", "any", "bool", "float", "hasattr", "int", "isinstance", "len"])
"""Of what they give no attribute is taken."""
_TAKE_CONDITIONS = frozenset(
    ["all", "any", "bool", "assertTrue", "assertFalse", "print", "filter", "where"]
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rest of the file tells."""

    code: str
    """The statement's code, with its brackets in place."""
    words: Mapping[str, int]
    """How often the rest of the file has each word."""
    counts: Mapping[str, frozenset[int]]
    """With how many arguments functions are called there."""


@dataclass(slots=True)
class _Pair:
    opener: int
    closer: int
    inside: list[int]
    """Numbers of the tokens directly inside."""


def awkwardness(found: Sequence[Token], facts: Facts) -> float:
    """What is odd about a statement whose brackets match, all costs together."""
    pairs, outside = _pairs(found)
    cost = _statement(found, outside)
    for pair in pairs:
        cost += _pair(found, pair, facts) + _layout(found, pair, facts.code)
    openers = {pair.closer: pair.opener for pair in pairs}
    for number, (before, token) in enumerate(pairwise(found)):
        cost += _neighbours(before, token)
        if before.kind == "close" and token.text in ("(", ".", "["):
            opener = openers.get(number, 0)
            is_call = bool(opener) and found[opener - 1].end == found[opener].start
            # What a call gives is hardly ever called, a list never; nor has one attributes.
            if token.text == "(":
                cost += 1.5 if before.text == ")" or not is_call else 0.0
            else:
                cost += 2.0 if before.text != ")" and not is_call else 0.4
                cost += 1.0 if is_call and found[opener - 1].text in _GIVE_NUMBERS else 0.0
    for number, token in enumerate(found):
        if token.kind == "word" and not facts.words.get(token.text):
            before_it = found[number - 1].text if number else ""
            cost += 0.3 if before_it in ("class", "def") else 0.8 if before_it == "." else 1.6
    return cost + _method(found, facts)


def _neighbours(before: Token, token: Token) -> float:
    """What is odd about two tokens side by side."""
    if token.text == "," and before.text == ",":
        return 3.0
    is_beside = before.row == token.row
    if before.kind == "open" and is_beside and before.end != token.start:
        return 1.5  # `( x`
    if token.kind == "close" and is_beside and before.end != token.start:
        return 1.0
    is_keyword = token.kind == "open" and before.end == token.start and before.text in LINKS
    return 1.0 if is_keyword else 0.0


def _method(found: Sequence[Token], facts: Facts) -> float:
    """Whether what looks like a method lacks its first parameter."""
    texts = [token.text for token in found[:5]]
    if "def" not in texts or not indent_of(found[0], facts.code):
        return 0.0
    place = texts.index("def")
    first = found[place + 3 : place + 4]
    if not first or found[place + 2].text != "(" or first[0].text in ("self", "cls", "mcs"):
        return 0.0
    return 0.8


def _pairs(found: Sequence[Token]) -> tuple[list[_Pair], list[int]]:
    pairs: list[_Pair] = []
    stack: list[_Pair] = []
    outside: list[int] = []
    for number, token in enumerate(found):
        if token.kind == "close" and stack:
            pair = stack.pop()
            pair.closer = number
            pairs.append(pair)
        (stack[-1].inside if stack else outside).append(number)
        if token.kind == "open":
            stack.append(_Pair(number, number, []))
    return pairs, outside


def _statement(found: Sequence[Token], outside: Sequence[int]) -> float:
    """What is odd outside of all brackets."""
    texts = [found[number].text for number in outside]
    is_plain = bool(texts) and texts[0] not in STATEMENTS and "=" not in texts
    if is_plain and any(_PRECEDENCE.get(text, -1) >= 2 for text in texts):
        return 1.5  # what it works out is not used
    if "," not in texts or not texts:
        return 0.0
    if texts[0] in (
        "import",
        "from",
        "for",
        "with",
        "del",
        "global",
        "nonlocal",
        "assert",
        "except",
    ):
        return 0.0
    if "lambda" in texts:
        return 0.0
    if "=" in texts:
        target = texts.index("=")
        return 0.0 if "," in texts[:target] else 1.2
    return 0.8 if texts[0] in ("return", "yield") else 0.3 if texts[-1] == "," else 3.0


def _pair(found: Sequence[Token], pair: _Pair, facts: Facts) -> float:
    opener, inside = found[pair.opener], [found[number] for number in pair.inside]
    before = found[pair.opener - 1] if pair.opener else None
    is_touched = before is not None and before.end == opener.start and before.is_operand_end
    if opener.text == "(" and before is not None and is_touched:
        return _call(before, inside, facts)
    cost = 0.0
    texts = [token.text for token in inside]
    if opener.text == "[" and before is not None and is_touched:
        wanted = _PARAMETERS.get(before.text)
        cost += 2.0 if wanted and wanted != _arguments(texts) else 0.0
        cost += 0.3 * (texts.count(",") > 0) + (1.0 if _COMPARES & set(texts) else 0.0)
    if opener.text == "[" and is_touched and before is not None:
        cost += {"number": 3.0, "string": 1.0}.get(before.kind, 0.0)
    following = found[pair.closer + 1 : pair.closer + 3]
    if opener.is_first and found[pair.closer].row == opener.row and len(following) == 2:
        cost += 0.8 * (following[0].text == "," and not following[1].is_first)
    if before is not None and before.end < opener.start and before.is_operand_end:
        cost += 2.0 if before.text not in ("print",) else 0.5  # `f (x)`
    if opener.text == "(":
        cost += _group(found, pair, inside)
    if len(texts) > 1 and texts[-1] == "," and inside[-1].row == opener.row:
        cost += 0.0 if opener.text == "(" and texts.count(",") == 1 else 1.0
    return cost


def _call(callee: Token, inside: Sequence[Token], facts: Facts) -> float:
    texts = [token.text for token in inside]
    number = _arguments(texts)
    cost = 3.0 if callee.kind in ("number", "string") else 0.0
    known = _ARITY.get(callee.text)
    seen = facts.counts.get(callee.text, frozenset())
    if number in seen:
        pass
    elif known is not None and number not in known:
        cost += 3.0
    elif known is None and seen and "*" not in texts and "**" not in texts:
        cost += 1.2
    elif known is None and not seen and not number:
        cost += 0.4
    if known is None and not seen and callee.kind == "word" and callee.text.islower():
        cost += 0.2
    if "for" not in texts and "lambda" not in texts and callee.text not in _TAKE_CONDITIONS:
        cost += 0.8 * bool(_COMPARES & set(texts)) + 0.3 * ("if" in texts)
    if texts and texts[-1] == "," and inside[-1].row == inside[0].row:
        cost += 1.0
    return cost


def _arguments(texts: Sequence[str]) -> int:
    if not texts:
        return 0
    return 1 + texts.count(",") - (texts[-1] == ",")


def _group(found: Sequence[Token], pair: _Pair, inside: Sequence[Token]) -> float:
    """What is odd about brackets that only group, or make a tuple."""
    texts = [token.text for token in inside]
    if not texts or "," in texts or "for" in texts or "yield" in texts:
        return 0.0
    inner = [_PRECEDENCE[text] for text in texts if text in _PRECEDENCE]
    spans = inside[0].row != found[pair.closer].row
    if not inner:
        return 0.0 if spans else 2.0
    sides = [
        _PRECEDENCE[found[number].text]
        for number in (pair.opener - 1, pair.closer + 1)
        if 0 <= number < len(found) and _PRECEDENCE.get(found[number].text, -1) >= 0
    ]
    following = found[pair.closer + 1].text if pair.closer + 1 < len(found) else ""
    if following in (".", "["):
        return 0.0
    if spans and following in (":", ""):
        return -0.5
    if sides and not spans and max(sides) > min(inner):
        return -0.8
    return 0.5 if sides or spans else 1.2


def _layout(found: Sequence[Token], pair: _Pair, code: str) -> float:
    """Whether lines within brackets are indented as is usual."""
    opener, closer = found[pair.opener], found[pair.closer]
    if opener.row == closer.row or pair.opener + 1 >= len(found):
        return 0.0
    hangs = found[pair.opener + 1].row != opener.row
    cost = 0.0
    if hangs:
        if closer.is_first:
            cost += 0.0 if column(closer.start, code) == indent_of(opener, code) else 0.7
        else:
            cost += 0.3
        lines = [found[number] for number in pair.inside if found[number].is_first]
        cost += sum(column(each.start, code) <= indent_of(opener, code) for each in lines)
    else:
        lines = [found[number] for number in pair.inside if found[number].is_first]
        aligned = column(opener.start, code) + 1
        cost += 0.5 * sum(column(each.start, code) != aligned for each in lines)
        cost += 0.4 * closer.is_first
    return cost


def call_counts(code: str, names: set[str]) -> dict[str, frozenset[int]]:
    """With how many arguments some functions are called, where the brackets are on one line."""
    found: dict[str, set[int]] = {}
    for match in _CALL.finditer(code):
        if match[1] not in names:
            continue
        depth, number, is_empty = 1, 1, True
        for each in _PART.finditer(code, match.end(), match.end() + 400):
            text = each[0]
            if text in "([{":
                depth += 1
            elif text in ")]}":
                depth -= 1
            elif text == "," and depth == 1:
                number += 1
                continue
            if not depth:
                found.setdefault(match[1], set()).add(0 if is_empty else number)
                break
            is_empty = is_empty and text.isspace()
    return {name: frozenset(counts) for name, counts in found.items()}


_CALL = re.compile(r"(?<!def )\b(\w+)\(")
_PART = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[(\[{)\]},]|[^\"'(\[{)\]},]+")
