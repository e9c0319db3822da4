"""`fimble stats`."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from lsp_server.cli import main
from lsp_server.completion import history, outcomes
from lsp_server.completion.outcomes import Outcome, Outcomes
from lsp_server.completion.tally import KEY_TOKENS, LATENCY, bucket

EXPECTED = """\
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━┓
┃                             ┃   Today ┃ Last 7 days ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━┩
│ Answered keys               │       4 │           5 │
│ Latency, median             │    8 ms │        8 ms │
│ Latency, 95 of 100 keys     │  512 ms │    2,048 ms │
│ Prompt tokens a key         │     1.0 │         1.0 │
│ Prompts read from the cache │     96% │         96% │
│ Answered from what is there │     75% │         60% │
│ Suggestions shown           │       3 │           3 │
│ Accepted                    │ 2 (67%) │     2 (67%) │
│ Accepted in part            │  0 (0%) │      0 (0%) │
│ Rejected                    │ 1 (33%) │     1 (33%) │
│ Kept after 30 s             │       - │           - │
└─────────────────────────────┴─────────┴─────────────┘
"""


LANGUAGES = """\
┏━━━━━━━━━━━━━┳━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━┳━━━━━━┳━━━━━━━━┳━━━━━━━━━━━┓
┃ Last 7 days ┃ Shown ┃ Accepted ┃ In part ┃ Kept ┃ Median ┃ 95 of 100 ┃
┡━━━━━━━━━━━━━╇━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━╇━━━━━━╇━━━━━━━━╇━━━━━━━━━━━┩
│ python      │    10 │      40% │     20% │  75% │  64 ms │    512 ms │
│ go          │     0 │        - │       - │    - │   8 ms │      8 ms │
└─────────────┴───────┴──────────┴─────────┴──────┴────────┴───────────┘
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path))


def count_some() -> None:
    today = date.today()
    latencies = [bucket(LATENCY, value) for value in (2, 8, 8, 512)]
    tokens = [bucket(KEY_TOKENS, value) for value in (0, 0, 0, 4)]
    answers = {"answers.model": 1, "answers.running": 1, "answers.remembered": 2}
    shown = {"shown": 3, "accepted": 2, "rejected": 1}
    prompts = {"promptTokens": 4, "reusedTokens": 96}
    days = {
        today: Counter([*latencies, *tokens]) + Counter(answers | shown | prompts),
        today - timedelta(days=6): Counter([bucket(LATENCY, 2048), "answers.model"]),
        today - timedelta(days=7): Counter([bucket(LATENCY, 99), "answers.model"]),
    }
    assert history.add(history.default_path(), days, wait=0)


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    count_some()
    assert main(["stats"]) == 0
    assert capsys.readouterr().out == EXPECTED


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    count_some()
    assert main(["stats", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["today"]["latencyMs"] == {"p50": 8, "p95": 512, "mean": 132.5, "count": 4}
    assert (told["today"]["reuseRate"], told["week"]["reuseRate"]) == (0.75, 0.6)
    assert told["week"]["latencyMs"]["count"] == 5


def test_languages_have_a_table_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    count_some()
    assert main(["stats"]) == 0
    without = capsys.readouterr().out
    latencies = [bucket(f"python/{LATENCY}", value) for value in (64, 64, 512)]
    fates = {"shown": 10, "accepted": 4, "partlyAccepted": 2, "judged": 4, "kept": 3}
    tally = Counter([*latencies, bucket(f"go/{LATENCY}", 8)])
    tally.update({f"python/{name}": count for name, count in fates.items()})
    assert history.add(history.default_path(), {date.today(): tally}, wait=0)
    assert main(["stats"]) == 0
    table = capsys.readouterr().out
    assert table.endswith(LANGUAGES)
    assert table.removesuffix(LANGUAGES) == without
    assert main(["stats", "--json"]) == 0
    python = json.loads(capsys.readouterr().out)["week"]["languages"]["python"]
    assert (python["accepted"], python["keptRate"], python["latencyMs"]["p95"]) == (4, 0.75, 512)


async def test_all_of_it_can_be_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    count_some()
    kept = Outcomes(outcomes.default_path())
    kept.add("", Outcome(1.0, "python", 0.5, 1, "kept"))
    await kept.save()
    assert outcomes.default_path().exists()
    for _ in range(2):
        assert main(["stats", "--delete"]) == 0
        assert capsys.readouterr().out == "What was counted is deleted.\n"
        assert not history.default_path().exists()
        assert not outcomes.default_path().exists()


def test_nothing_yet(capsys: pytest.CaptureFixture[str]) -> None:
    expected = "There is nothing to tell yet: no suggestion was asked for in the last 7 days.\n"
    assert main(["stats"]) == 0
    assert capsys.readouterr().out == expected
    assert main(["stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["week"]["latencyMs"]["count"] == 0
