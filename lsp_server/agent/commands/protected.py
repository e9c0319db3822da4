"""Files of a workspace that a command may not change, and those that it may not read.

What is protected (`protected.gitignore`) makes others run something later, outside of the sandbox.
That holds in every folder where it exists, and in the workspace's own folder also where it
does not exist yet.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lsp_server.workspace.ignore import is_secret_name

LIST = Path(__file__).with_name("protected.gitignore")
_NAMES = [line[1:] for line in LIST.read_text("utf-8").splitlines() if line.startswith("/")]
FOLDERS = tuple(name[:-1] for name in _NAMES if name.endswith("/"))
FILES = tuple(name for name in _NAMES if not name.endswith("/"))
_FOLDED = frozenset(name.casefold() for name in FOLDERS + FILES)

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


def find_protected(workspace: Path) -> Protected:
    """Look through a workspace; links are not followed. Takes a second for 100,000 files."""
    read_only: list[Path] = []
    hidden: list[Path] = []
    folders = deque([workspace])
    seen = 0
    while folders and seen < MAX_ENTRIES:
        for entry in _entries(folders.popleft()):
            seen += 1
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.is_symlink():
                continue
            if not is_folder and is_secret_name(entry.name):
                hidden.append(Path(entry.path))
            elif entry.name.casefold() in _FOLDED:
                read_only.append(Path(entry.path))
            elif is_folder and entry.name not in _MANY_FILES:
                folders.append(Path(entry.path))
    return Protected(tuple(read_only), tuple(hidden))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:  # it is gone, or may not be read: by a command neither
        return
