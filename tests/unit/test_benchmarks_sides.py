"""What a key cost, as the server of the model counts it."""

from __future__ import annotations

from typing import cast

from benchmarks.keys import Key
from benchmarks.sides import Answer, Fimble, Remote
from lsp_server.core.text import Point, Text

KEY = Key("type", "file:///a.py", None, Point(0, 1), Text.of("a"))


class Typed:
    """Answers, and says that a key cost nothing."""

    def __init__(self, meter: list[int], costs: list[int]) -> None:
        self._meter = meter
        self._costs = costs

    async def press(self, _key: Key) -> Answer:
        self._meter[0] += self._costs.pop(0)
        return Answer(0.1, None, "model", 0)


async def test_a_key_costs_what_the_servers_counter_rose_by_while_it_waited() -> None:
    meter = [100]

    async def count() -> int:
        return meter[0]

    side = Remote(cast(Fimble, Typed(meter, [7, 2])), count, 90)
    first = await side.press(KEY)
    meter[0] += 5
    second = await side.press(KEY)
    assert (first.prompt_tokens, second.prompt_tokens) == (7, 2)
    assert side.idle_tokens() == 10 + 5
