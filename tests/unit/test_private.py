"""Which files are sent to no other machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.workspace.private import private


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("ignores", "is_sent"),
    [
        ({"ws/.fimbleignore": "a.py\n"}, False),
        ({"ws/deep/.gitignore": "*.py\n"}, False),
        ({"ws/.fimbleignore": "deep/\n"}, False),
        ({"ws/.fimbleignore": "*.py\n", "ws/deep/.fimbleignore": "!a.py\n"}, True),
        ({"ws/.fimbleignore": "b.py\n"}, True),
        # In a repository the rules above it say nothing.
        ({"ws/.fimbleignore": "*.py\n", "ws/deep/.git/HEAD": ""}, True),
        ({"ws/.git/info/exclude": "a.py\n"}, False),
        # Those who keep their settings in a repository have git ignore all else in their home.
        ({".gitignore": "*\n"}, True),
        ({}, True),
    ],
)
def test_rules_hold_without_a_workspace(
    home: Path, ignores: dict[str, str], *, is_sent: bool
) -> None:
    file = write(home / "ws" / "deep" / "a.py")
    for name, text in ignores.items():
        write(home / name, text)
    assert (private(None, file, "") == "") is is_sent
    assert (private(home / "elsewhere", file, "") == "") is is_sent


def test_rules_hold_where_nobody_has_a_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", none)
    file = write(home / "a.py")
    assert private(None, file, "") == ""
    write(home / ".fimbleignore", "a.py\n")
    assert private(None, file, "") == "the workspace's ignore files leave it out"
