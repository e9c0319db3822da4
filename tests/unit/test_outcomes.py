"""What became of suggestions, as it is kept for learning from it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lsp_server.completion.outcomes import KEPT_OUTCOMES, Outcome, Outcomes, repository_key

HERE, THERE = repository_key(Path("/here")), repository_key(Path("/there"))


def outcome(number: int) -> Outcome:
    return Outcome(float(number), "python", number / 1000, 2, "kept")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "outcomes.sqlite"


async def test_they_are_there_at_once_and_after_a_restart(path: Path) -> None:
    outcomes = Outcomes(path)
    assert await outcomes.latest(HERE) == ()
    outcomes.add(HERE, outcome(1))
    outcomes.add(THERE, outcome(2))
    assert await outcomes.latest(HERE) == (outcome(1),)
    assert await outcomes.latest(THERE) == (outcome(2),)
    await outcomes.save()
    await outcomes.save()
    assert await Outcomes(path).latest(HERE) == (outcome(1),)
    assert await Outcomes(path).latest(THERE) == (outcome(2),)


async def test_only_the_last_of_each_repository_are_kept(path: Path) -> None:
    outcomes = Outcomes(path)
    outcomes.add(THERE, outcome(0))
    assert len(await outcomes.latest(HERE)) == 0
    for number in range(KEPT_OUTCOMES + 10):
        outcomes.add(HERE, outcome(number))
    expected = tuple(map(outcome, range(10, KEPT_OUTCOMES + 10)))
    assert await outcomes.latest(HERE) == expected
    await outcomes.save()
    assert await Outcomes(path).latest(HERE) == expected
    other = Outcomes(path)
    other.add(HERE, outcome(1000))
    await other.save()
    assert await Outcomes(path).latest(HERE) == (*expected[1:], outcome(1000))
    assert await Outcomes(path).latest(THERE) == (outcome(0),)
    with closing(sqlite3.connect(path)) as connection:
        [[rows]] = connection.execute("SELECT count(*) FROM outcomes")
    assert rows == KEPT_OUTCOMES + 1


async def test_nothing_is_left_when_they_are_deleted(path: Path) -> None:
    outcomes = Outcomes(path)
    await outcomes.delete()
    outcomes.add(HERE, outcome(1))
    await outcomes.save()
    outcomes.add(HERE, outcome(2))
    await outcomes.delete()
    await outcomes.save()
    assert list(path.parent.iterdir()) == []
    assert await outcomes.latest(HERE) == ()


@pytest.fixture
def damaged(path: Path) -> Path:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    return path


async def test_a_damaged_file_is_begun_anew(damaged: Path) -> None:
    outcomes = Outcomes(damaged)
    assert await outcomes.latest(HERE) == ()
    outcomes.add(HERE, outcome(1))
    await outcomes.save()
    assert await Outcomes(damaged).latest(HERE) == (outcome(1),)


async def test_a_folder_that_may_not_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcomes = Outcomes(tmp_path / "file" / "outcomes.sqlite")
    outcomes.add(HERE, outcome(1))
    await outcomes.save()
    assert await outcomes.latest(HERE) == ()


def test_a_repository_is_not_named() -> None:
    assert "here" not in HERE
    assert len({HERE, THERE, repository_key(None)}) == 3
