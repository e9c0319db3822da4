"""What really stands in a place is left as it is by the filters."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.sources import library
from lsp_server.completion import filters
from lsp_server.completion.stop import Limits, Stopper
from lsp_server.completion.window import Window

PLACES = 500
LINES_ABOVE = 80
CHARACTERS_BELOW = 3000
LIMITS = Limits(max_lines=24)


def places() -> Iterator[tuple[Window, str]]:
    """Random places of installed packages, each with the statement that stands there."""
    chance = random.Random(20261125)
    paths = library()
    while True:
        lines = chance.choice(paths).read_text("utf-8").split("\n")
        row = chance.choice([row for row, line in enumerate(lines) if line.strip()])
        indent = len(lines[row]) - len(lines[row].lstrip())
        column = chance.choice([indent, chance.randrange(indent, len(lines[row]))])
        above = [*lines[max(0, row - LINES_ABOVE) : row], lines[row][:column]]
        behind = "\n".join([lines[row][column:], *lines[row + 1 :]])
        stopper = Stopper(Window("\n".join(above), ""), "python", LIMITS)
        for line in behind[:CHARACTERS_BELOW].split("\n"):
            stopper.feed(f"{line}\n")
            if stopper.done:
                break
        text = stopper.text
        if stopper.done and text.strip():
            below = behind[len(text) : len(text) + CHARACTERS_BELOW]
            yield Window("\n".join(above), below), text


def test_the_true_continuation_survives() -> None:
    hurt = []
    for (window, text), _ in zip(places(), range(PLACES), strict=False):
        left = filters.apply(text, window, "python")
        if left.split() != text.split():
            hurt.append((text, left))
    assert len(hurt) <= 0.005 * PLACES, hurt
