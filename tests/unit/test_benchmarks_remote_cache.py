"""What is typed at an endpoint, and how its costs are summed up."""

from __future__ import annotations

from benchmarks.remote_cache import KEYS_A_REQUEST, Asked, report, typed
from benchmarks.sources import Source
from lsp_server.core.tokens import estimate
from lsp_server.engines.base import Usage

SOURCE = Source("a.py", "python", "".join(f"    line_{n} = {n}\n" for n in range(300)))


def test_only_the_middle_grows() -> None:
    requests = list(typed(SOURCE, 200).requests())
    assert len({(each.prefix, each.suffix) for each in requests}) == 1
    first = requests[0]
    assert first.prefix.endswith("\n    ")
    assert first.suffix.startswith("\n    line_")
    assert estimate(first.prefix + first.suffix) <= 210
    for number, each in enumerate(requests):
        assert len(each.middle) == number * KEYS_A_REQUEST
    whole = first.prefix + requests[-1].middle
    assert SOURCE.text.find(whole) >= 0


def test_the_first_request_of_each_user_stands_apart() -> None:
    def asked(user: int, reused: int, evaluated: int, seconds: float | None) -> Asked:
        return Asked(user, seconds, Usage(100, reused, evaluated_tokens=evaluated))

    told = report(
        [
            asked(0, 0, 100, 2.0),
            asked(1, 0, 100, None),
            asked(0, 98, 2, 0.1),
            asked(1, 100, 0, 0.3),
        ],
        [],
    )
    assert told["first"]["evaluated"]["mean"] == 100
    assert told["first"]["ms"] == {
        "count": 1, "mean": 2000.0, "p50": 2000.0, "p95": 2000.0, "p99": 2000.0
    }  # fmt: skip
    assert told["following"]["evaluated"]["mean"] == 1
    assert told["following"]["ms"]["mean"] == 200.0
    assert told["chats"]["ms"]["count"] == 0
    assert told["requests"] == [[0, 0, 100], [1, 0, 100], [0, 98, 2], [1, 100, 0]]
