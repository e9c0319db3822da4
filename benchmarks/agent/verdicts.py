"""Whether a task is solved, by what is in its project afterwards and what was answered."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.agent.tasks import Task, git

NEAR = 2
PLACES = 3
"""Of those that an answer names, the first ones that count."""
SECONDS = 120
_PLACE = re.compile(r"([\w./-]+\.py)(?::|`?,? (?:at |on )?lines? )(\d+)")


def verdict(task: Task, folder: Path, answer: str) -> str:
    """What is wrong; empty if it is solved."""
    if task.kind == "question":
        return _answered(task, folder, answer)
    changed = git(folder, "status", "--porcelain", "--untracked-files=all").splitlines()
    paths = [line[3:] for line in changed if not line.endswith((".pyc", "/"))]
    if not paths:
        return "nothing was changed"
    if any(not path.endswith(".py") for path in paths):
        return f"changed {paths}"
    if task.kind == "write_test":
        return _wrote_test(task, folder, paths)
    if task.kind == "rename":
        return _renamed(task, folder)
    if any("test" in path for path in paths) or len(paths) > 1:
        return f"changed {paths}"
    if task.check:
        (folder / "test_hidden.py").write_text(task.check, "utf-8")
        if problem := _run(folder, "test_hidden.py"):
            return problem
    return _run(folder)


def _answered(task: Task, folder: Path, answer: str) -> str:
    lines = (folder / task.file).read_text("utf-8").split("\n")
    right = next(n for n, line in enumerate(lines, 1) if task.anchor in line)
    places = list(dict.fromkeys(_PLACE.findall(answer)))[:PLACES]
    for path, line in places:
        is_file = task.file == path or task.file.endswith(f"/{path.lstrip('./')}")
        if is_file and right - NEAR <= int(line) <= right + task.span + NEAR:
            break
    else:
        return f"names {places}, not line {right}"
    if task.says and not re.search(task.says, answer):
        return f"does not say {task.says}"
    return ""


def _renamed(task: Task, folder: Path) -> str:
    for path in folder.rglob("*.py"):
        code = _without_text(path.read_text("utf-8"))
        if found := re.search(task.gone, code, re.MULTILINE):
            return f"{path.relative_to(folder)} still has {found[0]}"
    return _run(folder)


def _without_text(code: str) -> str:
    """Code without docstrings and comments: a rename may or may not change those."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            doc = ast.get_docstring(node, clean=False)
            if doc:
                code = code.replace(doc, "")
    return "\n".join(line.partition("#")[0] for line in code.split("\n"))


def _wrote_test(task: Task, folder: Path, paths: list[str]) -> str:
    if any("test" not in path for path in paths):
        return f"changed {paths}"
    if problem := _run(folder):
        return problem
    target = folder / task.file
    whole = target.read_text("utf-8")
    target.write_text(_emptied(whole, task.subject), "utf-8")
    fresh = [f"{p}::{name}" for p in paths for name in _new_tests(folder, p)]
    if not fresh:
        return "no new test"
    return "" if _run(folder, *fresh) else "the new tests pass with the body emptied"


def _new_tests(folder: Path, path: str) -> list[str]:
    try:
        old = git(folder, "show", f"HEAD:{path}")
    except subprocess.CalledProcessError:
        old = ""
    return [
        name for name in tests_in(folder.joinpath(path).read_text()) if name not in tests_in(old)
    ]


def tests_in(code: str) -> list[str]:
    """The tests that a file has, as pytest names them behind the file's name."""
    found: list[str] = []
    for node in ast.parse(code).body:
        if isinstance(node, ast.ClassDef):
            found += [f"{node.name}::{m.name}" for m in node.body if isinstance(m, ast.FunctionDef)]
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            found.append(node.name)
    return found


def _emptied(code: str, name: str) -> str:
    node = next(
        n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.FunctionDef) and n.name == name
    )
    lines = code.split("\n")
    first, last = node.body[0].lineno - 1, node.end_lineno or node.lineno
    return "\n".join([*lines[:first], " " * node.body[0].col_offset + "return None", *lines[last:]])


def _run(folder: Path, *targets: str) -> str:
    """Run tests; the last line if not all pass."""
    command = (sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *targets)
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "the tests did not end"
    return "" if done.returncode == 0 else (done.stdout.strip().splitlines() or ["failed"])[-1]
