"""Ways to have a task done with the model behind one llama-server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.agent.tasks import Task
from benchmarks.cases.archives import cache
from lsp_server.agent.edits.result import Applied
from lsp_server.agent.edits.symbols import replace_symbol
from lsp_server.core.symbols import symbols
from lsp_server.core.syntax import Syntax

SECONDS = 150
ANSWER_TOKENS = 2048
RIVALS = cache().parent / "rivals"
"""Where each has an environment of its own: `python -m venv aider-chat`, then pip."""
REPOSITORY = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)

Way = Callable[[Task, Path, str, Path], str]
"""Does a task in a folder by a server; the last path is for what it keeps. Gives the answer."""


def fimble(task: Task, folder: Path, url: str, state: Path) -> str:
    """`fimble chat` as a user would call it, in a process of its own."""
    homes = {name: str(state / name) for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME")}
    command = (
        *(sys.executable, "-P", "-m", "lsp_server", "chat", "-p", task.request, "--json"),
        *("--cwd", str(folder), "--endpoint", url, "--approve", "all"),
    )
    environment = {**os.environ, **homes, "PYTHONPATH": str(REPOSITORY), "PATH": path_with_python()}
    told = state / "events.jsonl"
    with told.open("w", encoding="utf-8") as file:
        subprocess.run(
            command, env=environment, stdout=file, stderr=file, timeout=SECONDS, check=False
        )
    lines = told.read_text("utf-8").strip().splitlines()
    last = json.loads(lines[-1]) if lines else {}
    return str(last.get("answer", ""))


def plain(task: Task, folder: Path, url: str, state: Path) -> str:
    """One request with the right file pasted in; whole functions or files of the answer count."""
    text = (folder / task.file).read_text("utf-8")
    if task.kind == "question":
        how = "Name the place as path:line. The lines are numbered."
        text = "\n".join(f"{n}: {line}" for n, line in enumerate(text.split("\n"), 1))
    elif task.kind == "write_test":
        how = "Answer with a new test file, whole, in one code block."
    else:
        how = "Answer with the whole changed functions, or the whole file, in one code block."
    prompt = f"{task.file}:\n```python\n{text}\n```\n\n{task.request}\n{how}"
    body = {
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": ANSWER_TOKENS,
        "temperature": 0,
    }
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=SECONDS).json()
    told = str(answer["choices"][0]["message"]["content"])
    (state / "answer.md").write_text(told, "utf-8")
    for code in _BLOCK.findall(told) if task.kind != "question" else []:
        if task.kind == "write_test":
            (folder / "test_new.py").write_text(code, "utf-8")
        else:
            apply(folder / task.file, code)
    return told


def apply(file: Path, code: str) -> None:
    """Put the code's definitions, or the whole file, in the place of the file's."""
    text = file.read_text("utf-8")
    new = Syntax.parse(code, "python")
    old = Syntax.parse(text, "python")
    if new is None or old is None or new.tree.root_node.has_error:
        return
    tops = [each.name for each in symbols(new) if not each.container]
    if len(set(tops)) >= 0.9 * len({each.name for each in symbols(old) if not each.container}):
        file.write_text(code, "utf-8")
        return
    lines = code.split("\n")
    for each in symbols(new):
        known = [s for s in symbols(old) if s.name == each.name]
        if each.kind not in ("function", "class", "constant") or len(known) != 1:
            continue
        source = "\n".join(lines[each.first_row : each.last_row + 1])
        whole = f"{known[0].container}.{each.name}".strip(".")
        applied = replace_symbol(old, whole, source)
        if isinstance(applied, Applied):
            file.write_text(applied.text, "utf-8")
            old = Syntax.parse(applied.text, "python") or old


def aider(task: Task, folder: Path, url: str, state: Path) -> str:
    """aider 0.86.2 with the right file in its chat, in the format that small models do best."""
    how = ["--chat-mode", "ask"] if task.kind == "question" else ["--edit-format", "whole"]
    command = [
        *(str(RIVALS / "aider-chat" / "bin" / "aider"), "--model", "openai/local", *how),
        *("--openai-api-base", f"{url}/v1", "--openai-api-key", "none", "--yes-always"),
        *("--no-auto-commits", "--no-auto-lint", "--no-gitignore", "--no-show-model-warnings"),
        *("--no-check-update", "--analytics-disable", "--no-stream", "--no-pretty"),
        *("--no-detect-urls", "--no-suggest-shell-commands", "--message", task.request),
        *("--file", task.file),
    ]
    return _told(command, folder, state, {})


def mini(task: Task, folder: Path, url: str, state: Path) -> str:
    """mini-swe-agent 2.4.6, which only has a shell."""
    command = [
        *(str(RIVALS / "mini-swe-agent" / "bin" / "mini"), "--model", "openai/local"),
        *("--task", task.request, "--yolo", "--exit-immediately"),
        *("--config", "mini_textbased.yaml"),
        *("--output", str(state / "trajectory.json")),
    ]
    own = {"OPENAI_API_BASE": f"{url}/v1", "OPENAI_API_KEY": "none", "MSWEA_CONFIGURED": "true"}
    return _told(command, folder, state, own | {"MSWEA_COST_TRACKING": "ignore_errors"})


def _told(command: list[str], folder: Path, state: Path, own: dict[str, str]) -> str:
    """What a program prints. It has none of the user's settings, and can write this folder only."""
    told = state / "answer.md"
    box = [
        *("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid"),
        *(
            "--bind",
            str(folder),
            str(folder),
            "--bind",
            str(state),
            str(state),
            "--die-with-parent",
        ),
    ]
    environment = {**os.environ, **own, "HOME": str(state), "PATH": path_with_python()}
    with told.open("w", encoding="utf-8") as file:
        subprocess.run(
            [*box, *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            timeout=SECONDS,
            check=False,
        )
    return told.read_text("utf-8")


def path_with_python() -> str:
    """PATH, with the Python that has pytest first."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


WAYS: dict[str, Way] = {"fimble": fimble, "plain": plain, "aider": aider, "mini": mini}
