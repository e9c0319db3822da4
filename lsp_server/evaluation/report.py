"""What a model's answers are worth: figures by kind of case, and differences between models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from lsp_server.evaluation.ask import Answer
from lsp_server.evaluation.cases.case import Case
from lsp_server.evaluation.scoring import Interval, Place, difference, exact, percentile, similarity

UnknownNames = Callable[[Case, Answer], int | None]
"""How many names of an answer nothing is known of; None if that can't be told for the case."""
TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Score:
    """What one answer is worth."""

    kind: str
    exact: bool
    similarity: float
    """0 to 1."""
    answered: bool
    parses: bool | None
    """None if there is no answer, or the file takes too long to be parsed with it."""
    unknown_names: int | None
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the answers to some cases are worth; at least one case."""

    cases: int
    answered: int
    """Cases to which the model said something."""
    exact: float
    """Part of the cases, 0 to 1, as are the next two; no answer is a wrong one."""
    similarity: float
    """Mean of 1 less the edit distance by the longer text's length."""
    parses: float | None
    """Part of what was answered."""
    unknown_names: float | None
    """Part of the answers, of those that could be told, that have a name nothing is known of."""
    p50: float
    """Milliseconds, as the next."""
    p95: float


def score(case: Case, answer: Answer, unknown_names: UnknownNames | None = None) -> Score:
    """Judge an answer; white space around it does not count."""
    # What the answer replaces right of the cursor was expected from it too.
    text, expected = _normal(answer.text), _normal(case.expected + case.suffix[: answer.replaced])
    parses = unknown = None
    if text:
        place = Place(case.grammar, case.prefix, case.suffix[answer.replaced :])
        with suppress(ValueError):
            parses = place.parses(answer.text, case.expected + case.suffix[: answer.replaced])
        unknown = unknown_names(case, answer) if unknown_names else None
    return Score(
        kind=case.kind,
        exact=exact(text, expected),
        similarity=similarity(text, expected),
        answered=bool(text),
        parses=parses,
        unknown_names=unknown,
        milliseconds=answer.milliseconds,
    )


def figures(scores: Sequence[Score]) -> dict[str, Figures]:
    """By kind, in the order in which kinds come, and of all under `TOTAL`."""
    kinds = dict.fromkeys(each.kind for each in scores)
    found = {kind: _figures([each for each in scores if each.kind == kind]) for kind in kinds}
    return {**found, TOTAL: _figures(scores)}


def _figures(scores: Sequence[Score]) -> Figures:
    parses = [each.parses for each in scores if each.parses is not None]
    unknown = [each.unknown_names > 0 for each in scores if each.unknown_names is not None]
    times = [each.milliseconds for each in scores]
    return Figures(
        cases=len(scores),
        answered=sum(each.answered for each in scores),
        exact=fmean(each.exact for each in scores),
        similarity=fmean(each.similarity for each in scores),
        parses=fmean(parses) if parses else None,
        unknown_names=fmean(unknown) if unknown else None,
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better a model is than another at the same cases: parts, as in `Figures`."""

    exact: Interval
    similarity: Interval

    @classmethod
    def of(cls, ones: Sequence[Score], others: Sequence[Score]) -> Difference:
        """The ones less the others; the answers of both to the same cases, in the same order."""
        return cls(
            difference(
                [float(each.exact) for each in ones], [float(each.exact) for each in others]
            ),
            difference([each.similarity for each in ones], [each.similarity for each in others]),
        )


def as_json(found: dict[str, Figures]) -> dict[str, Any]:
    """Figures as they are printed for programs."""
    return {
        kind: {
            "cases": each.cases,
            "answered": each.answered,
            "exact": round(each.exact, 4),
            "similarity": round(each.similarity, 4),
            "parses": _rounded(each.parses),
            "unknownNames": _rounded(each.unknown_names),
            "latencyMs": {"p50": round(each.p50, 1), "p95": round(each.p95, 1)},
        }
        for kind, each in found.items()
    }


def difference_as_json(found: Difference) -> dict[str, Any]:
    """A difference as it is printed for programs."""
    return {
        name: {end: round(value, 4) for end, value in interval.items()}
        for name, interval in asdict(found).items()
    }


def _rounded(part: float | None) -> float | None:
    return None if part is None else round(part, 4)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
