"""The folders with actions and prompts of the user's own: his, and a workspace's that he trusts."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

from lsp_server.actions.own_files import Own, OwnFiles
from lsp_server.errors import StoreError
from lsp_server.models.store import WORKSPACE_CONFIG, config_dir

UNTRUSTED = (
    f"The actions and prompts in {WORKSPACE_CONFIG} of this folder don't count as long as you "
    "don't trust it; say /trust in a chat there, or run `fimble chat --trust`."
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
        folders = [config_dir().resolve()]
        problem = ""
        if root is not None and _is_folder(root / WORKSPACE_CONFIG):
            is_trusted, problem = _trusted(root)
            if is_trusted:
                folders.append(root / WORKSPACE_CONFIG)
        found = self._files.look(folders)
        if problem and problem not in self._told:
            self._told.add(problem)
            return replace(found, problems=(*found.problems, problem))
        return found


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _trusted(root: Path) -> tuple[bool, str]:
    """Whether the user trusts a folder, and what to tell him if he was not asked yet."""
    from lsp_server.agent.decisions import Decisions, default_path  # most folders have none

    try:
        decided = Decisions(default_path(), root).trust_decided()
    except StoreError as error:
        return False, str(error)
    if decided is None:
        return False, UNTRUSTED
    return decided.trusted, ""
