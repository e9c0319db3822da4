"""Find a passage as a model quoted it, and put the new one in its place.

    apply(text, old, new) -> Applied | Refused

Matchers are tried in order, the strictest first: `exact`, `line ends`, `trailing space`,
`indentation`, `inline`, `white space`, `elided`, `similar`. The first that finds a place decides.
If it finds several, the edit is refused and they are shown: a wrong guess costs the user more than
another question costs the model.

What is found is merged and not overwritten: of the file's own lines only those change that differ
between `old` and `new`, so what a model misquotes around its change stays as it is in the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_server.agent.edits import lines as _lines
from lsp_server.agent.edits.find import Found, Rung, find, inline, similar
from lsp_server.agent.edits.fit import fitted
from lsp_server.agent.edits.lines import split
from lsp_server.agent.edits.result import MAX_PLACES, Applied, Place, Refused, place
from lsp_server.core.text import Text, body

MAX_HINT_ROWS = 5
"""How far off a line number may be: small models are often wrong by a few."""
BOM = "\ufeff"


def apply(text: str, old: str, new: str, *, near_line: int | None = None) -> Applied | Refused:
    """Replace the one place where `old` stands by `new`; the text's line ends and indentation stay.

    `near_line` counts from 1. It only chooses between places that match equally well, and only if
    one of them is there. An empty `old` writes into an empty text.
    """
    if text.startswith(BOM):
        result = apply(text[1:], old.removeprefix(BOM), new.removeprefix(BOM), near_line=near_line)
        return replace(result, text=BOM + result.text) if isinstance(result, Applied) else result
    if not old.strip():
        return _fill(text, new)
    if old == new:
        return Refused("The old and the new text are the same; write what is to change.")
    whole = tuple(split(text))
    rungs = (*_RUNGS[:-1], _inline, _RUNGS[-1], _elided, _similar)
    for rung in rungs:
        found = rung(whole, old, new, near_line)
        if found is not None:
            return _changed(text, found)
    return _missing(whole, old, new)


def _fill(text: str, new: str) -> Applied | Refused:
    if text.strip():
        return Refused("The file is not empty; quote the lines that are to be replaced.")
    if new == text:
        return Refused("The new text is empty too; nothing would change.")
    return Applied(new, 1.0, "exact", 0, max(0, len(split(new)) - 1))


def _changed(text: str, result: Applied | Refused) -> Applied | Refused:
    if isinstance(result, Applied) and result.text == text:
        return Refused("The edit changes nothing; write what is to change.")
    return result


@dataclass(frozen=True, slots=True)
class _Rung:
    rung: Rung

    def __call__(
        self, whole: tuple[str, ...], old: str, new: str, near_line: int | None
    ) -> Applied | Refused | None:
        quoted, wanted = split(old), split(new)
        if self.rung.trims:
            quoted, wanted = _trimmed(quoted, wanted)
        places = find(whole, quoted, self.rung)
        if not places:
            return None
        if len(places) == 1 and self.rung.name == "exact" and not _lines.indent(quoted[0]):
            # Models often leave the indentation out, so flush-left lines may mean indented ones.
            places += [
                each
                for each in find(whole, quoted, INDENTATION)
                if (each.first, each.last) != (places[0].first, places[0].last)
            ]
        chosen = _choose(whole, places, near_line)
        if isinstance(chosen, Refused):
            return chosen
        return _put(whole, chosen, quoted, wanted, self.rung.name, self.rung.confidence)


def _inline(
    whole: tuple[str, ...], old: str, new: str, near_line: int | None
) -> Applied | Refused | None:
    """A part of a line for another; of several lines, the indentation would be guesswork."""
    old, new = old.rstrip("\r\n"), new.rstrip("\r\n")
    if any(end in old + new for end in "\r\n"):
        return None
    text = "".join(whole)
    starts = inline(text, old)
    if not starts:
        return None
    rows = [len(Text.of(text[:start]).lines) - 1 for start in starts]
    found = [Found(row, row + 1) for row in rows]
    chosen = _choose(whole, found, near_line)
    if isinstance(chosen, Refused):
        return chosen
    start = starts[found.index(chosen)]
    edited = text[:start] + new + text[start + len(old) :]
    return Applied(edited, 0.98, "inline", chosen.first, chosen.first)


def _elided(
    whole: tuple[str, ...], old: str, new: str, near_line: int | None
) -> Applied | Refused | None:
    """Passages with `...` for lines left out: each piece has its own place, one after the other."""
    olds, news = _pieces(old), _pieces(new)
    if len(olds) < 2 or len(olds) != len(news):
        return None
    text, after = "".join(whole), 0
    first, last = len(whole), 0
    for quoted, wanted in zip(olds, news, strict=True):
        if not quoted.strip() and not wanted.strip():
            continue
        if not quoted.strip():
            return None
        lines = tuple(split(text))
        for rung in _RUNGS:
            found = rung(lines, quoted, wanted, near_line)
            if found is not None:
                break
        else:
            return None
        if isinstance(found, Refused):
            return found
        if found.first_row < after:
            return None
        text, after = found.text, found.last_row
        first, last = min(first, found.first_row), max(last, found.last_row)
    return Applied(text, 0.8, "elided", first, last)


def _similar(
    whole: tuple[str, ...], old: str, new: str, near_line: int | None
) -> Applied | Refused | None:
    quoted, wanted = _trimmed(split(old), split(new))
    places = similar(whole, quoted)
    if not places:
        return None
    chosen = _choose(whole, places, near_line)
    if isinstance(chosen, Refused):
        return chosen
    return _put(whole, chosen, quoted, wanted, "similar", round(0.8 * chosen.score, 2))


def _put(
    whole: tuple[str, ...],
    found: Found,
    quoted: Sequence[str],
    wanted: Sequence[str],
    how: str,
    confidence: float,
) -> Applied | Refused:
    fit = fitted(whole, found, quoted, wanted)
    if fit is None:
        return Refused(
            "What stands there differs from the quoted lines just where they are to change;"
            " quote these lines again.",
            (place(whole, found.first, found.last - 1),),
        )
    edited = [*whole[: found.first], *fit, *whole[found.last :]]
    last = max(found.first, found.first + len(fit) - 1)
    return Applied("".join(edited), confidence, how, found.first, last)


def _choose(
    whole: Sequence[str], places: Sequence[Found], near_line: int | None
) -> Found | Refused:
    """The only place, or the one that the hint means beyond doubt."""
    if len(places) == 1:
        return places[0]
    if near_line is not None:
        row = near_line - 1
        away = sorted(
            (max(each.first - row, row - (each.last - 1), 0), number)
            for number, each in enumerate(places)
        )
        if away[0][0] <= MAX_HINT_ROWS and away[1][0] > 2 * (away[0][0] + 1):
            return places[away[0][1]]
    return _ambiguous(whole, places)


def _ambiguous(whole: Sequence[str], places: Sequence[Found]) -> Refused:
    shown = (_around(whole, each) for each in places[:MAX_PLACES])
    return Refused(
        f"The old text stands in {len(places)} places; quote more of the lines around the one"
        " that is meant.",
        tuple(shown),
    )


def _around(whole: Sequence[str], found: Found) -> Place:
    """A place with the two lines above, which tell it from others."""
    return place(whole, max(0, found.first - 2), found.last - 1)


def _missing(whole: Sequence[str], old: str, new: str) -> Refused:
    wanted = _trimmed(split(new), [])[0]
    if len(wanted) > 1 and len(find(whole, wanted, INDENTATION)) == 1:
        return Refused("The old text is not in the file, but the new one is: it is done already.")
    near = similar(whole, _trimmed(split(old), [])[0], threshold=0.4, margin=0.0)
    if not near:
        return Refused("The old text is not in the file; read the file again.")
    return Refused(
        "The old text is not in the file; the closest lines are shown.",
        tuple(place(whole, each.first, each.last - 1) for each in near[:2]),
    )


def _trimmed(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Both without blank lines at their edges, as many of the new ones as of the old at most."""
    first, last = _lines.without_blank_edges(old)
    new_first, new_last = _lines.without_blank_edges(new)
    if new_first == new_last:
        return old[first:last], []
    start = min(first, new_first)
    end = min(len(old) - last, len(new) - new_last)
    return old[first:last], new[start : len(new) - end]


def _pieces(text: str) -> list[str]:
    pieces = [""]
    for line in split(text):
        if _ELISION.fullmatch(body(line)):
            pieces.append("")
        else:
            pieces[-1] += line
    return pieces


_ELISION = re.compile(r"\s*(#|//|--|/\*|<!--)?\s*(\.\.\.|…)[\w\s.…]*(\*/|-->)?\s*")
INDENTATION = Rung("indentation", 0.95, trims=True)
_RUNGS = (
    _Rung(Rung("exact", 1.0)),
    _Rung(Rung("line ends", 0.99)),
    _Rung(Rung("trailing space", 0.97, trims=True)),
    _Rung(INDENTATION),
    _Rung(Rung("white space", 0.85, trims=True)),
)
