"""Other ways to show what other files say: as comments, and only what is used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.arms import Commented, Oracle
from benchmarks.quality import Answer, Recording, completed, indexed, report
from lsp_server.completion.project import Project
from lsp_server.core.fim import Snippet
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point, Text
from lsp_server.core.tokens import estimate
from lsp_server.engines.base import Engine, EngineInfo, InfillRequest
from lsp_server.engines.fake import FakeEngine, Reply
from lsp_server.evaluation.cases.case import Case, Definition

SHOWN = (Snippet("a.py", "class A:\n    def b(self): ..."), Snippet("c.py", "def d(): ..."))
COMMENTS = "# a.py\n# class A:\n#     def b(self): ...\n# c.py\n# def d(): ...\n# main.py\n"
CASE = Case(
    kind="cross-file",
    shape="call",
    package="shop",
    path="main.py",
    grammar="python",
    row=4,
    prefix="from till import Till, refund\n\n\ndef pay(till: Till):\n    return refund(",
    suffix=")\n",
    expected="till, 1",
    gold=Definition("till.py", "refund", 4),
)
TILL = "class Till:\n    def charge(self, order): ...\n\n\ndef refund(till, amount): ...\n"


class Small(FakeEngine):
    """One that takes short prompts."""

    async def info(self) -> EngineInfo:
        return replace(await super().info(), context_tokens=100)


async def sent(engine: FakeEngine, request: InfillRequest) -> InfillRequest:
    """What an engine is asked if `Commented` is asked this."""
    async for _ in Commented(engine).infill(request):
        pass
    return engine.requests[-1]


@pytest.mark.parametrize(("path", "mark"), [("main.py", "#"), ("main.ts", "//")])
async def test_pieces_are_comments_above_the_prefix(path: str, mark: str) -> None:
    request = InfillRequest("x = ", "\n", middle="A().", context=SHOWN, path=path)
    comments = COMMENTS.replace("main.py", path).replace("# ", f"{mark} ")
    expected = replace(request, prefix=f"{comments}x = ", context=())
    assert await sent(FakeEngine([]), request) == expected


async def test_without_pieces_nothing_is_changed() -> None:
    request = InfillRequest("x = ", "\n", path="main.py")
    assert await sent(FakeEngine([]), request) == request


async def test_what_is_too_long_loses_the_beginning_of_the_prefix() -> None:
    lines = [f"x{number} = {number}\n" for number in range(40)]
    request = InfillRequest("".join(lines), "", 20, context=SHOWN, path="main.py")
    prefix = (await sent(Small([]), request)).prefix
    assert prefix.startswith(COMMENTS)
    kept = prefix.removeprefix(COMMENTS).splitlines(keepends=True)
    assert 0 < len(kept) < len(lines)
    assert kept == lines[-len(kept) :]
    assert estimate(prefix) < 80


@pytest.mark.parametrize(
    ("gold", "shown"),
    [
        (Definition("till.py", "refund", 4), ["def refund(till, amount): ..."]),
        (Definition("till.py", "charge", 1), ["class Till:\n    def charge(self, order): ..."]),
        (Definition("till.py", "Till", 0), ["class Till:\n    def charge(self, order): ..."]),
        (Definition("till.py", "gone", 0), []),
        (None, []),
    ],
)
async def test_the_oracle_shows_what_is_used_and_nothing_else(
    tmp_path: Path, gold: Definition | None, shown: list[str]
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "till.py").write_text(TILL)
    project = indexed(tmp_path / "shop", tmp_path / "index.sqlite")
    oracle = Oracle.of_case(project, replace(CASE, gold=gold))
    uri = (tmp_path / "shop" / "main.py").as_uri()
    document = Snapshot(uri, 1, "python", Text.of(CASE.prefix))
    assert [piece.text for piece in await oracle.needed(document, Point(0, 0))] == shown


async def test_a_case_is_asked_the_same_way_by_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "till.py").write_text(TILL)
    monkeypatch.setattr("benchmarks.quality.folder", lambda name: tmp_path / name)
    project = indexed(tmp_path / "shop", tmp_path / "index.sqlite")
    inner = FakeEngine([Reply("refund(", "till, 1")])
    ways: dict[str, tuple[Engine, Project]] = {
        "fimble": (inner, project),
        "comments": (Commented(inner), project),
        "oracle": (inner, Oracle.of_case(project, CASE)),
    }
    answers: dict[str, list[Answer]] = {}
    told = {}
    for way, (engine, known) in ways.items():
        answers[way] = [await completed(Recording(engine), CASE, known)]
        told[way] = inner.requests[0]
        inner.requests.clear()
    assert {way: said.text for way, [said] in answers.items()} == dict.fromkeys(ways, "till, 1")
    assert {way: said.gold_shown for way, [said] in answers.items()} == dict.fromkeys(ways, True)
    assert [piece.text.count("charge") for piece in told["fimble"].context] == [1]
    assert [piece.text.count("charge") for piece in told["oracle"].context] == [0]
    assert told["comments"].context == ()
    assert "# def refund(till, amount): ...\n" in told["comments"].prefix
    figures = report([CASE], answers)
    assert {"comments / fimble", "oracle / fimble"} == {name for name in figures if "/" in name}
