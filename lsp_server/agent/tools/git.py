"""What git says of the workspace: what has changed. Nothing of the repository's own runs.

Its configuration may name programs (filters, hooks, monitors, editors of diffs, ways to fetch what
a partial clone lacks) and another folder as the work tree, whose files would be shown then. The
first are switched off, and the second is refused.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from lsp_server.agent.commands.environment import search_path
from lsp_server.agent.desk import Desk
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.read import hidden, left_out
from lsp_server.agent.tools.base import Result, Tool, ToolFailed, schema
from lsp_server.workspace.ignore import is_secret_name
from lsp_server.workspace.secrets import holds_secret

MAX_CHARACTERS = 12_000
MAX_FILES = 300
"""Whose changes are looked at."""
SECONDS = 10.0
_QUIET = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat",
    "-c", "diff.external=", "-c", "core.attributesFile=/dev/null", "--no-optional-locks",
    "-c", "safe.bareRepository=explicit", "-c", "status.submoduleSummary=false",
)  # fmt: skip
_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty")
_WHAT = {
    "status": ("status", "--short", "--branch", "--untracked-files=normal",
               "--ignore-submodules=dirty"),
    "diff": (*_DIFF, "HEAD"),
    "names": (*_DIFF, "--name-only", "-z", "--relative", "HEAD"),
}  # fmt: skip
_NO_REPOSITORY = "This folder is in no git repository, or has no commit yet."
_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)
"""Lines of a file in a diff begin with a sign or a space, so none can be taken for this."""
_NAMES = re.compile(r'^(?:---|\+\+\+|rename from|rename to) "?(.*?)"?\s*$', re.MULTILINE)


async def ask(root: Path, *arguments: str) -> str:
    """What git prints. Raises ToolFailed."""
    top = await _git(root, {}, "rev-parse", "--show-toplevel")
    if top is None or not root.is_relative_to(Path(os.fsdecode(top.rstrip(b"\n")))):
        raise ToolFailed(_NO_REPOSITORY)
    filters = await _git(root, {}, "config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    output = await _git(root, _without((filters or b"").decode("utf-8", "replace")), *arguments)
    if output is None:
        raise ToolFailed(_NO_REPOSITORY)
    return output.decode("utf-8", "replace")


async def changes(root: Path, what: Literal["status", "diff"]) -> str:
    """What has changed since the last commit, cut where it is long. Raises ToolFailed.

    A diff is of the files alone that may be read.
    """
    places = ["--", "."]
    if what == "diff":
        names = await changed_files(root)
        shown = await asyncio.to_thread(_may_be_read, root, names[:MAX_FILES])
        if not shown:
            return "Nothing has changed." if not names else "Nothing that may be read has changed."
        places = ["--", *(f":(literal){name}" for name in shown)]
    text = _without_secrets(await ask(root, *_WHAT[what], *places)) or "Nothing has changed."
    cut = text[:MAX_CHARACTERS]
    return cut if len(cut) == len(text) else f"{cut}\n[cut; there is more]"


async def changed_files(root: Path) -> list[str]:
    """The files that differ from the last commit, from the root. Raises ToolFailed."""
    return [name for name in (await ask(root, *_WHAT["names"], "--", ".")).split("\0") if name]


def _may_be_read(root: Path, names: list[str]) -> list[str]:
    workspace = Workspace(root)
    ignored = left_out(workspace)
    return [name for name in names if hidden(workspace, name, ignored) is None]


def _without(filters: str) -> dict[str, str]:
    """Settings, as git takes them from the environment, by which no filter runs."""
    drivers = {name.rpartition(".")[0] for name in filters.split("\0") if name}
    settings = [
        (f"{driver}.{key}", "false" if key == "required" else "")
        for driver in sorted(drivers)
        for key in ("clean", "process", "smudge", "required")
    ]
    environment = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


async def _git(root: Path, settings: dict[str, str], *arguments: str) -> bytes | None:
    """What one command of git's prints; None if it failed. Raises ToolFailed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    environment["PATH"] = search_path(environment)
    # What a partial clone lacks is not fetched: a local address starts a program of its own choice.
    environment |= {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    return await asyncio.to_thread(_printed, root, environment | settings, arguments)


def _printed(root: Path, environment: dict[str, str], arguments: tuple[str, ...]) -> bytes | None:
    """In a thread: asyncio may wait for ever if it is cancelled while it starts a process."""
    try:
        done = subprocess.run(
            ("git", *_QUIET, *arguments),
            check=False,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except FileNotFoundError:
        raise ToolFailed("There is no git on this machine.") from None
    except subprocess.TimeoutExpired:
        raise ToolFailed("git took too long; ask for less.") from None
    return None if done.returncode else done.stdout


async def _run(desk: Desk, _: str, arguments: Mapping[str, Any]) -> Result:
    return Result(await changes(desk.root, arguments["what"]))


def _without_secrets(text: str) -> str:
    """A diff without files that hold secrets, as their names or their changed lines say."""
    first, *files = _FILE.split(text)
    return "".join([first, *(each for each in files if not _is_secret(each))])


def _is_secret(diff: str) -> bool:
    names = [name.rpartition("/")[2] for name in _NAMES.findall(diff.partition("\n@@")[0])]
    names.append(diff.partition("\n")[0].rstrip('"').rpartition("/")[2])
    return any(map(is_secret_name, names)) or holds_secret(diff)


TOOL = Tool(
    schema(
        "git",
        "See what has changed since the last commit.",
        "what",
        what={"type": "string", "enum": ["status", "diff"], "description": "status or diff"},
    ),
    "read",
    _run,
    lambda arguments: f"git {arguments['what']}",
    lambda arguments: f"git {arguments['what']}",
)
