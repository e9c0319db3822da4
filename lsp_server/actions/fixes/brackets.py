"""Put in the bracket that is missing, or take out the one that is too many.

Where a bracket belongs is a guess. What parses is tried in the order of how odd it looks
(`awkward`), and a place is only certain if no other looks nearly as good.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lsp_server.actions.action import Edit, Request
from lsp_server.actions.fixes.awkward import Facts, awkwardness, call_counts
from lsp_server.actions.fixes.base import Fix
from lsp_server.actions.fixes.tokens import (
    CLOSERS,
    OPENERS,
    Mismatch,
    Token,
    mismatch,
    suspicious,
    tokens,
)
from lsp_server.actions.troubles import Trouble
from lsp_server.actions.verify import compiles
from lsp_server.core.scopes import builtin_names
from lsp_server.core.standard import exporters
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point, encode

MAX_TRIED = 30
MAX_PLACES = 250
"""Places that are compared; a longer statement is left alone."""
MAX_ROWS = 200
"""Of the function around; of a longer one, a statement of it is looked at."""
MAX_FUNCTION = 2_000
MAX_CHARACTERS = 20_000
MAX_AROUND = 1_000
"""Rows above and below that tell which names there are and how functions are called."""
MARGIN = 0.35
"""By which the least odd place must be less odd than the next to be certain."""
OFFERED = 2
_REMOVED = 1.2
"""What it costs to take a bracket out: one is more often forgotten than typed twice."""
_DEFINITION = re.compile(r"\s*(?:async\s+def|def|class)\b")
_GOES_ON = re.compile(r"\s*(?:[)\]}.,:]|->|else\b|elif\b|except\b|finally\b|#|$)")


def unbalanced(trouble: Trouble, request: Request) -> Iterator[Fix]:
    """Balance the brackets near a place."""
    if request.syntax.grammar == "python":
        yield from _python(trouble, request)
    else:
        yield from _missing(trouble, request.syntax)


def _missing(trouble: Trouble, syntax: Syntax) -> Iterator[Fix]:
    """Brackets that the parser itself has put in to go on, in lines near the trouble."""
    first = syntax.data.rfind(b"\n", 0, trouble.start) + 1
    last = syntax.data.find(b"\n", trouble.end)
    waiting = [syntax.tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.is_missing and node.type in OPENERS:
            if first <= node.start_byte and (last < 0 or node.start_byte <= last + 1):
                edit = Edit(node.start_byte, node.start_byte, node.type)
                yield Fix(f"Insert the missing `{node.type}`", (edit,))
        elif node.has_error:
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class _Candidate:
    cost: float
    start: int
    end: int
    new: str
    """Offsets are characters of the region."""


def _python(trouble: Trouble, request: Request) -> Iterator[Fix]:
    lines = request.snapshot.text.lines
    row = request.snapshot.text.at_byte(trouble.start).row
    for first, last in dict.fromkeys(_regions(lines, row)):
        code = "".join(lines[first:last])
        found = tokens(code) if len(code) <= MAX_CHARACTERS else None
        wrong = mismatch(found, code) if found else None
        if not found or wrong is None or _compiles(code):
            continue
        offset = request.snapshot.text.byte_offset(Point(first, 0))
        above, below = lines[max(0, first - MAX_AROUND) : first], lines[last : last + MAX_AROUND]
        rest = "".join((*above, *below))
        good = list[_Candidate]()
        for each in (suspicious(found, code), wrong):
            good = good or (_tried(_candidates(found, each, code, rest), code) if each else [])
        for number, one in enumerate(good[:OFFERED]):
            start, end = (offset + len(encode(code[:place])) for place in (one.start, one.end))
            is_sure = not number and (len(good) < 2 or good[1].cost - one.cost >= MARGIN)
            yield Fix(_title(one, code), (Edit(start, end, one.new),), is_sure=is_sure)
        if good:
            return


def _title(candidate: _Candidate, code: str) -> str:
    if candidate.new:
        return f"Insert the missing `{candidate.new}`"
    return f"Remove the `{code[candidate.start : candidate.end]}` that is too many"


def _regions(lines: Sequence[str], row: int) -> Iterator[tuple[int, int]]:
    """Rows of what is complete for itself but for a bracket: the function around, or statements."""
    for start in _starts(lines, row):
        indent = _width(lines[start])
        end = _end(lines, start, row, indent)
        if end - start <= MAX_ROWS:
            yield start, end
            continue
        for inner in sorted({_width(line) for line in lines[start + 1 : end] if line.strip()}):
            child = row
            while child > start and (_width(lines[child]) > inner or _GOES_ON.match(lines[child])):
                child -= 1
            last = _end(lines, child, row, inner)
            if inner > indent and last - child <= MAX_ROWS:
                yield child, last
                break


def _end(lines: Sequence[str], start: int, row: int, indent: int) -> int:
    """The row at which what begins at a row, and has another one in it, is over."""
    end = max(start, row) + 1
    decorated = lines[start].lstrip().startswith("@")
    while end < min(len(lines), start + MAX_FUNCTION):
        if not _GOES_ON.match(lines[end]) and _width(lines[end]) <= indent:
            if not decorated:
                break
            decorated = lines[end].lstrip().startswith("@")
        end += 1
    return end


def _starts(lines: Sequence[str], row: int) -> Iterator[int]:
    """The rows of the definitions around a row and of the statement at the margin, inmost first."""
    indent = _width(lines[row]) + 1 if lines[row].strip() else 1_000
    for each in range(row, max(-1, row - MAX_FUNCTION), -1):
        line = lines[each]
        if _GOES_ON.match(line) and not _DEFINITION.match(line):
            continue
        width = _width(line)
        if width < indent and (_DEFINITION.match(line) or not width):
            yield each
            indent = width
        if not width:
            return


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _tried(candidates: list[_Candidate], code: str) -> list[_Candidate]:
    """The least odd ones with which the code compiles."""
    good: list[_Candidate] = []
    for each in sorted(candidates, key=lambda each: each.cost)[:MAX_TRIED]:
        if good and each.cost - good[0].cost >= MARGIN and len(good) >= OFFERED:
            break
        if _compiles(code[: each.start] + each.new + code[each.end :]):
            good.append(each)
            if len(good) > OFFERED:
                break
    return good


def _compiles(code: str) -> bool:
    """Whether lines are code, also if the last is a header whose block is left out."""
    shown = code.rstrip()
    return compiles(encode(f"{shown} pass\n" if shown.endswith(":") else code))


def _candidates(found: Sequence[Token], wrong: Mismatch, code: str, rest: str) -> list[_Candidate]:
    """All ways to give a bracket its partner, or to take it out, with how odd they look."""
    first, last = _statement(found, wrong)
    start, end = found[first].start, found[last].end
    words = Counter(re.findall(r"\w+", rest + code[:start] + code[end:]))
    words.update(dict.fromkeys((*builtin_names("python"), *keyword.kwlist), 1))
    names = {token.text for token in found[first : last + 1] if token.kind == "word"}
    places = list(islice(_places(found, wrong, words, code), MAX_PLACES + 1))
    if len(places) > MAX_PLACES:
        return []
    names |= {code[a:b] for place in places for a, b in _parts(place, code)}
    words.update({name: 1 for name in names if exporters(name)})
    counts = call_counts(rest + code[:start] + code[end:], names)
    bracket = found[wrong.place]
    partner = CLOSERS[bracket.text] if wrong.is_opener else OPENERS[bracket.text]
    ways = [(place, place, partner, 0.0) for place in places]
    ways.append((bracket.start, bracket.end, "", _REMOVED))
    # The statement at the margin, so that columns are those of the file.
    begin = code.rfind("\n", 0, start) + 1
    shown = []
    for place, until, new, extra in ways:
        text = code[begin:place] + new + code[until:end]
        parts = tokens(text)
        if parts is not None and mismatch(parts, text) is None:
            cost = awkwardness(parts, Facts(text, words, counts))
            shown.append(_Candidate(cost + extra, place, until, new))
    return shown


def _statement(found: Sequence[Token], wrong: Mismatch) -> tuple[int, int]:
    """The first and last token of the statement that the bracket stands in."""
    first = min(wrong.first, wrong.place)
    depth = 0
    while first and not (found[first].is_first and not depth):
        first -= 1
        depth = max(depth - _step(found[first]), 0)
    last = max(wrong.last, wrong.place)
    depth = sum(_step(token) for token in found[first : last + 1])
    wanted = 1 if wrong.is_opener else -1
    while last + 1 < len(found) and (depth != wanted or not found[last + 1].is_first):
        last += 1
        depth += _step(found[last])
    return first, last


def _step(token: Token) -> int:
    return (token.kind == "open") - (token.kind == "close")


def _places(
    found: Sequence[Token], wrong: Mismatch, words: Counter[str], code: str
) -> Iterator[int]:
    """Where the partner of a bracket may stand."""
    if wrong.is_opener:
        for number in range(wrong.first, wrong.last + 1):
            token = found[number]
            if number > wrong.first and token.is_first:
                yield token.start
            yield token.end
            yield from _blank_line(code, token, found[number + 1 : number + 2])
        return
    for number in range(wrong.first, wrong.last + 1):
        token = found[number]
        yield token.start
        if number < wrong.last and token.end != found[number + 1].start:
            yield token.end
        if token.kind == "word" and token.text not in words:
            yield from range(token.start + 1, token.end)


def _blank_line(code: str, token: Token, following: Sequence[Token]) -> Iterator[int]:
    """The end of a line of white space behind a token: its bracket may be what is missing."""
    end = following[0].start if following else len(code)
    for match in re.finditer(r"\n[ \t]*(?=\r?\n)", code[token.end : end]):
        yield token.end + match.end()


def _parts(place: int, code: str) -> Iterator[tuple[int, int]]:
    """The word that would stand in front of a bracket."""
    match = re.search(r"\w+\Z", code[max(0, place - 60) : place])
    if match:
        yield place - len(match[0]), place
