"""The folders with actions and prompts of the user's own: his, and a workspace's that he trusts."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.actions.own_files import Own, OwnFiles
from lsp_server.errors import StoreError
from lsp_server.models.store import WORKSPACE_CONFIG, config_dir
from lsp_server.workspace.own_folder import digest

if TYPE_CHECKING:
    from lsp_server.agent.decisions import Trust

UNTRUSTED = (
    f"The actions and prompts in {WORKSPACE_CONFIG} of this folder don't count as long as you "
    "don't trust it; say /trust in a chat there, or run `fimble chat --trust`."
)
CHANGED = (
    f"The actions and prompts in {WORKSPACE_CONFIG} of this folder are others than when you "
    "trusted it, so they don't count; look at them, then say /trust in a chat there, or run "
    "`fimble chat --trust`."
)


class OwnFolders:
    """Looks at them for one client."""

    def __init__(self) -> None:
        self._files = OwnFiles()
        self._told: set[str] = set()

    def look(self, root: Path | None) -> Own:
        """What is the user's own in a workspace, or without one; with problems that are new.

        Waits for the disk; may be called in any thread.
        """
        mine = config_dir().resolve()
        own = None if root is None else root / WORKSPACE_CONFIG
        if root is None or own is None or not _is_folder(own):
            return self._files.look([mine])
        decided, problem = _decided(root)
        if decided is None or not decided.trusted:
            return self._with(self._files.look([mine]), problem)
        found = self._files.look([mine, own])
        if digest(own) == decided.own:  # after they were read: what came later is not in `found`
            self._told.discard(CHANGED)
            return found
        return self._with(replace(self._files.look([mine]), problems=found.problems), CHANGED)

    def _with(self, found: Own, problem: str) -> Own:
        if not problem or problem in self._told:
            return found
        self._told.add(problem)
        return replace(found, problems=(*found.problems, problem))


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _decided(root: Path) -> tuple[Trust | None, str]:
    """What the user has said of a folder; if that is nothing, what to tell him."""
    from lsp_server.agent.decisions import Decisions, default_path  # most folders have none

    try:
        decided = Decisions(default_path(), root).trust_decided()
    except StoreError as error:
        return None, str(error)
    return decided, "" if decided else UNTRUSTED
