"""The tasks, and the projects that they are done in."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases.archives import cache, fetch
from benchmarks.cases.sources import Source

HERE = Path(__file__).parent
MAX_SECONDS = 300
_SETTINGS = """[tool.pytest.ini_options]
pythonpath = ["{root}"]
asyncio_default_fixture_loop_scope = "function"
"""


@dataclass(frozen=True, slots=True)
class Task:
    """One task; see `tasks.toml`."""

    id: str
    package: str
    kind: str
    request: str
    file: str
    anchor: str = ""
    span: int = 0
    """Lines behind the anchor that are right as well."""
    says: str = ""
    broken: tuple[tuple[str, str, str], ...] = ()
    """Path, old text, new text."""
    check: str = ""
    gone: str = ""
    subject: str = ""
    tests: tuple[str, ...] = ()


def tasks() -> list[Task]:
    """All of them."""
    tables = tomllib.loads((HERE / "tasks.toml").read_text("utf-8"))["task"]
    return [_task(table) for table in tables]


def _task(table: dict[str, Any]) -> Task:
    broken = tuple(tuple(each) for each in table.pop("broken", ()))
    return Task(broken=broken, tests=tuple(table.pop("tests", ())), **table)


def lay_out(task: Task, folder: Path) -> None:
    """Make the project of a task in a new folder, committed to git. Raises FetchFailed."""
    lay_out_package(task.package, folder)
    for path, old, new in task.broken:
        text = (folder / path).read_text("utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{task.id}: {path} has this text {text.count(old)} times: {old}")
        (folder / path).write_text(text.replace(old, new), "utf-8")
    git(folder, "init", "--quiet")
    (folder / ".git" / "info" / "exclude").write_text(".aider*\n", "utf-8")
    git(folder, "add", "--all")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(folder, *who, "commit", "--quiet", "--message", "As it is")


def packages() -> dict[str, dict[str, Any]]:
    """The tables of `packages.toml`."""
    return tomllib.loads((HERE / "packages.toml").read_text("utf-8"))


def lay_out_package(name: str, folder: Path) -> None:
    """Copy what is kept of a package, with its tests, to a new folder. Raises FetchFailed."""
    table = packages()[name]
    source = Source(name, "pypi", table["version"], table["sha256"], table["licence"], "")
    packed = fetch(source, cache().parent / "agent", archive)
    folder.mkdir(parents=True)
    for kept in table["keep"]:
        target = folder / kept
        target.parent.mkdir(parents=True, exist_ok=True)
        if (packed / kept).is_dir():
            shutil.copytree(packed / kept, target)
        else:
            shutil.copy(packed / kept, target)
    for dropped in table.get("drop", ()):
        (folder / dropped).unlink()
    settings = _SETTINGS.format(root=table.get("root", "."))
    (folder / "pyproject.toml").write_text(settings, "utf-8")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a project; what it prints."""
    command = ("git", *arguments)
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def archive(source: Source, into: Path) -> bytes:
    """The authors' archive, which has the tests that wheels leave out."""
    command = (
        *(sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"),
        *("--no-binary", ":all:", "--dest", str(into), f"{source.name}=={source.version}"),
    )
    subprocess.run(command, check=True, capture_output=True, cwd=into, timeout=MAX_SECONDS)
    (file,) = into.iterdir()
    return file.read_bytes()
