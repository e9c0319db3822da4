"""The definitions that a description may mean: by the words of their names, docs and code.

A word counts the more the fewer definitions have it, and most in a name.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from lsp_server.agent.desk import Desk
from lsp_server.agent.workflows.names import CODE_KINDS, Source, sources
from lsp_server.agent.workflows.work import Work
from lsp_server.core.prompts import template
from lsp_server.core.symbols import Symbol
from lsp_server.workspace.index import Definition, Match
from lsp_server.workspace.testfiles import is_test
from lsp_server.workspace.words import words

PASSAGES = 40
IN_NAME, IN_DOC, IN_CODE = 3.0, 2.0, 1.0


async def likely(desk: Desk, text: str, count: int) -> list[Source]:
    """So many at most, the likeliest first; no tests, unless the text is about tests."""
    found = await asyncio.to_thread(_ranked, desk, text)
    return await sources(desk, found[:count])


async def which(work: Work, text: str, found: Sequence[Source]) -> Source:
    """The one that the model takes the text to be about."""
    if len(found) == 1:
        return found[0]
    prompt = template("agent/workflows/which.md.j2").render(
        request=text,
        choices=[(n, each, each.symbol.doc) for n, each in enumerate(found, 1)],
    )
    number = await work.choose(prompt, [str(n + 1) for n in range(len(found))])
    return found[int(number) - 1]


def _ranked(desk: Desk, text: str) -> list[Definition]:
    wanted = stems(_WORD.findall(text)) - _ASKING
    asked = " ".join({*wanted, *(w.lower() for w in _WORD.findall(text))} - _ASKING)
    about_tests = "test" in wanted
    passages = [
        match
        for match in desk.library.similar(asked, PASSAGES)
        if about_tests or not is_test(match.path)
    ]
    bags: dict[Definition, Counter[str]] = {}
    for path in dict.fromkeys(match.path for match in passages):
        here = [match for match in passages if match.path == path]
        for symbol in desk.library.in_module(path):
            if symbol.kind in (*CODE_KINDS, "class") and (bag := _bag(symbol, here)):
                bags[Definition(path, symbol)] = bag
    return _by_score(bags, wanted)


def _by_score(bags: dict[Definition, Counter[str]], wanted: Iterable[str]) -> list[Definition]:
    total = len(bags) + 1
    rare = {
        word: math.log(total / (1 + sum(word in bag for bag in bags.values()))) + 0.1
        for word in wanted
    }
    scores = {each: sum(rare[word] * bag[word] for word in rare) for each, bag in bags.items()}
    return sorted((each for each in bags if scores[each] > 0), key=lambda e: -scores[e])


def _bag(symbol: Symbol, passages: Sequence[Match]) -> Counter[str]:
    """Words with their weight: each counts where it says most."""
    near = [
        p for p in passages if p.first_row <= symbol.last_row and symbol.first_row <= p.last_row
    ]
    if not near:
        return Counter()
    bag: Counter[str] = Counter()
    code = "\n".join(_rows(match, symbol) for match in near)
    for text, weight in (
        (symbol.name, IN_NAME),
        (symbol.doc, IN_DOC),
        (symbol.signature + " " + symbol.container, IN_CODE),
        (code if symbol.kind != "class" else "", IN_CODE),
    ):
        for word in stems(words(text).split()):
            bag[word] = max(bag[word], int(weight))
    return bag


def _rows(match: Match, symbol: Symbol) -> str:
    lines = match.text.split("\n")
    first = max(0, symbol.first_row - match.first_row)
    return "\n".join(lines[first : symbol.last_row - match.first_row + 1])


def stems(found: Iterable[str]) -> set[str]:
    """Words without their endings, roughly: `parses`, `parsing` and `parsed` are one."""
    return {_stem(word.lower()) for word in found}


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ied", "ies", "ers", "ed", "es", "er", "or", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


_WORD = re.compile(r"[A-Za-z_]\w+")
_ASKING = frozenset(
    """
    about all an and any are as at be by can class code do doe does fil file find for from function
    functi give given handl how if in into is it its lin line me method of on or plac place project
    show someth something tell that the them there these they thi this to us use used what when
    where which who why with
    """.split()  # noqa: SIM905
)
