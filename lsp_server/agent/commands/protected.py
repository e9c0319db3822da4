"""Files of a workspace that a command may not change, and those that it may not read.

What is protected (`files/protected.py`) makes others run something later, outside of the sandbox.
That holds in every folder where it exists, and in the workspace's own folder for usual names
(`protected.gitignore`) also where it does not exist yet.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lsp_server.agent.files.protected import is_protected
from lsp_server.core.syntax import known_extensions
from lsp_server.workspace.ignore import is_secret_name

LIST = Path(__file__).with_name("protected.gitignore")
_NAMES = [line[1:] for line in LIST.read_text("utf-8").splitlines() if line.startswith("/")]
FOLDERS = tuple(name[:-1] for name in _NAMES if name.endswith("/"))
FILES = tuple(name for name in _NAMES if not name.endswith("/"))
_CODE = frozenset(known_extensions())

_MANY_FILES = frozenset({"node_modules", "site-packages", "__pycache__"})
"""Of other people's packages: not looked into. What is called a key there is a certificate."""
MAX_ENTRIES = 200_000
"""Files that are looked at, the outermost folders first."""


@dataclass(frozen=True, slots=True)
class Protected:
    """What exists in a workspace; no path is below another one."""

    read_only: tuple[Path, ...]
    hidden: tuple[Path, ...]
    """Files whose names say that they hold secrets."""

    def beyond(self, before: Protected) -> list[Path]:
        """What was not there before."""
        known = {*before.read_only, *before.hidden}
        return [path for path in (*self.read_only, *self.hidden) if path not in known]


def find_protected(workspace: Path) -> Protected:
    """Look through a workspace; links are not followed. Takes a second for 100,000 files."""
    read_only: list[Path] = []
    hidden: list[Path] = []
    folders = deque([workspace])
    seen = 0
    while folders and seen < MAX_ENTRIES:
        folder = folders.popleft()
        parent = "" if folder == workspace else folder.name
        for entry in _entries(folder):
            seen += 1
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.is_symlink():
                continue
            if not is_folder and is_secret_name(entry.name):
                hidden.append(Path(entry.path))
            elif _is_protected(parent, entry.name, is_folder):
                read_only.append(Path(entry.path))
            elif is_folder and entry.name not in _MANY_FILES:
                folders.append(Path(entry.path))
    return Protected(tuple(read_only), tuple(hidden))


def _is_protected(parent: str, name: str, is_folder: bool) -> bool:
    """Whether a file is, or all that may be in a folder; rules are about few names at the end."""
    if is_folder:
        return name in FOLDERS or is_protected(f"{parent}/{name}/x") is not None
    is_code = name.rpartition(".")[2] in _CODE and not name.endswith("customize.py")
    if is_code and not name.startswith(".") and not parent.startswith("."):
        return False  # most files are such, and asking takes a while
    return is_protected(f"{parent}/{name}") is not None


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:  # it is gone, or may not be read: by a command neither
        return
