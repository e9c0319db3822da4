"""Figures of one server, and what is kept of them over restarts."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from lsp_server.completion import history, stats
from lsp_server.completion.stats import Stats
from lsp_server.completion.tally import FATES, KEY_TOKENS, LATENCY, bucket, histogram
from lsp_server.edge import messages
from lsp_server.engines.base import EngineStatus, Priority, Usage
from lsp_server.errors import ModelMissing

TODAY = date(2026, 3, 1)
NOTHING = {"p50": None, "p95": None, "mean": None, "count": 0}


def both(shown: int) -> dict[str, int]:
    """What is kept of so many suggestions in C++."""
    return {"shown": shown, "c++/shown": shown}


def used(counted: Stats, priority: Priority, evaluated: int, generated: int) -> None:
    counted.used(priority, Usage(5000, 100, generated, evaluated_tokens=evaluated))


def test_nothing_is_known_at_first() -> None:
    figures = Stats().figures()
    assert figures["latencyMs"] == NOTHING
    assert figures["promptTokensPerKey"] == {"mean": None, "p95": None}
    assert figures["reuseRate"] is None
    assert figures["promptCacheRate"] is None
    assert figures["typing"] == {"requests": 0, "promptTokens": 0, "generatedTokens": 0}


def test_costs_of_typing_and_of_idle_time() -> None:
    counted = Stats()
    used(counted, Priority.TYPING, 2, 5)
    used(counted, Priority.TYPING, 1, 0)
    used(counted, Priority.SPECULATION, 20, 7)
    used(counted, Priority.IDLE, 300, 0)
    used(counted, Priority.CHAT, 1000, 1000)
    counted.answered(0.1, "model", 2)
    figures = counted.figures()
    assert figures["typing"] == {"requests": 2, "promptTokens": 2, "generatedTokens": 5}
    assert figures["idle"] == {"requests": 2, "promptTokens": 321, "generatedTokens": 7}
    assert figures["promptTokensPerKey"] == {"mean": 2, "p95": 2}
    assert figures["promptCacheRate"] == 0.553  # 400 of 723


def test_keys_that_asked_nothing_of_the_engine_cost_nothing() -> None:
    counted = Stats()
    for _ in range(19):
        counted.answered(0.001, "remembered")
    counted.answered(0.002, "running")
    counted.answered(0.5, "model", 42)
    counted.answered(9.0, "none")
    figures = counted.figures()
    assert figures["promptTokensPerKey"] == {"mean": 2.0, "p95": 0}
    assert figures["latencyMs"] == {"p50": 1.0, "p95": 2.0, "mean": 24.81, "count": 21}
    assert figures["reuseRate"] == 0.952
    assert figures["answers"] == {"model": 1, "running": 1, "remembered": 19, "none": 1}


def test_percentiles_are_of_the_last_thousand() -> None:
    counted = Stats()
    for _ in range(5000):
        counted.answered(7.0, "model")
    for milliseconds in range(1000):
        counted.answered(milliseconds / 1000, "model")
    expected = {"p50": 499.0, "p95": 949.0, "mean": 499.5, "count": 1000}
    assert counted.figures()["latencyMs"] == expected


def test_what_became_of_suggestions() -> None:
    counted = Stats()
    for language in ("python", "go", "go", "c/../", ""):
        counted.suggestion(language, {"shown": 1})
    counted.suggestion("go", {"accepted": 1, "acceptedCharacters": 17})
    counted.suggestion("go", {"accepted": -1, "partlyAccepted": 1, "acceptedCharacters": -5})
    counted.suggestion("go", {"judged": 1, "kept": 1})
    counted.suggestion("python", {"rejected": 1, "judged": 1, "kept": 0})
    counted.answered(0.5, "model", 2, "go")
    counted.answered(0.3, "model", 2, "rust")
    counted.answered(0.3, "none", 0, "c")
    figures = counted.figures()
    assert [figures[name] for name in FATES] == [5, 0, 1, 12, 1, 2, 1]
    assert figures["keptRate"] == 0.5
    assert list(figures["languages"]) == ["go", "other", "python", "rust"]
    go = figures["languages"]["go"]
    assert [go[name] for name in FATES] == [2, 0, 1, 12, 0, 1, 1]
    assert (go["latencyMs"]["p50"], go["keptRate"]) == (pytest.approx(500, rel=0.045), 1.0)
    assert figures["languages"]["other"]["keptRate"] is None
    assert figures["languages"]["rust"]["latencyMs"]["count"] == 1


@pytest.mark.parametrize("value", [0.11, 0.9, 1.0, 3.7, 17.3, 250.0, 1999.0, 65_000.0])
def test_buckets_are_right_to_five_percent(value: float) -> None:
    [near] = histogram(Counter([bucket(LATENCY, value)]), LATENCY)
    assert near == pytest.approx(value, rel=0.045) or near == round(near) == round(value)


def test_small_whole_numbers_are_exact() -> None:
    tally = Counter(bucket(KEY_TOKENS, tokens) for tokens in range(13))
    assert histogram(tally, KEY_TOKENS) == dict.fromkeys(range(13), 1)
    assert histogram(tally, LATENCY) == {}


async def test_days_are_kept_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "new" / "stats.json"
    tomorrow = TODAY + timedelta(days=1)
    for _ in range(2):
        days = iter((TODAY, tomorrow, tomorrow))
        counted = Stats(path, today=partial(next, days))
        counted.suggestion("c++", {"shown": 1})
        assert await counted.save()
        counted.suggestion("c++", {"shown": 1})
        counted.answered(0.25, "none")
        assert await counted.save()
        assert not await counted.save()
    kept = history.read(path)
    assert kept == {TODAY: both(2), tomorrow: both(2) | {"answers.none": 2}}
    assert history.total(kept, TODAY) == both(4) | {"answers.none": 2}
    assert history.total(kept, tomorrow) == kept[tomorrow]


def test_old_days_go(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    for age in (history.KEPT_DAYS, history.KEPT_DAYS - 1, 0):
        assert history.add(path, {TODAY - timedelta(days=age): Counter(shown=1)}, wait=0)
    assert sorted(history.read(path)) == [TODAY - timedelta(days=history.KEPT_DAYS - 1), TODAY]


async def test_what_can_not_be_written_now_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "stats.json"
    monkeypatch.setattr(stats, "_LOCK_SECONDS", 0.01)
    counted = Stats(path, today=lambda: TODAY)
    counted.suggestion("c++", {"shown": 1})
    with FileLock(path.with_suffix(".lock")):
        await counted.save()
    assert history.read(path) == {}
    counted.suggestion("c++", {"shown": 1})
    await counted.save()
    assert history.read(path) == {TODAY: both(2)}


async def test_what_was_kept_can_be_deleted_and_nothing_is_kept_from_then_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "stats.json"
    counted = Stats(path, today=lambda: TODAY)
    counted.suggestion("c++", {"shown": 1})
    await counted.save()
    counted.suggestion("c++", {"shown": 1})
    saving = asyncio.create_task(counted.save())
    await asyncio.sleep(0)
    counted.store(False)
    await counted.delete()
    await saving
    counted.suggestion("c++", {"shown": 1})
    assert await counted.save(), "it is news all the same"
    assert not path.exists()
    assert counted.figures()["shown"] == 3
    counted.suggestion("c++", {"shown": 1})
    counted.store(True)
    counted.suggestion("c++", {"shown": 1})
    await counted.save()
    assert history.read(path) == {TODAY: both(1)}


async def test_what_was_counted_too_early_is_taken_back_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    counted = Stats(path, today=lambda: TODAY)
    counted.suggestion("c++", {"shown": 2, "accepted": 1})
    await counted.save()
    counted.suggestion("c++", {"accepted": -1})
    await counted.save()
    assert history.read(path) == {TODAY: both(2)}


def add_many(path: str) -> None:
    for _ in range(50):
        while not history.add(Path(path), {TODAY: Counter(shown=1)}, wait=10):
            pass


def test_servers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    call = f"from tests.unit.test_stats import add_many; add_many({str(path)!r})"
    servers = [subprocess.Popen([sys.executable, "-c", call]) for _ in range(3)]
    assert [server.wait(30) for server in servers] == [0, 0, 0]
    assert history.read(path) == {TODAY: {"shown": 150}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        b'{"today": {}}',
        b'{"2026-03-01": 5}',
        b'{"2026-03-01": {"shown": "x"}}',
        b'{"2026-03-01": {"shown": Infinity}}',
        b'{"2026-03-01": {"latencyMs 9999": 1}}',
        b'{"2026-03-01": {"latencyMs x": 1}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "stats.json"
    path.write_bytes(content)
    assert history.read(path) == {}
    assert history.add(path, {TODAY: Counter(shown=1)}, wait=0)
    assert json.loads(path.read_text()) == {"2026-03-01": {"shown": 1}}


def test_a_folder_that_may_not_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not history.add(tmp_path / "file" / "stats.json", {TODAY: Counter(shown=1)}, wait=0)


async def test_saving_goes_on_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats, "SAVE_SECONDS", 0.01)
    saved = asyncio.Queue[int]()
    counted = Stats(tmp_path / "stats.json", today=lambda: TODAY)
    task = asyncio.create_task(counted.keep(lambda: saved.put_nowait(1)))
    for number in (1, 2):
        counted.suggestion("c++", {"shown": 1})
        await saved.get()
        assert history.read(tmp_path / "stats.json") == {TODAY: both(number)}
    await asyncio.sleep(0.05)
    assert saved.empty()
    task.cancel()


def test_the_status_tells_the_figures_once_there_are_some() -> None:
    counted = Stats()
    ready = EngineStatus("ready", "Ready.")
    bare = {"state": "ready", "message": "Ready."}
    assert messages.status(ready, counted.figures()) == bare
    counted.answered(0.02, "model", 2)
    assert messages.status(ready, counted.figures()) == bare | {
        "latencyMs": {"p50": 20.0, "p95": 20.0},
        "promptTokensPerKey": {"mean": 2.0, "p95": 2},
        "reuseRate": 0.0,
    }


def test_the_status_names_the_sort_of_a_failure() -> None:
    status = messages.status(EngineStatus.failed(ModelMissing("It is not here.")))
    assert status == {"state": "failed", "message": "It is not here.", "error": "ModelMissing"}
