"""`fimble stats`."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from lsp_server.cli import main
from lsp_server.completion import history
from lsp_server.completion.tally import KEY_TOKENS, LATENCY, bucket

EXPECTED = """\
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━┓
┃                             ┃   Today ┃ Last 7 days ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━┩
│ Answered keys               │       4 │           5 │
│ Latency, median             │    8 ms │        8 ms │
│ Latency, 95 of 100 keys     │  512 ms │    2,048 ms │
│ Prompt tokens a key         │     1.0 │         1.0 │
│ Answered from what is there │     75% │         60% │
│ Suggestions shown           │       3 │           3 │
│ Accepted                    │ 2 (67%) │     2 (67%) │
│ Rejected                    │ 1 (33%) │     1 (33%) │
└─────────────────────────────┴─────────┴─────────────┘
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
    days = {
        today: Counter([*latencies, *tokens]) + Counter(answers) + Counter(shown),
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


def test_nothing_yet(capsys: pytest.CaptureFixture[str]) -> None:
    expected = "There is nothing to tell yet: no suggestion was asked for in the last 7 days.\n"
    assert main(["stats"]) == 0
    assert capsys.readouterr().out == expected
    assert main(["stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["week"]["latencyMs"]["count"] == 0
