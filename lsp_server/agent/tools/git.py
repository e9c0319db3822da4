"""What git says of the workspace: what has changed. Nothing of the repository's own runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsp_server.agent.desk import Desk
from lsp_server.agent.tools.base import Result, Tool, ToolFailed, schema
from lsp_server.workspace.ignore import is_secret_name

MAX_CHARACTERS = 12_000
SECONDS = 10.0
# A repository's own configuration could name programs to run for each of these.
_QUIET = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat",
    "-c", "diff.external=", "-c", "core.attributesFile=/dev/null", "--no-optional-locks",
)  # fmt: skip
_WHAT = {
    "status": ("status", "--short", "--branch", "--untracked-files=normal"),
    "diff": ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD"),
}


async def ask(root: Path, *arguments: str) -> str:
    """What git prints, cut where it is long. Raises ToolFailed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        process = await asyncio.create_subprocess_exec(
            "git", *_QUIET, *arguments,
            cwd=root,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        raise ToolFailed("There is no git on this machine.") from None
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise ToolFailed("git took too long; ask for less.") from None
    if process.returncode:
        raise ToolFailed("This folder is in no git repository, or has no commit yet.")
    text = output.decode("utf-8", "replace")
    cut = text[:MAX_CHARACTERS]
    return cut if len(cut) == len(text) else f"{cut}\n[cut; there is more]"


async def _run(desk: Desk, _: str, arguments: Mapping[str, Any]) -> Result:
    text = await ask(desk.root, *_WHAT[arguments["what"]], *_LEFT_OUT)
    return Result(_without_secrets(text) or "Nothing has changed.")


def _without_secrets(text: str) -> str:
    """A diff without the files whose names say that they hold secrets."""
    parts = text.split("diff --git ")
    kept = [p for p in parts[1:] if not is_secret_name(p.split("\n", 1)[0].rpartition("/")[2])]
    return "diff --git ".join([parts[0], *kept])


_LEFT_OUT = ("--", ".")

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
