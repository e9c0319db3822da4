"""Counts that add up: over requests, over servers, over days.

A tally maps names to whole numbers. It holds plain counts (`typing.requests`) and histograms, whose
buckets are counts too (`latencyMs 53`). A bucket is an eighth of an octave wide, so what is read
from a histogram is right to 4.5 %, and whole numbers up to 12 are exact. What is also counted by
language stands there once more, with the language before it (`python/accepted`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

Tally = Counter[str]

LATENCY = "latencyMs"
"""Histogram: milliseconds from a key to its answer."""
KEY_TOKENS = "promptTokensPerKey"
"""Histogram: prompt tokens that were evaluated while a key waited."""

FATES = ("shown", "accepted", "partlyAccepted", "acceptedCharacters", "rejected", "judged", "kept")
"""Counts of suggestions. `accepted` are those taken whole, and of these and of those taken in part
so many were `judged` later, and so many of them `kept` (`completion.kept`)."""
OTHER = "other"
"""Languages without a name, or with one that is none."""
_LANGUAGE = "[a-z0-9+#_.-]{1,32}"

_BUCKETS_PER_OCTAVE = 8
_ZERO = -10 * _BUCKETS_PER_OCTAVE
"""Bucket of all that is too small to matter."""


def bucket(name: str, value: float) -> str:
    """Name of the count of a histogram that the value belongs to."""
    exponent = math.log2(max(value, 2 ** (_ZERO / _BUCKETS_PER_OCTAVE)))
    return f"{name} {round(_BUCKETS_PER_OCTAVE * exponent)}"


def histogram(tally: Tally, name: str) -> Counter[float]:
    """How often each value occurred, as far as the buckets tell; values of 3 and more are whole."""
    values: Counter[float] = Counter()
    for key, count in tally.items():
        kind, _, number = key.partition(" ")
        if kind == name and number:
            value = 2 ** (int(number) / _BUCKETS_PER_OCTAVE) if int(number) > _ZERO else 0.0
            values[round(value) if value > 2.5 else value] += count
    return values


def of_language(language: str, name: str) -> str:
    """Name of a count that is kept by language (an LSP language id)."""
    language = language.lower()
    return f"{language if re.fullmatch(_LANGUAGE, language) else OTHER}/{name}"


def is_name(name: str) -> bool:
    """Whether something is the name of a count."""
    return re.fullmatch(rf"({_LANGUAGE}/)?[A-Za-z.]+( -?\d{{1,3}})?", name) is not None


def languages(tally: Tally) -> dict[str, dict[str, Any]]:
    """For each language what became of suggestions, and latencies; the most shown first."""
    parts: dict[str, Tally] = {}
    for key, count in tally.items():
        language, slash, name = key.partition("/")
        if slash:
            parts.setdefault(language, Counter())[name] += count
    found = {
        language: {
            **_suggestions(part),
            "latencyMs": _spread(histogram(part, LATENCY)),
        }
        for language, part in parts.items()
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1]["shown"], item[0])))


def figures(
    tally: Tally, latencies: Mapping[float, int], key_tokens: Mapping[float, int]
) -> dict[str, Any]:
    """What a tally says, as `fimble/stats` gives it (`edge/messages.py` explains the members).

    `latencies` and `key_tokens` say how often each value occurred.
    """
    sources = {name: tally[f"answers.{name}"] for name in ("model", "running", "remembered")}
    answers = sum(sources.values())
    reused = answers - sources["model"]
    tokens = _spread(key_tokens)
    waited_for = tally["typing.promptTokens"]
    cached = tally["reusedTokens"]
    prompts = cached + tally["promptTokens"]
    return {
        "typing": _cost(tally, "typing", waited_for),
        "idle": _cost(tally, "idle", max(0, tally["promptTokens"] - waited_for)),
        "answers": {**sources, "none": tally["answers.none"]},
        "latencyMs": _spread(latencies),
        "promptTokensPerKey": {name: tokens[name] for name in ("mean", "p95")},
        "promptCacheRate": round(cached / prompts, 3) if prompts else None,
        "reuseRate": round(reused / answers, 3) if answers else None,
        **_suggestions(tally),
        "languages": languages(tally),
    }


def _suggestions(tally: Tally) -> dict[str, Any]:
    rate = round(tally["kept"] / tally["judged"], 3) if tally["judged"] else None
    return {**{name: tally[name] for name in FATES}, "keptRate": rate}


def _cost(tally: Tally, who: str, prompt_tokens: int) -> dict[str, int]:
    return {
        "requests": tally[f"{who}.requests"],
        "promptTokens": prompt_tokens,
        "generatedTokens": tally[f"{who}.generatedTokens"],
    }


def _spread(values: Mapping[float, int]) -> dict[str, float | None]:
    """Percentiles (nearest rank) and mean; None where there is no value."""
    count = sum(values.values())
    if not count:
        return {"p50": None, "p95": None, "mean": None, "count": 0}
    mean = sum(value * times for value, times in values.items()) / count
    return {
        "p50": round(_percentile(values, 50), 2),
        "p95": round(_percentile(values, 95), 2),
        "mean": round(mean, 2),
        "count": count,
    }


def _percentile(values: Mapping[float, int], percent: int) -> float:
    """The smallest value that at least so many percent of the values do not exceed."""
    count, seen, value = sum(values.values()), 0, 0.0
    for value in sorted(values):
        seen += values[value]
        if 100 * seen >= percent * count:
            break
    return value
