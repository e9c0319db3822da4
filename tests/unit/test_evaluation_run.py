"""Asking cases: what is scored, what is kept, and what the model must not be shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lsp_server.completion.freeze import NEEDED_SECONDS
from lsp_server.completion.pieces import Piece
from lsp_server.completion.project import Project
from lsp_server.completion.uses import AT_CURSOR
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point
from lsp_server.engines.base import EngineInfo
from lsp_server.engines.fake import FakeEngine, Reply
from lsp_server.errors import EngineCrashed
from lsp_server.evaluation.ask import Answer, Speeds, Steady, ask, document
from lsp_server.evaluation.cases.case import Case
from lsp_server.evaluation.kept import Kept, kept_file
from lsp_server.evaluation.report import Difference, Score, figures, score
from lsp_server.evaluation.run import answer_all
from lsp_server.settings import CompletionSettings
from lsp_server.workspace.extract import extract, read
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import walk
from tests.git_repository import write

SETTINGS = CompletionSettings()
TEXT = (
    "def run(client, order):\n    client.send(order.number, order.key)\n    client.close(order)\n"
)


def cut(expected: str, text: str = TEXT, path: str = "a.py", kind: str = "arguments") -> Case:
    before, _, after = text.partition(expected)
    return Case(kind, "", "", path, "python", before.count("\n"), before, after, expected)


SEND, CLOSE = cut("order.number, order.key"), cut("close(order)", kind="line")
REPLIES = [Reply("client.send(", "order.number, order.key"), Reply("client.", "close(client)")]


async def run(
    engine: FakeEngine, root: Path, file: Path, cases: Sequence[Case] = (SEND, CLOSE)
) -> list[str]:
    found = await answer_all(engine, cases, root, None, SETTINGS, Kept(file))
    return [answer.text for answer in found]


async def test_answers_come_in_order_and_are_asked_for_once(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "kept.jsonl"
    answered: list[None] = []
    found = await answer_all(
        FakeEngine(REPLIES),
        [SEND, CLOSE],
        tmp_path,
        None,
        SETTINGS,
        Kept(file),
        lambda: answered.append(None),
    )
    assert [answer.text for answer in found] == ["order.number, order.key", "close(client)"]
    assert all(answer.milliseconds > 0 for answer in found) and len(answered) == 2
    silent = FakeEngine([])
    assert await answer_all(silent, [CLOSE, SEND], tmp_path, None, SETTINGS, Kept(file)) == [
        found[1],
        found[0],
    ]
    assert not silent.requests
    assert Kept(file, fresh=True).get(SEND) is None
    assert await run(silent, tmp_path, file) == ["", ""]


async def test_what_was_stopped_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    with pytest.raises(EngineCrashed):
        await run(FakeEngine([REPLIES[0], Reply("client.", crash=True)]), tmp_path, file)
    engine = FakeEngine([Reply("client.send(", "other"), REPLIES[1]])
    assert await run(engine, tmp_path, file) == ["order.number, order.key", "close(client)"]


@pytest.mark.parametrize("end", [b'{"case": "ab', b"\xff\0\n", b'{"case": "ab"}\n', b"[]\n", b"{}"])
def test_a_damaged_end_is_dropped(tmp_path: Path, end: bytes) -> None:
    file = tmp_path / "kept.jsonl"
    kept = Kept(file)
    kept.set_speeds(Speeds(300.0, 0.02))
    kept.add(SEND, Answer("é\r\n😀", 1.5, 2))
    whole = file.read_bytes()
    file.write_bytes(whole + end)
    again = Kept(file)
    assert file.read_bytes() == whole
    assert (again.speeds, again.get(SEND)) == (Speeds(300.0, 0.02), Answer("é\r\n😀", 1.5, 2))
    again.add(CLOSE, Answer("", 3.0))
    assert Kept(file).get(CLOSE) == Answer("", 3.0)


def test_each_setting_has_a_file_of_its_own() -> None:
    budgets = [CompletionSettings(latency_budget_ms=ms) for ms in (1500, 1500, 800)]
    one, same, other = (kept_file("1.0", Path("/r"), budget, "model") for budget in budgets)
    assert one == same != other
    assert one != kept_file("1.0", Path("/r"), budgets[0], "another")


class Measured(FakeEngine):
    """Its speed changes."""

    speed = 100.0

    async def info(self) -> EngineInfo:
        self.speed *= 2
        return replace(await super().info(), prompt_tokens_per_second=self.speed)


async def test_speeds_are_those_of_the_first_case(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    engine = Measured(REPLIES)
    await run(engine, tmp_path, file, [SEND])
    await run(engine, tmp_path, file)
    assert Kept(file).speeds == Speeds(200.0, None)
    steady = Steady(engine, Speeds(200.0, None))
    assert (await steady.info()).prompt_tokens_per_second == 200.0


ORDERS = {
    "orders.py": """\
from shop import Shop


class Orders:
    def shipped_to(self, customer_name: str, street_number: int) -> str:
        return Shop().label(customer_name, street_number)
""",
    "shop.py": """\
from orders import Orders


class Shop(Orders):
    def label(self, name: str, number: int) -> str:
        return name
""",
}


async def test_the_header_that_was_cut_does_not_come_back(tmp_path: Path) -> None:
    write(tmp_path, ORDERS)
    index = Index(tmp_path, tmp_path / "index.sqlite")
    found = ((each, read(tmp_path, each)) for each in walk(tmp_path))
    index.update([extract(each, data) for each, data in found if data is not None])
    project = Project(tmp_path, index)
    header = "shipped_to(self, customer_name: str, street_number: int) -> str:"
    case = cut(header, ORDERS["orders.py"], "orders.py", "line")

    engine = FakeEngine([])
    await answer_all(engine, [case], tmp_path, project, SETTINGS, Kept(tmp_path / "kept.jsonl"))
    index.close()
    shown = "".join(piece.text for piece in engine.requests[0].context)
    assert "street_number" not in shown, "Shop inherits it, but the document has it no more"
    assert "label" in shown
    around = engine.requests[0].prefix + engine.requests[0].suffix
    assert "street_number: int" not in around


@dataclass(frozen=True, slots=True)
class Slow(Project):
    """A project on a busy machine, for which an editor would not wait."""

    async def needed(
        self, snapshot: Snapshot, cursor: Point, visible: range = range(0)
    ) -> list[Piece]:
        await asyncio.sleep(2 * NEEDED_SECONDS)
        return [Piece("client.py", "send", "def send(number, key): ...", AT_CURSOR)]


async def test_what_other_files_tell_is_waited_for(tmp_path: Path) -> None:
    engine = FakeEngine([])
    project = Slow(tmp_path, Index(tmp_path, tmp_path / "index.sqlite"))
    answer = await ask(engine, SEND, document(SEND, tmp_path), SETTINGS, project)
    assert [piece.path for piece in engine.requests[0].context] == ["client.py"]
    assert answer.milliseconds > 2000 * NEEDED_SECONDS


def test_scores() -> None:
    right = score(SEND, Answer("order.number, order.key\n", 5.0), lambda _case, _text: 0)
    assert right == Score("arguments", True, 1.0, True, True, 0, 5.0)
    wrong = score(SEND, Answer("order.number, (order", 5.0), lambda _case, answer: len(answer.text))
    assert (wrong.exact, wrong.parses, wrong.unknown_names) == (False, False, 20)
    assert wrong.similarity == pytest.approx(1 - 5 / 23)
    silent = score(SEND, Answer("", 9.0), lambda _case, _text: 0)
    assert silent == Score("arguments", False, 0.0, False, None, None, 9.0)


def test_what_an_answer_replaces_was_expected_of_it() -> None:
    assert score(SEND, Answer("order.number, order.key)", 1.0, replaced=1)).exact
    more = score(SEND, Answer("order.number, order.key).wait()", 1.0, replaced=1))
    assert (more.exact, more.parses) == (False, True)


def test_line_ends_of_windows_are_line_ends() -> None:
    case = cut("b = 2\r\nc = 3", "a = 1\r\nb = 2\r\nc = 3\r\n")
    assert score(case, Answer("b = 2\nc = 3", 1.0)).exact


def test_figures_by_kind() -> None:
    scores = [
        Score("line", True, 1.0, True, True, 0, 10.0),
        Score("line", False, 0.5, True, False, 2, 30.0),
        Score("block", False, 0.0, False, None, None, 20.0),
    ]
    found = figures(scores)
    assert list(found) == ["line", "block", "total"]
    line = found["line"]
    assert (line.cases, line.answered, line.exact, line.similarity) == (2, 2, 0.5, 0.75)
    assert (line.parses, line.unknown_names, line.p50, line.p95) == (0.5, 0.5, 10.0, 30.0)
    block, total = found["block"], found["total"]
    assert (block.answered, block.parses, block.unknown_names) == (0, None, None)
    assert (total.cases, total.answered, total.similarity, total.p50) == (3, 2, 0.5, 20.0)


def test_a_difference_is_of_the_same_cases() -> None:
    good = [Score("line", True, 1.0, True, True, 0, 1.0)] * 10
    bad = [replace(each, exact=False, similarity=0.25) for each in good]
    found = Difference.of(bad, good)
    assert (found.exact.value, found.exact.low, found.exact.high) == (-1, -1, -1)
    assert found.similarity.value == -0.75
    with pytest.raises(ValueError, match="zip"):
        Difference.of(bad, good[1:])
