"""The tools that look, on a small project."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lsp_server.agent.decisions import Decisions
from lsp_server.agent.desk import Desk
from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.permissions import Permissions
from lsp_server.agent.tools import git, symbols
from lsp_server.agent.tools.base import ToolFailed
from lsp_server.agent.tools.search import MAX_MATCHES, files, search
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import look


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("def parse(text):\n    return text\n")
    (tmp_path / "b.txt").write_text("parse it (now)\n")
    (tmp_path / ".env").write_text("TOKEN=parse\n")
    (tmp_path / "left_out.py").write_text("parse = 1\n")
    (tmp_path / "secret.py").write_text("parse = 2\n")
    (tmp_path / ".gitignore").write_text("left_out.py\n")
    (tmp_path / ".fimbleignore").write_text("secret.py\n")
    return tmp_path


async def test_search_finds_what_belongs_to_the_project(root: Path) -> None:
    found = await search(Workspace(root), r"\bparse\b")
    assert [(match.path, match.line) for match in found] == [("a.py", 1), ("b.txt", 1)]
    assert [match.path for match in await search(Workspace(root), "parse", "*.py")] == ["a.py"]
    assert await search(Workspace(root), "nothing like that") == []


async def test_what_is_no_expression_is_searched_as_it_is(root: Path) -> None:
    assert [match.path for match in await search(Workspace(root), "(now")] == ["b.txt"]


@pytest.mark.parametrize("pattern", ["--files", "-e", "--pre=touch made", "-"])
async def test_a_pattern_is_never_an_option(root: Path, pattern: str) -> None:
    (root / "c.txt").write_text(f"{pattern}\n")
    found = await search(Workspace(root), pattern)
    assert "c.txt" in {match.path for match in found}
    assert not (root / "made").exists()


async def test_very_many_matches_are_cut_and_the_program_ends(root: Path) -> None:
    for number in range(300):
        (root / f"many{number}.txt").write_text("parse\n" * 20)
    assert len(await search(Workspace(root), "parse")) == MAX_MATCHES + 1


async def test_files_are_listed_but_for_what_may_not_be_read(root: Path) -> None:
    (root / "inner").mkdir()
    (root / "inner" / "c.md").write_text("x")
    assert await files(Workspace(root)) == ["a.py", "b.txt", "inner/c.md"]
    assert await files(Workspace(root), "inner") == ["inner/c.md"]


async def test_a_definition_in_a_file_that_is_left_out_by_now_is_not_told(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The index may not have heard of it."""
    place = tmp_path_factory.mktemp("kept")
    index = Index(root, place / "index.sqlite")
    for name in ("a.py", "b.py"):
        (root / name).write_text("def parse(text):\n    return text\n")
        found = look(root, name)
        assert found
        index.update([extract(found, (root / name).read_bytes())])
    journal = Journal(Workspace(root), Ledger(place / "journal", root))
    permissions = Permissions("ask", Decisions(place / "d.sqlite", root))
    desk = Desk("s", journal, index, permissions)
    told = await symbols.TOOL.run(desk, "1", {"name": "parse"})
    assert told.text == "a.py:1-2: def parse(text)\nb.py:1-2: def parse(text)"
    (root / ".fimbleignore").write_text("b.py\n")
    told = await symbols.TOOL.run(desk, "2", {"name": "parse"})
    assert told.text == "a.py:1-2: def parse(text)"
    (root / ".fimbleignore").write_text("*.py\n")
    with pytest.raises(ToolFailed, match="Nothing called parse is defined"):
        await symbols.TOOL.run(desk, "3", {"name": "parse"})
    index.close()


def prepare(root: Path) -> None:
    """A repository whose configuration would run a program at each turn."""
    run = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-qm", "first"]):
        subprocess.run([*run, *command], check=True)
    (root / "a.py").write_text("def parse(text):\n    return 1\n")
    (root / ".env").write_text("TOKEN=canary\n")
    programs = ("core.fsmonitor", "diff.external", "core.pager", "diff.x.textconv")
    configure(root, dict.fromkeys(programs, f"touch {root}/made"))


def configure(root: Path, settings: dict[str, str]) -> None:
    configure_file(root / ".git" / "config", settings)


def configure_file(file: Path, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        subprocess.run(["git", "config", "--file", str(file), name, value], check=True)


async def test_git_tells_what_changed_and_runs_nothing_of_the_repository(root: Path) -> None:
    with pytest.raises(ToolFailed):
        await git.changes(root, "status")
    prepare(root)
    (root / ".gitattributes").write_text("*.py diff=x\n")
    text = await git.changes(root, "diff")
    assert "+    return 1" in text
    assert "canary" not in text
    assert " M a.py" in await git.changes(root, "status")
    assert await git.changed_files(root) == [".env", "a.py"]
    assert not (root / "made").exists()


@pytest.mark.parametrize("key", ["clean", "smudge", "process"])
async def test_no_filter_of_the_repository_runs(root: Path, key: str) -> None:
    prepare(root)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text("* filter=a.b\n")
    configure(root, {f"filter.a.b.{key}": f"touch {root}/made", "filter.a.b.required": "1"})
    assert "+    return 1" in await git.changes(root, "diff")
    assert "a.py" in await git.changes(root, "status")
    assert not (root / "made").exists()


async def test_what_a_partial_clone_lacks_is_not_fetched(root: Path) -> None:
    prepare(root)
    partial = {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": str(root),
        "remote.origin.promisor": "true",
        "remote.origin.uploadPack": f"touch {root}/made; git-upload-pack",
    }
    configure(root, partial)
    shutil.rmtree(root / ".git" / "objects")
    (root / ".git" / "objects").mkdir()
    with pytest.raises(ToolFailed):
        await git.changes(root, "diff")
    assert not (root / "made").exists()


async def test_another_folder_as_the_work_tree_is_not_shown(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    prepare(root)
    other = tmp_path_factory.mktemp("other")
    (other / "a.py").write_text("canary\n")
    configure(root, {"core.worktree": str(other)})
    with pytest.raises(ToolFailed):
        await git.changes(root, "diff")


async def test_a_folder_that_looks_like_a_repository_is_none(root: Path) -> None:
    """Such files can be part of a clone, and so can a configuration in them."""
    prepare(root)
    inner = root / "inner"
    (root / ".git").rename(inner)
    configure_file(inner / "config", {"core.worktree": str(inner), "core.bare": "false"})
    with pytest.raises(ToolFailed):
        await git.changes(inner, "diff")


async def test_the_state_of_a_repository_inside_is_not_asked_for(root: Path) -> None:
    inner = root / "inner"
    inner.mkdir()
    (inner / "c.py").write_text("c\n")
    prepare(inner)
    prepare(root)
    configure(root, {"status.submoduleSummary": "true", "diff.submodule": "diff"})
    (inner / "c.py").write_text("canary\n")
    assert "canary" not in await git.changes(root, "diff")
    assert "a.py" in await git.changes(root, "status")
    assert not (inner / "made").exists()


async def test_a_file_with_a_secret_is_left_out_of_a_diff(root: Path) -> None:
    prepare(root)
    (root / ".env").write_text("diff --git a/b.txt b/b.txt\nTOKEN=canary\n")
    (root / "b.txt").write_text("key = 'AKIAQ3EGRSHJ4KXV2Z7T'\n")
    text = await git.changes(root, "diff")
    assert "canary" not in text
    assert "AKIA" not in text
    assert "a.py" in text


async def test_a_name_that_nobody_could_write_does_not_stop_the_others(root: Path) -> None:
    for name in (b"\x1b[2Jparse.py", b"\xff.py", b"a\nb.py"):
        (root / os.fsdecode(name)).write_text("parse\n")
    assert await files(Workspace(root)) == ["a.py", "b.txt"]
    assert {match.path for match in await search(Workspace(root), "parse")} == {"a.py", "b.txt"}


async def test_a_diff_is_of_files_alone_that_may_be_read(root: Path) -> None:
    prepare(root)  # all files were committed
    (root / "secret.py").write_text("parse = 'left out by .fimbleignore'\n")
    (root / "left_out.py").write_text("parse = 'left out by .gitignore'\n")
    text = await git.changes(root, "diff")
    assert "a.py" in text
    assert "left out" not in text
    (root / "a.py").write_text("def parse(text):\n    return text\n")
    assert await git.changes(root, "diff") == "Nothing that may be read has changed."
