from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_server.workspace.index import Index
from lsp_server.workspace.indexer import COMMAND, MAX_TRIES, Indexer
from tests.index_content import Content, content

CODE = '''"""Module {n}."""
import os
from .m{n} import other

class Thing{n}:
    """A thing."""

    size: int = {n}

    def measure(self, factor: int) -> int:
        return self.size * factor + compute(factor)


def compute_{n}(value):
    return Thing{n}().measure(value)
'''


def make(root: Path, count: int) -> None:
    for number in range(count):
        path = root / f"p{number % 7}" / f"m{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CODE.format(n=number))


@pytest.fixture
async def indexer(tmp_path: Path) -> AsyncIterator[Indexer]:
    make(tmp_path / "root", 30)
    made = Indexer(tmp_path / "root", file=tmp_path / "a.sqlite")
    yield made
    await made.close()


async def fresh(tmp_path: Path) -> Content:
    file = tmp_path / f"fresh{time.monotonic_ns()}.sqlite"
    made = Indexer(tmp_path / "root", file=file)
    assert await made.scan()
    await made.close()
    return content(file)


async def test_scan_and_scan_again(tmp_path: Path, indexer: Indexer) -> None:
    steps: list[tuple[int, int]] = []
    indexer._on_progress = lambda done, total: steps.append((done, total))
    index = Index(tmp_path / "root", tmp_path / "a.sqlite")
    seen = [index.complete]
    assert await indexer.scan()
    assert [*seen, index.complete] == [False, True]
    assert (steps[0], steps[-1]) == ((0, 30), (30, 30))
    assert len(index.known()) == 30
    assert index.definitions("compute_3")[0].path == "p3/m3.py"

    root = tmp_path / "root"
    (root / "p0" / "m0.py").unlink()
    (root / "p1" / "m1.py").write_text("def changed(): pass\n")
    (root / "p2" / "new.py").write_text("def added(): pass\n")
    os.utime(root / "p3" / "m3.py", (1, 1))
    steps.clear()
    assert await indexer.scan()
    assert steps[-1] == (3, 3)
    assert index.known()["p3/m3.py"][0] == 10**9
    assert index.definitions("compute_0") == index.definitions("compute_1") == []
    assert index.definitions("changed") and index.definitions("added")
    assert content(tmp_path / "a.sqlite") == await fresh(tmp_path)
    steps.clear()
    assert await indexer.scan()
    assert steps[-1] == (0, 0)
    index.close()


async def test_changed_files(tmp_path: Path, indexer: Indexer) -> None:
    root = tmp_path / "root"
    index = Index(root, tmp_path / "a.sqlite")
    assert await indexer.scan()
    (root / "p1" / "m1.py").write_text("def saved(): pass\n")
    assert await indexer.changed("p1/m1.py")
    assert [d.path for d in index.definitions("saved")] == ["p1/m1.py"]
    (root / "p1" / "m1.py").rename(root / "p1" / "m.py")
    assert await indexer.changed("p1/m1.py") and await indexer.changed("p1/m.py")
    assert [d.path for d in index.definitions("saved")] == ["p1/m.py"]
    (root / "p2").rename(root / ".p2")
    assert await indexer.changed("p2")
    assert index.definitions("compute_2") == []
    for odd in ("../x.py", "", "nothing.py", "/etc/passwd", "p1/m.py/x"):
        assert await indexer.changed(odd)
    (root / "p3" / ".gitignore").write_text("*\n")
    assert await indexer.changed("p3/.gitignore") and await indexer.scan()
    assert index.definitions("compute_3") == []
    assert content(tmp_path / "a.sqlite") == await fresh(tmp_path)
    index.close()


async def test_a_corrupt_database_is_built_again(tmp_path: Path, indexer: Indexer) -> None:
    assert await indexer.scan()
    data = (tmp_path / "a.sqlite").read_bytes()
    await indexer.close()
    middle = len(data) // 2
    (tmp_path / "a.sqlite").write_bytes(
        data[:middle] + os.urandom(20_000) + data[middle + 20_000 :]
    )
    expected = await fresh(tmp_path)
    again = Indexer(tmp_path / "root", file=tmp_path / "a.sqlite")
    assert await again.scan()
    # The worker, another process, looks for damage when it is idle.
    while not _is(tmp_path / "a.sqlite", expected):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await again.close()


def _is(file: Path, expected: Content) -> bool:
    try:
        return content(file) == expected
    except sqlite3.DatabaseError:
        return False


async def test_a_database_deleted_under_the_worker_is_built_again(
    tmp_path: Path, indexer: Indexer
) -> None:
    assert await indexer.scan()
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"a.sqlite{suffix}").unlink(missing_ok=True)
    assert await indexer.scan()
    assert content(tmp_path / "a.sqlite") == await fresh(tmp_path)


async def test_two_processes_on_one_workspace(tmp_path: Path, indexer: Indexer) -> None:
    other = Indexer(tmp_path / "root", file=tmp_path / "a.sqlite")
    saved = tmp_path / "root" / "p1" / "m1.py"
    saved.write_text("def saved(): pass\n")
    assert all(await asyncio.gather(indexer.scan(), other.scan(), other.changed("p1/m1.py")))
    await other.close()
    assert content(tmp_path / "a.sqlite") == await fresh(tmp_path)


async def test_killed_at_any_moment(tmp_path: Path) -> None:
    make(tmp_path / "root", 150)
    file = tmp_path / "a.sqlite"
    chance = random.Random(4)
    for turn in range(5):
        killed = await asyncio.create_subprocess_exec(
            *COMMAND, str(tmp_path / "root"), str(file),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert killed.stdin and killed.stdout
        killed.stdin.write(b'{"do": "scan", "id": 1}\n')
        await killed.stdout.readline()  # it has begun
        await asyncio.sleep(chance.uniform(0, 0.15))
        killed.kill()
        await killed.communicate()
        (tmp_path / "root" / "p0" / "m0.py").write_text(f"def turn_{turn}(): pass\n")
        for path, rows in _rows_of_files(file).items():
            assert rows in ((4, 2), (1, 0)), path  # symbols and imports: whole files only
    last = Indexer(tmp_path / "root", file=file)
    assert await last.scan()
    await last.close()
    assert content(file) == await fresh(tmp_path)


def _rows_of_files(file: Path) -> dict[str, tuple[int, int]]:
    connection = sqlite3.connect(file)
    try:
        return {
            path: (symbols, imported)
            for path, symbols, imported in connection.execute(
                "SELECT path, (SELECT count(*) FROM symbols WHERE file = id), "
                "(SELECT count(*) FROM imports WHERE file = id) FROM files"
            )
        }
    finally:
        connection.close()


async def test_a_worker_that_dies_is_replaced(tmp_path: Path, indexer: Indexer) -> None:
    assert await indexer.scan()
    assert indexer.pid
    os.kill(indexer.pid, signal.SIGKILL)
    assert await indexer.changed("p1/m1.py")
    assert await indexer.scan()


async def test_a_scan_that_gets_on_survives_any_number_of_kills(tmp_path: Path) -> None:
    make(tmp_path / "root", 600)
    kills = 0

    def kill(done: int, _total: int) -> None:
        nonlocal kills
        if done and kills <= MAX_TRIES:
            kills += 1
            assert killed.pid
            os.kill(killed.pid, signal.SIGKILL)

    killed = Indexer(tmp_path / "root", kill, file=tmp_path / "a.sqlite")
    assert await killed.scan()
    assert kills > MAX_TRIES
    await killed.close()
    assert content(tmp_path / "a.sqlite") == await fresh(tmp_path)


def test_the_worker_ends_with_the_server(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    command = [*COMMAND, str(tmp_path / "root"), str(tmp_path / "a.sqlite")]
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=20, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, b"")


async def test_after_the_end_nothing_is_done(indexer: Indexer) -> None:
    await indexer.close()
    assert not await indexer.scan()
    assert not await indexer.changed("a.py")


async def test_a_worker_that_cannot_run_is_given_up(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsp_server.workspace.indexer.COMMAND", ("/nonexistent",))
    assert not await indexer.scan()
    monkeypatch.setattr("lsp_server.workspace.indexer.COMMAND", ("false",))
    assert not await indexer.scan()
