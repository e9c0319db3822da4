"""Where there is no sandbox a try is written over the file: that is put back, whatever comes."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.files.write import put
from lsp_server.cli import fix_check, fix_file
from lsp_server.cli.fix_check import Command, Seen
from lsp_server.cli.fix_file import Target
from lsp_server.core.reports import Report, reports
from lsp_server.errors import FileChanged

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no checks are run on Windows")

CODE, TRY = "x = 1\n", "x = 2  # a try\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path.resolve() / "shop.py"
    path.write_text(CODE)
    return path


def command(file: Path, line: str) -> Command:
    return Command(line, Target.read(file), file.parent, file.parent, None, Limits())


def said_in(file: Path) -> str:
    return file.read_text()


class Halted:
    """Holds up what puts files in their place, when it has done so or before it does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, is_done: bool) -> None:
        self.reached, self._goes_on = threading.Event(), threading.Event()

        def halted(*arguments: object, **named: object) -> None:
            if is_done:
                put(*arguments, **named)  # type: ignore[arg-type]
            monkeypatch.setattr(fix_file, "put", put)
            self.reached.set()
            assert self._goes_on.wait(60)
            if not is_done:
                put(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(fix_file, "put", halted)

    async def cancel(self, task: asyncio.Task[Seen]) -> None:
        """The task, in the midst of it."""
        task.cancel()
        await asyncio.sleep(0)
        self._goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_end_comes_while_the_try_is_being_written(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = Halted(monkeypatch, is_done=True)
    task = asyncio.create_task(command(file, "true")(TRY))
    await asyncio.to_thread(halted.reached.wait, 60)
    assert said_in(file) == TRY
    await halted.cancel(task)
    assert said_in(file) == CODE


async def test_what_somebody_else_has_written_before_the_try_stays(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = Halted(monkeypatch, is_done=False)
    task = asyncio.create_task(command(file, "true")(TRY))
    await asyncio.to_thread(halted.reached.wait, 60)
    await asyncio.to_thread(file.write_text, "other = 1\n")
    await halted.cancel(task)
    assert said_in(file) == "other = 1\n"


@pytest.mark.parametrize(
    "line",
    [
        "printf '# formatted\\n' >> shop.py",
        "rm shop.py",
        "chmod 0444 shop.py",
        "echo > other; ln -sf other shop.py",
        "ln shop.py other; echo >> other",
    ],
)
def test_a_check_changes_the_try(file: Path, line: str) -> None:
    assert asyncio.run(command(file, line)(TRY)) == Seen(True, why=" (exit status 0)")
    assert not file.is_symlink()
    assert file.read_text() == CODE
    assert file.stat().st_mode & 0o200
    assert {each.name for each in file.parent.iterdir()} <= {"shop.py", "other"}


async def test_what_can_not_be_put_back_is_kept_beside(file: Path) -> None:
    with pytest.raises(FileChanged, match=r"shop\.py can't be put back as it was; ") as caught:
        await command(file, "rm shop.py; mkdir shop.py")(TRY)
    name = str(caught.value).split()[-1].rstrip(".")
    assert (file.parent / name).read_text() == CODE


async def test_what_is_printed_is_read_in_a_thread(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set[threading.Thread]()

    def noted(output: str) -> list[Report]:
        threads.add(threading.current_thread())
        return reports(output)

    monkeypatch.setattr(fix_check, "reports", noted)
    seen = await command(file, "echo 'shop.py:1:1: wrong'; false")(CODE)
    assert [each.message for each in seen.reports] == ["wrong"]
    assert threads
    assert threading.current_thread() not in threads
