"""What the agent finds on this machine: a sandbox for its commands, ripgrep, git."""

from __future__ import annotations

import os
import shutil
import sys

from lsp_server.agent.commands.environment import search_path
from lsp_server.agent.commands.sandbox import find_program, find_sandbox
from lsp_server.agent.files.paths import check_system
from lsp_server.agent.tools.base import ToolFailed
from lsp_server.agent.tools.search import ripgrep
from lsp_server.errors import UsageError

_UNBOXED = "so each command of a chat is asked about, and runs with all your rights"


def checks() -> list[tuple[bool, str]]:
    """What is there, or missing, and a sentence. The agent works without, but not so well."""
    try:
        check_system()
    except UsageError as error:
        return [(False, str(error))]
    return [_sandbox(), _search(), _git()]


def _sandbox() -> tuple[bool, str]:
    program = find_program()
    if find_sandbox() is not None:
        return True, f"commands of a chat run in a sandbox: {program}"
    if program is not None:
        return False, (
            f"{program} does not work here, {_UNBOXED}; if this is a container, or the system "
            "forbids user namespaces to users, allow them"
        )
    if sys.platform != "linux":
        return False, f"there is no sandbox for {sys.platform}, {_UNBOXED}"
    return False, f"bubblewrap is not installed, {_UNBOXED}; install the package bubblewrap"


def _search() -> tuple[bool, str]:
    try:
        return True, f"chats search files by {ripgrep()}"
    except ToolFailed:
        return False, "there is no ripgrep, so chats can't search files; `pip install ripgrep`"


def _git() -> tuple[bool, str]:
    program = shutil.which("git", path=search_path(os.environ))
    if program is None:
        return False, "there is no git, so chats don't see what has changed; install git"
    return True, f"chats see what has changed by {program}"
