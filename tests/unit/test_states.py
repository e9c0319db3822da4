"""Kept states: real files of a stand-in for llama.cpp that refuses nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from lsp_server.engines.local import states
from lsp_server.engines.local.states import MAX_SLOTS, States

MEGABYTE = 2**20


class Context:
    """Sequences whose state is their tokens, and some ballast."""

    def __init__(self, ballast: int = 0) -> None:
        self.sequences: dict[int, list[int]] = {}
        self.saved: list[int] = []
        self._ballast = ballast

    def save(self, path: Path, sequence: int, tokens: Sequence[int]) -> bool:
        self.saved.append(sequence)
        with path.open("wb") as file:
            file.write(json.dumps(list(tokens)).encode() + b"\n")
            file.truncate(file.tell() + self._ballast)
        return True

    def load(self, path: Path, sequence: int) -> list[int] | None:
        with path.open("rb") as file:
            tokens: list[int] = json.loads(file.readline())
        if 666 in tokens:
            return None
        self.sequences[sequence] = tokens
        return tokens

    def states(self, name: str = "model") -> States:
        return States(name, self.save, self.load)


def prompt(first: int) -> list[int]:
    return [first, *range(100)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path))
    return tmp_path / "states"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_another_process_finds_the_tokens_most_recent_first() -> None:
    Context().states().keep([(3, prompt(1)), (0, prompt(2)), (1, prompt(3))])
    later = Context()
    assert later.states().restore([0, 1]) == {0: prompt(1), 1: prompt(2)}
    assert later.sequences == {0: prompt(1), 1: prompt(2)}
    assert Context().states().restore(range(4)) == {0: prompt(1), 1: prompt(2), 2: prompt(3)}


def test_nothing_kept_is_nothing_restored(folder: Path) -> None:
    assert Context().states().restore(range(4)) == {}
    Context().states("other").keep([(0, prompt(1))])
    assert Context().states().restore(range(4)) == {}


def test_only_the_user_can_read_them(folder: Path) -> None:
    previous = os.umask(0o000)
    try:
        Context().states().keep([(0, prompt(1))])
    finally:
        os.umask(previous)
    (path,) = files(folder)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied"])
def test_a_damaged_file_is_deleted_and_the_next_one_used(folder: Path, damage: str) -> None:
    Context().states().keep([(0, prompt(1)), (1, prompt(2))])
    newest = max(files(folder), key=lambda path: path.stat().st_mtime_ns)
    content = newest.read_bytes()
    changed = bytes([content[0] ^ 1]) + content[1:]
    newest.write_bytes({"cut": content[:-1], "changed": changed, "emptied": b""}[damage])
    os.utime(newest)  # still the most recent one
    assert Context().states().restore([0, 1]) == {0: prompt(2)}
    assert not newest.exists()


def test_a_file_that_does_not_fit_is_deleted_and_the_next_one_used(folder: Path) -> None:
    Context().states().keep([(0, prompt(666)), (1, prompt(2))])
    assert Context().states().restore([0]) == {0: prompt(2)}
    assert len(files(folder)) == 1


def test_the_least_recent_are_removed(folder: Path) -> None:
    Context().states().keep([(0, prompt(1)), (1, prompt(2)), (2, prompt(3))])
    Context().states().keep([(0, prompt(4)), (1, prompt(5))])
    restored = Context().states().restore(range(10))
    assert restored == {0: prompt(4), 1: prompt(5), 2: prompt(1), 3: prompt(2)}
    assert len(files(folder)) == MAX_SLOTS


def test_the_same_prompt_is_kept_once_and_becomes_recent_again(folder: Path) -> None:
    Context().states().keep([(0, prompt(1)), (1, prompt(2))])
    Context().states().keep([(0, prompt(2))])
    assert Context().states().restore(range(4)) == {0: prompt(2), 1: prompt(1)}
    assert len(files(folder)) == 2


def test_a_prompt_that_was_evaluated_twice_is_restored_once(folder: Path) -> None:
    for ballast in (1, 2):  # its numbers are never quite the same
        Context(ballast).states().keep([(0, prompt(1)), (1, prompt(2))])
    assert len(files(folder)) == 4
    assert Context().states().restore(range(4)) == {0: prompt(1), 1: prompt(2)}
    assert len(files(folder)) == 2


def test_all_models_together_stay_within_the_bound(folder: Path) -> None:
    Context(ballast=50 * MEGABYTE).states("one").keep([(0, prompt(1)), (1, prompt(2))])
    Context(ballast=40 * MEGABYTE).states("two").keep([(0, prompt(3))])
    assert sum(path.stat().st_size for path in files(folder)) <= states.MAX_BYTES
    assert Context().states("one").restore(range(4)) == {0: prompt(1)}
    assert Context().states("two").restore(range(4)) == {0: prompt(3)}


def test_what_would_be_removed_at_once_is_not_written(folder: Path) -> None:
    context = Context(ballast=50 * MEGABYTE)
    context.states().keep([(n, prompt(n)) for n in range(4)])
    assert context.saved == [0, 1]


def test_no_more_slots_than_are_kept_and_no_short_prompts() -> None:
    context = Context()
    context.states().keep([(0, [1] * 63), *((n, prompt(n)) for n in range(1, 8))])
    assert context.saved == [1, 2, 3, 4]


def test_a_sequence_that_llama_cpp_cannot_write_leaves_no_file(folder: Path) -> None:
    context = Context()
    failing = States("model", lambda *_: False, context.load)
    failing.keep([(0, prompt(1))])
    assert files(folder) == []


def test_parts_that_a_killed_server_left_are_removed_later(folder: Path) -> None:
    Context().states("other").keep([(0, prompt(1))])
    old, new = folder / "other" / "1-0.part", folder / "other" / "2-0.part"
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    Context().states().keep([(0, prompt(2))])
    assert (old.exists(), new.exists()) == (False, True)


def test_a_folder_that_cannot_be_made_is_no_error(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    Context().states().keep([(0, prompt(1))])
    assert Context().states().restore([0]) == {}
