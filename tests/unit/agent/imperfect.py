"""Edit blocks as small models write them, made from real code: right in intent, wrong in detail."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from lsp_server.agent.edits.lines import split

ROOT = Path(__file__).parents[3] / "lsp_server"
LINE = "pass  # edited"


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    old: str
    new: str
    wanted: str
    """The text after the edit."""
    is_clear: bool
    """Whether a reader of the file could tell the place."""


def cases(count: int, seed: int) -> list[Case]:
    """Seeded; every kind of defect as often."""
    chance = random.Random(seed)
    files = [path for path in sorted(ROOT.rglob("*.py")) if path.stat().st_size > 2_500]
    kinds = list(_DEFECTS)
    made: list[Case] = []
    while len(made) < count:
        text = chance.choice(files).read_text("utf-8")
        kind = kinds[len(made) % len(kinds)]
        case = _case(kind, text, chance)
        if case is not None:
            made.append(case)
    return made


def _case(kind: str, text: str, chance: random.Random) -> Case | None:
    lines = split(text)
    size = chance.randint(3, 12)
    start = chance.randrange(len(lines) - size)
    block = lines[start : start + size]
    if not block[0].strip() or not block[-1].strip() or sum(len(x.split()) for x in block) < 12:
        return None
    wanted = _edited(block, chance)
    if wanted is None:
        return None
    if kind == "crlf file":
        lines, wanted = ([x.replace("\n", "\r\n") for x in part] for part in (lines, wanted))
    if kind == "duplicate":
        lines += ["\n", *block]
    old, new = _DEFECTS[kind](block, wanted, chance)
    after = [*lines[:start], *wanted, *lines[start + size :]]
    whole = "".join(lines)
    # A passage that differs only by its indentation from another can't be told from it, unless it
    # is quoted as it stands, white space at the ends of lines apart.
    stripped = [x.strip() for x in lines]
    mine = [x.strip() for x in block]
    places = sum(stripped[row : row + size] == mine for row in range(len(lines)))
    quoted, ended = [x.rstrip() for x in old], [x.rstrip() for x in lines]
    exact = sum(ended[row : row + size] == quoted for row in range(len(lines)))
    is_clear = places == 1 or (quoted == [x.rstrip() for x in block] and exact == 1)
    return Case(kind, whole, "".join(old), "".join(new), "".join(after), is_clear)


def _edited(block: list[str], chance: random.Random) -> list[str] | None:
    """Change, add or delete a line in the middle."""
    row = chance.randrange(len(block))
    line = block[row]
    if not line.strip():
        return None
    space = line[: len(line) - len(line.lstrip())]
    match chance.randrange(4):
        case 0:
            return [*block[:row], f"{space}{LINE}\n", *block[row + 1 :]]
        case 1:
            return [*block[:row], line, f"{space}{LINE}\n", *block[row + 1 :]]
        case 2 if 0 < row < len(block) - 1 and block[row - 1].strip() and block[row + 1].strip():
            return [*block[:row], *block[row + 1 :]]
        case _:
            return [*block[:row], f"{space}if ready:\n", f"{space}    {LINE}\n", *block[row:]]


Passages = tuple[list[str], list[str]]


def _dedented(old: list[str], new: list[str], _: random.Random) -> Passages:
    lead = min(len(x) - len(x.lstrip()) for x in old + new if x.strip())
    return [x[lead:] or "\n" for x in old], [x[lead:] or "\n" for x in new]


def _deeper(old: list[str], new: list[str], chance: random.Random) -> Passages:
    space = " " * chance.choice((1, 2, 4))
    return [space + x for x in old], [space + x for x in new]


def _tabs(old: list[str], new: list[str], _: random.Random) -> Passages:
    def tabbed(x: str) -> str:
        lead = len(x) - len(x.lstrip(" "))
        return "\t" * (lead // 4) + " " * (lead % 4) + x[lead:]

    return [tabbed(x) for x in old], [tabbed(x) for x in new]


def _two_spaces(old: list[str], new: list[str], _: random.Random) -> Passages:
    def halved(x: str) -> str:
        lead = len(x) - len(x.lstrip(" "))
        return " " * (lead // 2) + x[lead:]

    return [halved(x) for x in old], [halved(x) for x in new]


def _trailing(old: list[str], new: list[str], chance: random.Random) -> Passages:
    return [x[:-1] + " " * chance.randrange(3) + "\n" for x in old], new


def _first_flush(old: list[str], new: list[str], _: random.Random) -> Passages:
    if old[0] != new[0]:
        return old, new
    return [old[0].lstrip(), *old[1:]], [new[0].lstrip(), *new[1:]]


def _spaced(old: list[str], new: list[str], chance: random.Random) -> Passages:
    """White space within lines is not the file's; alike in both."""
    picked = {x for x in old if chance.random() < 0.5}

    def loose(x: str) -> str:
        lead = len(x) - len(x.lstrip())
        return x[:lead] + x[lead:].replace(", ", ",").replace(" = ", "=") if x in picked else x

    return [loose(x) for x in old], [loose(x) for x in new]


def _no_blank_lines(old: list[str], new: list[str], _: random.Random) -> Passages:
    return [x for x in old if x.strip()], [x for x in new if x.strip()]


def _stray_line(old: list[str], new: list[str], chance: random.Random) -> Passages:
    """A line that both have in common is misquoted by a word."""
    common = [x for x in old if new.count(x) == 1 == old.count(x) and len(x.split()) > 3]
    if not common or len(old) < 6:
        return old, new
    wrong = chance.choice(common)
    parts = wrong.rstrip("\n").split(" ")
    parts[-1] = "other"
    changed = " ".join(parts) + "\n"
    return [changed if x == wrong else x for x in old], [changed if x == wrong else x for x in new]


def _moved_line(old: list[str], new: list[str], _: random.Random) -> Passages:
    """Two lines that the edit leaves alone are quoted in the wrong order."""
    for row in range(len(old) - 1):
        pair = old[row : row + 2]
        at = next((k for k in range(len(new) - 1) if new[k : k + 2] == pair), None)
        if at is not None and pair[0].strip() and pair[1].strip() and len(old) > 6:
            swapped = [pair[1], pair[0]]
            return (
                [*old[:row], *swapped, *old[row + 2 :]],
                [*new[:at], *swapped, *new[at + 2 :]],
            )
    return old, new


def _as_it_is(old: list[str], new: list[str], _: random.Random) -> Passages:
    return old, new


def _crlf(old: list[str], new: list[str], _: random.Random) -> Passages:
    return [x.replace("\n", "\r\n") for x in old], [x.replace("\n", "\r\n") for x in new]


def _lf(old: list[str], new: list[str], _: random.Random) -> Passages:
    return old, [x.replace("\r\n", "\n") for x in new]


def _blank_edges(old: list[str], new: list[str], _: random.Random) -> Passages:
    return ["\n", *old, "\n"], ["\n", *new, "\n"]


_DEFECTS = {
    "blank edges": _blank_edges,
    "crlf block": _crlf,
    "crlf file": _lf,
    "dedented": _dedented,
    "deeper": _deeper,
    "duplicate": _as_it_is,
    "first line flush left": _first_flush,
    "moved line": _moved_line,
    "no blank lines": _no_blank_lines,
    "none": _as_it_is,
    "spaces within": _spaced,
    "tabs": _tabs,
    "trailing space": _trailing,
    "two spaces": _two_spaces,
    "wrong word": _stray_line,
}
