"""What was found out about a model, and the choice that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from lsp_server.agent.calls.render import Way

EditFormat: TypeAlias = Literal["function", "blocks"]
"""How a model writes an edit: the whole of a function in a fence, as small models are asked to, or
search/replace blocks, as the others are."""
WAYS: tuple[Way, ...] = (
    "native", "fenced", "two_step", "json_bare", "json_tagged", "python_call", "xml"
)  # fmt: skip
"""The likeliest to be the best first."""


@dataclass(frozen=True, slots=True)
class Score:
    """Of one way to ask, or one skill."""

    right: int
    asked: int
    tokens: int = 0
    """Written for all of it."""
    seconds: float = 0.0

    @property
    def part(self) -> float:
        """How much of it was right, 0 to 1."""
        return self.right / self.asked if self.asked else 0.0

    @property
    def rank(self) -> tuple[float, float]:
        """Greater is better: accuracy first, then fewer tokens."""
        return self.part, -self.tokens / max(self.asked, 1)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All that was measured of one model."""

    model: str
    calls: Mapping[Way, Score]
    """Of the ways that were tried; those that fell behind early were asked less."""
    edits: Mapping[EditFormat, Score]
    fences: Score
    copies: Score
    context: Mapping[int, bool]
    """By a prompt's tokens: whether a fact in it was found. Lengths that would have taken too long
    are not in it."""
    prompt_tokens_per_second: float
    generated_tokens_per_second: float
    seconds: float
    """Which the measurement took."""

    @property
    def way(self) -> Way:
        """How the model is best asked to call tools."""
        most = max(score.asked for score in self.calls.values())
        last = {way: score for way, score in self.calls.items() if score.asked == most}
        return max(last, key=lambda way: last[way].rank)


def to_json(card: Scorecard) -> dict[str, Any]:
    """A card as an object of JSON, with the choice, which is for readers only."""
    return asdict(card) | {"way": card.way}


def from_json(data: Any) -> Scorecard:
    """The card of such an object. Raises ValueError if it is none."""
    try:
        values = {each.name: data[each.name] for each in fields(Scorecard)}
        calls = {way: Score(**score) for way, score in data["calls"].items()}
        edits = {format: Score(**score) for format, score in data["edits"].items()}
        context = {int(tokens): bool(found) for tokens, found in data["context"].items()}
        fences, copies = Score(**data["fences"]), Score(**data["copies"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no scorecard") from error
    if not calls or not edits or {*calls} - {*WAYS} or {*edits} - {*get_args(EditFormat)}:
        raise ValueError("this scorecard has ways that are not known")
    return Scorecard(
        **values
        | {"calls": calls, "edits": edits, "context": context, "fences": fences, "copies": copies}
    )
