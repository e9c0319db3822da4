"""Actions and prompts of the user's own: which files count, and where they are offered."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_server.actions.action import Explain, OwnAction, Request, Rewrite
from lsp_server.actions.asking import PROMPTS
from lsp_server.actions.explain import explained
from lsp_server.actions.offer import offered
from lsp_server.actions.own import NoAction, parsed
from lsp_server.actions.own_files import PROMPTS as NAMES
from lsp_server.actions.own_files import OwnFiles
from lsp_server.actions.resolve import resolved
from lsp_server.core.prompts import OwnTemplate
from lsp_server.errors import UsageError
from lsp_server.workspace.own_folder import MAX_BYTES
from tests.unit.actions.cases import HERE
from tests.unit.actions.test_mend import asked, fenced, model, prompts, text

CASES: list[dict[str, Any]] = tomllib.loads((HERE / "own.toml").read_text("utf-8"))["case"]
CODE = "def f(a):\n    return «a\n"
ADD = '+++\ntitle = "Add one"\ndoes = "rewrite"\n+++\nAdd one to the result.\n'
ASK = '+++\ntitle = "Ask"\ndoes = "explain"\n+++\nWhy so?\n'


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("flaw", "sound")[:40])
def test_a_file(case: dict[str, Any]) -> None:
    written = case["text"].lstrip("\n")
    if "flaw" in case:
        with pytest.raises(NoAction) as caught:
            parsed(written)
        assert case["flaw"] in str(caught.value)
    else:
        instruction = "Translate all comments.\n+++\nKeep their place."
        languages = ("python", "typescriptreact")
        assert parsed(written) == OwnAction("Translate comments", "rewrite", instruction, languages)


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(NoAction, match="in at most 4,000 characters"):
        parsed(ADD + "x" * 4_000)


def owning(request: Request, *own: OwnAction) -> Request:
    return replace(request, own=own, diagnostics=())


def titles(request: Request) -> list[str]:
    return [each.title for each in offered(request) if each.title in ("Add one", "Ask")]


def test_where_they_are_offered() -> None:
    own = parsed(ADD), parsed(ASK)
    assert titles(owning(asked(CODE), *own)) == ["Add one", "Ask"]
    assert titles(replace(owning(asked(CODE), *own), has_model=False)) == []
    assert titles(owning(asked("«x = 1\n"), *own)) == ["Add one"]  # no function to explain
    assert titles(owning(asked("# «nothing\n"), *own)) == []
    foreign = tuple(replace(each, languages=("go", "rust")) for each in own)
    assert titles(owning(asked(CODE), *foreign)) == []
    other = replace(own[0], languages=("javascriptreact", "tsx"))
    assert titles(owning(asked("const f = (a) => {\n  «a;\n};\n", "a.tsx"), other)) == ["Add one"]


async def test_a_rewrite_is_judged_as_all_are() -> None:
    asking = owning(asked(CODE), parsed(ADD))
    [task] = [each.task for each in offered(asking) if each.title == "Add one"]
    assert isinstance(task, Rewrite)
    answers = ["def f(a):\n    return b + 1", "def f(a):\n    return a + 1"]
    asks = model([fenced(each) for each in answers])
    change = await resolved(task, asks)
    assert text(asking, change) == "def f(a):\n    return a + 1\n"
    first, second = prompts(asks)
    assert "\n\nAdd one to the result.\n\n" in first
    assert "Nothing defines b." in second


async def test_an_explanation_answers_the_users_question() -> None:
    asking = owning(asked(CODE), parsed(ASK))
    [task] = [each.task for each in offered(asking) if each.title == "Ask"]
    assert isinstance(task, Explain)
    asks = model(["Because."])
    assert "".join([each async for each in explained(task, asks)]) == "Because."
    assert prompts(asks)[0].endswith("```\n\nWhy so?")


async def test_prompts_of_the_users_own_are_asked() -> None:
    own = {
        "explain": OwnTemplate("{{ language }}: {{ source }}", "explain.md.j2"),
        "system": OwnTemplate("Be short.", "system.md.j2"),
    }
    asks = replace(model(["It is."]), prompts=replace(PROMPTS, own=own))
    asking = asked(CODE)
    said = [each async for each in explained(Explain(asking, 0, 0), asks)]
    assert "".join(said) == "It is."
    sent = [(each.role, each.content) for each in asks.engine.chats[0].messages]  # type: ignore[attr-defined]
    assert sent == [("system", "Be short."), ("user", f"python: {str(asking.snapshot.text)[:-1]}")]
    broken = replace(asks, prompts=replace(PROMPTS, own={"explain": OwnTemplate("{{ no }}", "x")}))
    with pytest.raises(UsageError, match="x is no prompt that works"):
        await anext(explained(Explain(asking, 0, 0), broken))


def test_the_names_of_all_prompts_are_known() -> None:
    here = Path(__file__).parents[3] / "prompts" / "actions"
    assert sorted(f"{name}.md.j2" for name in NAMES) == sorted(each.name for each in here.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "fimble"
    (folder / "actions").mkdir(parents=True)
    (folder / "prompts").mkdir()
    return folder


def test_files_are_read_again_when_they_change(folder: Path) -> None:
    files, path = OwnFiles(), folder / "actions" / "add.md"
    assert files.look([folder, folder.parent / "none"]).actions == ()
    path.write_bytes(b"\xef\xbb\xbf" + ADD.replace("\n", "\r\n").encode())
    first = files.look([folder])
    assert first.actions == (parsed(ADD),)
    assert files.look([folder]).actions[0] is first.actions[0]  # it is not read again
    path.write_text(ASK)
    os.utime(path, ns=(1, 1))
    assert files.look([folder]).actions == (parsed(ASK),)
    path.unlink()
    assert files.look([folder]).actions == ()


def test_the_last_folder_counts(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for place, title, prompt in ((folder, "One", "1"), (other, "Two", "2")):
        for name in ("actions", "prompts"):
            (place / name).mkdir(parents=True, exist_ok=True)
        (place / "actions" / "same.md").write_text(ADD.replace("Add one", title))
        (place / "prompts" / "mend.md.j2").write_text(prompt)
    (folder / "actions" / "more.md").write_text(ASK)
    found = OwnFiles().look([folder, other])
    assert [each.title for each in found.actions] == ["Ask", "Two"]
    assert found.prompts == {"mend": OwnTemplate("2", "other/prompts/mend.md.j2")}


def broken(folder: Path) -> list[tuple[str, str]]:
    """Files that don't count, with what is said of them."""
    actions, prompts = folder / "actions", folder / "prompts"
    (folder.parent / "outside.md").write_text(ADD)
    (actions / "a-link.md").symlink_to(folder.parent / "outside.md")
    (actions / "b-folder.md").mkdir()
    os.mkfifo(actions / "c-pipe.md")
    (actions / "d-large.md").write_text(ADD + "x" * MAX_BYTES)
    (actions / "e-latin.md").write_bytes(ADD.encode() + b"\xff")
    (actions / "f-secret.md").write_text(f"{ADD}token AKIAQ3EGRSHJ4KXV2Z7T\n")
    (actions / "g-empty.md").write_text("")
    (prompts / "fix.md.j2").write_text("x")
    return [
        ("actions/a-link.md", "it is a link or no file; put a real one there"),
        ("actions/b-folder.md", "it is a link or no file; put a real one there"),
        ("actions/c-pipe.md", "it is a link or no file; put a real one there"),
        ("actions/d-large.md", "it is larger than 20 kB; make it shorter"),
        ("actions/e-latin.md", "it is not in UTF-8; save it so"),
        ("actions/f-secret.md", "a credential stands in it; take that out"),
        ("actions/g-empty.md", "begin it with a line +++, a title and another line +++"),
        ("prompts/fix.md.j2", f"there is no prompt fix; name it as one of {', '.join(NAMES)}"),
    ]


def test_a_broken_file_is_told_once_and_breaks_no_other(folder: Path) -> None:
    told = [f"fimble/{name} doesn't count: {reason}." for name, reason in broken(folder)]
    (folder / "actions" / "z.md").write_text(ADD)
    files = OwnFiles()
    found = files.look([folder])
    assert list(found.problems) == told
    assert found.actions == (parsed(ADD),)
    assert found.prompts == {}
    assert files.look([folder]).problems == ()
    os.utime(folder / "actions" / "g-empty.md", ns=(1, 1))
    assert list(files.look([folder]).problems) == [told[6]]


def test_a_folder_that_is_a_link_is_not_looked_into(folder: Path, tmp_path: Path) -> None:
    (folder / "actions" / "add.md").write_text(ADD)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "actions").symlink_to(folder / "actions")
    files = OwnFiles()
    found = files.look([tmp_path / "in"])
    assert found.actions == ()
    assert "in/actions doesn't count: it is a link" in found.problems[0]
    assert files.look([tmp_path / "in"]).problems == ()
