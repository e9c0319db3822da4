"""A model's corrections: which are taken, with what edits, and what the next try is told."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_server.actions.action import Change, Mend, Request
from lsp_server.actions.asking import MAX_TITLE, Model, NotMade
from lsp_server.actions.mend import mended
from lsp_server.actions.offer import offered
from lsp_server.actions.verify import edited
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import grammar_for
from lsp_server.core.text import decode
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import INFO, ChatScript, ScriptedChat
from lsp_server.errors import DocumentChanged, UsageError
from lsp_server.workspace.masking import masked
from tests.unit.actions.cases import HERE, request

CASES: list[dict[str, Any]] = tomllib.loads((HERE / "tries.toml").read_text("utf-8"))["case"]
CODE = "def f(a):\n    return «a.b\n"
PLAIN = ChatInfo("plain", 4096)


def asked(text: str, path: str = "a.py", message: str = "a has no b") -> Request:
    return replace(request(text.lstrip("\n"), path, messages=(message,)), has_model=True)


def mend(request: Request) -> Mend:
    return Mend(request, request.diagnostics[0])


def model(script: ChatScript, info: ChatInfo = INFO, root: Path | None = None) -> Model:
    engine = FakeEngine([], chat=script)
    engine.scripted_chat = ScriptedChat(script, info)
    return Model(engine, root, lambda _: None)


def prompts(model: Model) -> list[str]:
    assert isinstance(model.engine, FakeEngine)
    return [each.messages[-1].content for each in model.engine.chats]


def fenced(code: str, language: str = "python") -> str:
    return f"```{language}\n{code.strip(chr(10))}\n```\n"


def text(request: Request, change: Change) -> str:
    after = edited(request.syntax, change.edits)
    assert after is not None
    return decode(after.data)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("case", "way"),
    [
        pytest.param(case, way, id=f"{case['name']}-{way}")
        for case in CASES
        for way in ("begun", "whole")
        if case.get("info", way) == way  # others can't come so
    ],
)
async def test_a_try(case: dict[str, Any], way: str, line_end: str) -> None:
    info = INFO if way == "begun" else PLAIN
    language = grammar_for("", case["path"]) or ""
    before = case["before"].lstrip("\n").replace("\n", line_end)
    asking = asked(before, case["path"], case.get("told", case["message"]))
    asks = model([fenced(case["answer"], language)], info)
    if "after" in case:
        change = await mended(mend(asking), asks)
        assert change.by_model
        assert text(asking, change) == case["after"].lstrip("\n").replace("\n", line_end)
    else:
        with pytest.raises(NotMade, match="nothing was changed"):
            await mended(mend(asking), asks)
        first, second, *_ = prompts(asks)
        assert "A first correction was wrong" not in first
        assert f"A first correction was wrong:\n```\n{case['flaw']}\n```" in second


async def test_edits_are_as_small_as_can_be() -> None:
    asking = asked("def f(a):\n    x = 1\n    return «a.b\n\n\ny = 2\n")
    change = await mended(mend(asking), model([fenced("def f(a):\n    x = 1\n    return a.c")]))
    [edit] = change.edits
    assert asking.syntax.data[edit.start : edit.end] == b"    return a.b"
    assert edit.new == "    return a.c"


async def test_the_first_try_is_greedy_and_the_others_differ() -> None:
    asks = model([fenced("def f(a):\n    return (")] * 2 + [fenced("def f(a):\n    return a.c")])
    asking = asked(CODE)
    assert text(asking, await mended(mend(asking), asks)) == "def f(a):\n    return a.c\n"
    assert isinstance(asks.engine, FakeEngine)
    assert [each.temperature > 0 for each in asks.engine.chats] == [False, True, True]
    assert len({each.seed for each in asks.engine.chats}) == 3


async def test_no_more_is_asked_once_the_document_has_changed() -> None:
    asking = asked(CODE)

    def gone(_: Snapshot) -> None:
        raise DocumentChanged("gone")

    asks = replace(model([fenced("def f(a):\n    return a.c")]), require_newest=gone)
    with pytest.raises(DocumentChanged):
        await mended(mend(asking), asks)
    assert len(prompts(asks)) == 1


async def test_a_secret_or_ignored_file_is_sent_nowhere(tmp_path: Path) -> None:
    root = tmp_path
    (root / ".gitignore").write_text("kept/\n")
    answer = [fenced("def f(a):\n    return a.c")]
    for name, remote, refused in [
        ("kept/a.py", True, "ignore files leave it out"),
        (".env.py", True, "holds credentials"),
        ("kept/a.py", False, ""),
        ("open.py", True, ""),
    ]:
        asking = asked(CODE)
        snapshot = replace(asking.snapshot, uri=(root / name).as_uri())
        asking = replace(asking, snapshot=snapshot)
        asks = model(answer, replace(INFO, is_remote=remote), root)
        if refused:
            with pytest.raises(UsageError, match=refused):
                await mended(mend(asking), asks)
            assert prompts(asks) == []
        else:
            assert (await mended(mend(asking), asks)).edits
    key = "ghp_" + "a1B2" * 9
    asking = asked(f"{CODE}\nKEY = '{key}'\n")
    with pytest.raises(UsageError, match="a credential stands in it"):
        await mended(mend(asking), model(answer, replace(INFO, is_remote=True)))


async def test_a_rewriting_gets_back_what_was_masked() -> None:
    secret, other = 'password="Tr0ub4dor#3x"', 'password="c0rrecthorse"'
    code = f"def f(a):\n    g({secret})\n    return «a.b\n"
    asking = asked(code)
    fixed = f"def f(a):\n    g({masked(secret)})\n    return a.c"
    made = await mended(mend(asking), model([fenced(fixed)], PLAIN))
    assert text(asking, made) == f"def f(a):\n    g({secret})\n    return a.c\n"
    moved = fixed.replace(masked(secret), masked(other))
    with pytest.raises(NotMade):
        await mended(mend(asking), model([fenced(moved)] * 3, PLAIN))


def titles(request: Request) -> list[str]:
    return [action.title for action in offered(request, ["quickfix"])]


def test_where_it_is_offered() -> None:
    assert titles(asked(CODE)) == ["Fix: a has no b"]
    assert titles(replace(asked(CODE), has_model=False)) == []
    assert titles(asked("x = «Path(1)\n", message='"Path" is not defined'))[0].startswith("Import")
    sure = asked("length = 1\nprint(«lenght)\n", message='"lenght" is not defined')
    assert titles(sure) == ["Change `lenght` to `length`"]  # no model where a rule is sure
    assert titles(asked("# «nothing\n")) == []
    assert titles(asked("«", message="odd")) == []
    long = "x = «[\n" + "    1,\n" * 2_000 + "]\n"
    assert titles(asked(long, message="odd")) == []
    [title] = titles(asked(CODE, message="much\n\n  is wrong " * 30))
    assert len(title) <= MAX_TITLE + len("Fix: ")
    assert title.startswith("Fix: much is wrong much")


async def test_the_prompt_is_as_it_was() -> None:
    shown = 'def half(n):\n    """Half of it.\n\n    One.\n    Two.\n    Three.\n    """\n'
    asking = asked(shown + "    return «n // 3\n", "maths.py", "test_half fails: 2 != 3")
    asks = model(["", ""])
    with pytest.raises(NotMade):
        await mended(mend(asking), asks)
    golden = (HERE / "golden" / "mend.txt").read_text("utf-8")
    assert "\n=====\n".join(prompts(asks)[:2]) + "\n" == golden


async def test_the_prompt_shows_what_is_called() -> None:
    code = "def half(n, digits=0): ...\n\n\ndef f(n):\n    print(n)\n    return «half(n, 3, 4)\n"
    asks = model([""])
    with pytest.raises(NotMade):
        await mended(mend(asked(code, message="Expected 2 arguments")), asks)
    golden = (HERE / "golden" / "mend_calls.txt").read_text("utf-8")
    assert prompts(asks)[0] + "\n" == golden
