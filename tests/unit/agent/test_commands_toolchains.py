"""What of a home folder is shown to a command: tools and a repository's data, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lsp_server.agent.commands.protected import find_protected
from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.agent.commands.seccomp import filter_for
from lsp_server.agent.commands.toolchains import git_folders, tools


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("ws", ".ssh", ".local/bin", ".local/share/keyrings", ".cargo/bin", "bin"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def installed(prefix: Path) -> Path:
    """A Python of the user's, as pyenv or uv install one."""
    for name in ("bin", "lib"):
        (prefix / name).mkdir(parents=True)
    (prefix / "bin" / "python").touch()
    return prefix


def environment(folder: Path, python: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    (folder / "bin" / "python").symlink_to(python)
    return folder


def seen(home: Path, *path: Path) -> set[str]:
    variables = {"PATH": os.pathsep.join(map(str, path))}
    return {str(each.relative_to(home)) for each in tools(variables, home / "ws", home)}


def test_folders_on_path(home: Path) -> None:
    assert seen(home, home / "bin", home / "gone") == {".local/bin", ".cargo/bin", "bin"}


def test_the_home_folder_on_path_is_not_shown(home: Path) -> None:
    assert seen(home, home, home.parent, home / ".local" / "bin") == {".local/bin", ".cargo/bin"}


def test_an_environment_and_its_python(home: Path) -> None:
    base = installed(home / "pythons" / "3.12")
    outside = environment(home / "env", base / "bin" / "python")
    assert {"env", "pythons/3.12"} <= seen(home, outside / "bin")
    environment(home / "ws" / ".venv", base / "bin" / "python")
    assert "pythons/3.12" in seen(home)
    assert not any(name.startswith("ws") for name in seen(home))


def test_a_python_right_in_the_home_folder_shows_not_all_of_it(home: Path) -> None:
    installed(home / "x")
    for name in ("lib", ".local/lib"):
        (home / name).mkdir(parents=True)
    for folder in (home / "bin", home / ".local" / "bin"):
        (folder / "python").touch()
    shown = seen(home, home / "bin", home / ".local" / "bin")
    assert not {".", ".local", ".ssh"} & shown
    (home / "pyvenv.cfg").touch()
    assert "." not in seen(home, home / "bin")


def linked(home: Path) -> Path:
    """The git folder of a linked work tree at `ws`."""
    folder = home / "repo" / ".git" / "worktrees" / "ws"
    folder.mkdir(parents=True)
    (folder / "gitdir").write_text(f"{home}/ws/.git\n")
    (folder / "commondir").write_text("../..\n")
    (home / "ws" / ".git").write_text(f"gitdir: {folder}\n")
    return folder


def test_a_linked_work_tree(home: Path) -> None:
    linked(home)
    assert list(git_folders(home / "ws", home)) == [home / "repo" / ".git"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gitdir", "/elsewhere/.git"),
        ("commondir", "../../../.."),
        ("commondir", "{home}/.ssh"),
        ("commondir", ""),
    ],
)
def test_a_git_file_is_not_believed(home: Path, name: str, text: str) -> None:
    (linked(home) / name).write_text(text.replace("{home}", str(home)))
    assert list(git_folders(home / "ws", home)) == []


def test_a_git_file_that_names_a_private_folder(home: Path) -> None:
    (home / "ws" / ".git").write_text("gitdir: ../.ssh\n")
    assert list(git_folders(home / "ws", home)) == []


def test_a_folder_inside_of_a_repository(home: Path) -> None:
    (home / "ws" / ".git").mkdir()
    inner = home / "ws" / "a" / "b"
    inner.mkdir(parents=True)
    assert list(git_folders(inner, home)) == [home / "ws" / ".git"]
    assert list(git_folders(home / "ws", home)) == []
    (home / ".git").mkdir()
    (home / "bin" / "x").mkdir()
    assert list(git_folders(home / "bin" / "x", home)) == []


def test_the_order_of_mounts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: home)
    (home / "ws" / ".git").mkdir()
    (home / "ws" / ".env").touch()
    (home / "ws" / "a.py").touch()
    ws = str(home / "ws")
    there = find_protected(home / "ws")
    tried = {f"{ws}/a.py": "/tmp/x/0"}
    found = Sandbox("bwrap").wrap(["true"], home / "ws", home / "ws", {}, there, True, None, tried)
    hidden, shown = found.index(str(home)), found.index(str(home / ".local" / "bin"))
    bound = next(at for at, word in enumerate(found) if found[at : at + 3] == ["--bind", ws, ws])
    kept, masked = found.index(f"{ws}/.git"), found.index(f"{ws}/.env")
    instead = found.index(f"{ws}/a.py")
    assert hidden < shown < bound < instead < kept < masked
    assert found[instead - 2 : instead] == ["--ro-bind", "/tmp/x/0"]
    assert found[masked - 2 : masked] == ["--ro-bind", "/dev/null"]
    assert found[-4:] == ["--chdir", ws, "--", "true"]


def test_filters_are_known_for_two_machines() -> None:
    assert filter_for("sparc64") is None
    for machine in ("x86_64", "aarch64"):
        program = filter_for(machine)
        assert program
        assert len(program) % 8 == 0
