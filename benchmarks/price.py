"""Weights by which a suggestion is priced, fitted to answers whose outcome is known.

Takes the answers that `benchmarks.quality --texts` wrote. An answer is right if it is what stood
there, or a beginning of it. Fits the logistic regression of `lsp_server/completion/price.py`, and
says what it is worth on packages that it was not fitted to, one left out at a time: how many of the
shown answers are right, if those of the highest confidence are shown.

    python -m benchmarks.price cross.jsonl in-file.jsonl
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
STEPS = 50
PENALTY = 0.5
"""Of the squares of weights other than the bias: a few hundred answers tell no more."""
SHOWN = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
"""Parts of the answers that are shown."""


def features(told: dict[str, Any]) -> list[float]:
    """Of one answer, in the order of the weights."""
    lines = told["text"].count("\n") + 1
    return [1.0, told["logprob"], float(told["at_line_start"]), math.log(lines)]


def fit(evidence: Array, right: Array) -> Array:
    """The weights of a penalised logistic regression, by Newton's method."""
    weights = np.zeros(evidence.shape[1])
    penalty = np.diag([0.0] + [PENALTY] * (len(weights) - 1))
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-evidence @ weights))
        slope = evidence.T @ (right - likely) - penalty @ weights
        curve = (evidence.T * (likely * (1 - likely))) @ evidence + penalty
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def left_out(evidence: Array, right: Array, packages: list[str]) -> Array:
    """The confidence in each answer by weights that were fitted to the other packages."""
    confidence = np.zeros(len(right))
    of = np.array(packages)
    for package in set(packages):
        others = of != package
        weights = fit(evidence[others], right[others])
        confidence[~others] = 1 / (1 + np.exp(-evidence[~others] @ weights))
    return confidence


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Weights by which suggestions are priced.")
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--way", default="fimble")
    options = parser.parse_args()
    lines = [json.loads(line) for path in options.texts for line in path.open(encoding="utf-8")]
    told = [(line["case"].split(":")[0], line[f"{options.way}, told"]) for line in lines]
    told = [(path, each) for path, each in told if each["text"] and each["logprob"] is not None]
    packages = ["/".join(path.split("/")[:2]) for path, _ in told]
    evidence = np.array([features(each) for _, each in told])
    right = np.array([float(each["right"]) for _, each in told])
    confidence = left_out(evidence, right, packages)
    order = np.argsort(-confidence)
    shown = {}
    for part in SHOWN:
        chosen = order[: math.ceil(part * len(order))]
        shown[str(part)] = {
            "right_percent": round(100 * float(right[chosen].mean()), 1),
            "from_confidence": round(float(confidence[chosen[-1]]), 3),
        }
    weights = dict(
        zip(("bias", "logprob", "at_line_start", "log_lines"), fit(evidence, right), strict=True)
    )
    found = {name: round(float(weight), 3) for name, weight in weights.items()}
    print(json.dumps({"answers": len(right), "weights": found, "shown": shown}, indent=2))


if __name__ == "__main__":
    main()
