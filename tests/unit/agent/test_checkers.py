"""Linters and type checkers that look at what is in no file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lsp_server.agent.checkers import checker_for, reported
from lsp_server.agent.commands.sandbox import find_sandbox

ADDED = b"def add(a: int) -> str:\n    return a\n"


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_sandbox() is not None
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


@pytest.mark.parametrize(
    ("source", "data", "told"),
    [
        ("Ruff", b"import os\n", ["F401 [*] `os` imported but unused"]),
        ("ruff", b"import os\n\nprint(os.name)\n", []),
        ("ruff", b"def (\n", None),
        ("mypy", ADDED, ['Incompatible return value type (got "int", expected "str")']),
        ("mypy", ADDED.replace(b"str", b"int"), []),
    ],
)
async def test_what_they_tell(
    tmp_path: Path, source: str, data: bytes, told: list[str] | None
) -> None:
    (tmp_path / "other.py").write_text("import sys\n")
    checker = checker_for(source, tmp_path, "a.py")
    assert checker is not None
    found = await reported(checker, tmp_path, {"a.py": data})
    assert found is not None
    if told is None:
        assert found
    else:
        assert [each.message.partition("  [")[0] for each in found] == told
    assert _names(tmp_path) == ["other.py"]


def test_the_projects_own_come_first(tmp_path: Path) -> None:
    own = tmp_path / "node_modules" / ".bin" / "tsc"
    own.parent.mkdir(parents=True)
    own.touch(0o755)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "tsconfig.json").touch()
    found = checker_for("ts", tmp_path, "app/a.ts")
    assert found is not None
    assert found.line == "node_modules/.bin/tsc --noEmit --pretty false -p app/tsconfig.json"
    assert checker_for("another tool", tmp_path, "app/a.ts") is None


async def test_a_name_is_no_option(tmp_path: Path) -> None:
    checker = checker_for("ruff", tmp_path, "--select=E711.py")
    assert checker is not None
    found = await reported(checker, tmp_path, {checker.path: b"import os\n"})
    assert [each.message.partition(" ")[0] for each in found or ()] == ["F401"]


async def test_one_that_fails_tells_nothing(tmp_path: Path) -> None:
    broken = tmp_path / ".venv" / "bin" / "ruff"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 2\n")
    broken.chmod(0o755)
    checker = checker_for("ruff", tmp_path, "a.py")
    assert checker is not None
    assert await reported(checker, tmp_path, {"a.py": b"import os\n"}) is None
