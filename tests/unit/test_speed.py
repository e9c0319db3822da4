"""Speeds measured on simulated machines, and what is kept of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from lsp_server.engines.local import speed
from lsp_server.engines.local.fingerprint import fingerprint
from lsp_server.engines.local.speed import Speed


@dataclass
class Machine:
    """Evaluates in no time, and tells what it would have taken."""

    token: dict[int, float]
    """Seconds for one token by threads."""
    prompt: Callable[[int], float]
    """Seconds for so many tokens with the most threads."""
    disturbed: float = 1.0
    """Times that the second evaluation takes longer."""
    asked: list[tuple[int, int]] = field(default_factory=list)
    spent: float = 0.0

    def evaluate(self, tokens: int, threads: int) -> float:
        self.asked.append((tokens, threads))
        slower = self.token[threads] / min(self.token.values())
        seconds = self.token[threads] if tokens == 1 else self.prompt(tokens) * slower
        if len(self.asked) == 2:
            seconds *= self.disturbed
        self.spent += seconds
        return seconds


SMALL = {2: 0.043, 1: 0.068}


def test_the_best_settings_of_a_small_model_on_two_cores() -> None:
    machine = Machine(SMALL, lambda tokens: 0.01 + tokens / 300)
    found, steady = speed.measure(machine.evaluate, 2)
    assert found == Speed(2, 64, 64 / (0.01 + 64 / 300), 0.043)
    assert steady
    assert machine.spent <= speed.BUDGET_SECONDS


def test_a_slice_is_as_long_as_helps_and_no_longer_than_may_be_waited_for() -> None:
    def slice_tokens(prompt: Callable[[int], float]) -> int:
        return speed.measure(Machine(SMALL, prompt).evaluate, 2)[0].slice_tokens

    assert slice_tokens(lambda tokens: 0.05 + tokens / 2000) == 128
    assert slice_tokens(lambda tokens: tokens / 1000) == 32
    assert slice_tokens(lambda tokens: 0.05 + tokens / 300) == 64  # 128 tokens: 0.48 s
    assert slice_tokens(lambda tokens: 0.2 + tokens / 300) == 32  # 64 tokens: 0.41 s
    slow = Machine(SMALL, lambda tokens: tokens / 100)
    speed.measure(slow.evaluate, 2)
    assert max(slow.asked) == (32, 2)  # 64 are not even tried


def test_fewer_threads_where_they_are_faster() -> None:
    machine = Machine({16: 0.05, 8: 0.03, 4: 0.02, 2: 0.04, 1: 0.08}, lambda n: n / 1000)
    found, _ = speed.measure(machine.evaluate, 16)
    assert (found.threads, found.seconds_per_token) == (4, 0.02)
    assert (1, 1) not in machine.asked  # 2 were slower already


def test_the_threads_that_the_user_wants() -> None:
    machine = Machine({4: 0.02, 2: 0.01}, lambda tokens: tokens / 1000)
    assert speed.measure(machine.evaluate, 4, fewest_threads=4)[0].threads == 4
    assert speed.measure(machine.evaluate, 4, fewest_threads=2)[0].threads == 2


def test_a_few_percent_are_no_reason_for_fewer_threads() -> None:
    machine = Machine({2: 0.0500, 1: 0.0495}, lambda tokens: tokens / 1000)
    assert speed.measure(machine.evaluate, 2)[0].threads == 2


def test_a_slow_model_gets_what_the_budget_allows() -> None:
    machine = Machine({4: 0.5, 2: 0.9, 1: 1.7}, lambda tokens: tokens / 20)
    found, _ = speed.measure(machine.evaluate, 4)
    assert found == Speed(4, 32, 20.0, 0.5)
    assert machine.asked == [(1, 4)] * 3 + [(32, 4)]


def test_a_disturbed_measurement_is_used_but_not_kept(cache: Path) -> None:
    machine = Machine(SMALL, lambda tokens: tokens / 300, disturbed=2)
    found = speed.cached("f", lambda: speed.measure(machine.evaluate, 2))
    assert found.seconds_per_token == 0.043
    assert list(cache.rglob("*")) == []


KNOWN = Speed(2, 64, 290.0, 0.018)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("FIMBLE_STATE", str(folder))
    return folder


def never() -> tuple[Speed, bool]:
    raise AssertionError("measured again")


def test_what_was_measured_once_is_only_read(cache: Path) -> None:
    assert speed.cached("f", lambda: (KNOWN, True)) == KNOWN
    assert speed.cached("f", never) == KNOWN
    assert [path.name for path in (cache / "speed").iterdir()] == ["f.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"threads": 2',
        b"\xff\xfe",
        b"[1, 2, 3, 4]",
        b"null",
        b'{"threads": 2}',
        json.dumps({**asdict(KNOWN), "colour": 1}).encode(),
        json.dumps({**asdict(KNOWN), "threads": 0}).encode(),
        json.dumps({**asdict(KNOWN), "threads": True}).encode(),
        json.dumps({**asdict(KNOWN), "slice_tokens": "64"}).encode(),
        json.dumps({**asdict(KNOWN), "seconds_per_token": -1.0}).encode(),
        json.dumps({**asdict(KNOWN), "prompt_tokens_per_second": float("nan")}).encode(),
    ],
)
def test_a_damaged_file_is_measured_anew(cache: Path, content: bytes) -> None:
    path = cache / "speed" / "f.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert speed.cached("f", lambda: (KNOWN, True)) == KNOWN
    assert json.loads(path.read_bytes()) == asdict(KNOWN)


def test_a_cache_that_cannot_be_written_is_no_error(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert speed.cached("f", lambda: (KNOWN, True)) == KNOWN


def test_a_fingerprint_changes_with_file_and_conditions(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"weights")
    first = fingerprint(path, "cpu x2", 0)
    assert first == fingerprint(path, "cpu x2", 0)
    others = {fingerprint(path, "cpu x4", 0), fingerprint(path, "cpu x2", 1)}
    path.write_bytes(b"weights+")
    os.utime(path, ns=(1, 1))
    others.add(fingerprint(path, "cpu x2", 0))
    os.utime(path, ns=(2, 2))
    others.add(fingerprint(path, "cpu x2", 0))
    others.add(fingerprint(path.rename(tmp_path / "other.gguf"), "cpu x2", 0))
    assert len(others | {first}) == 6


def test_the_processor_is_named() -> None:
    name, _, cores = speed.processor().rpartition(" x")
    assert name
    assert int(cores) >= 1
