"""The files of a workspace that may be code, in an order that depends on their names alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lsp_server.core.syntax import grammar_for
from lsp_server.workspace.ignore import MAX_FILE_BYTES, Rules, is_secret_name, rules_at

MAX_FILES = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """A file, relative to the root."""

    path: str
    mtime_ns: int
    size: int


def walk(root: Path, limit: int = MAX_FILES) -> Iterator[Found]:
    """The files under `root`, by name and place; what can't be read is left out.

    Links to folders are not followed, so there are no loops; a link to a file counts if the file
    is under the root.
    """
    root = root.resolve()
    rules, prefix = rules_at(root)
    folders = [("", rules)]
    count = 0
    while folders:
        place, rules = folders.pop()
        entries = _entries(root / place)
        if any(entry.name == "pyvenv.cfg" for entry in entries) and place:
            continue  # a virtual environment, whatever it is called
        inner: list[tuple[str, Rules]] = []
        for entry in entries:
            path = place + entry.name
            if _is_folder(entry):
                if entry.name != ".git" and not rules.ignores(f"{prefix}{path}/"):
                    below = rules.below(root / path, f"{prefix}{path}/")
                    inner.append((f"{path}/", below))
            elif (found := _file(root, path, entry)) and not rules.ignores(prefix + path):
                yield found
                count += 1
                if count == limit:
                    return
        folders += reversed(inner)


def look(root: Path, path: str) -> Found | None:
    """One file, if it belongs to the workspace: as `walk` would find it."""
    root = root.resolve()
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return None
    rules, prefix = rules_at(root)
    folder = root
    place = prefix
    for part in parts[:-1]:
        folder, place = folder / part, f"{place}{part}/"
        if part == ".git" or folder.is_symlink() or (folder / "pyvenv.cfg").exists():
            return None
        if rules.ignores(place):
            return None
        rules = rules.below(folder, place)
    if rules.ignores(prefix + path):
        return None
    entry = next((each for each in _entries(folder) if each.name == parts[-1]), None)
    return _file(root, path, entry) if entry else None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((each for each in entries if _is_text(each.name)), key=lambda e: e.name)
    except OSError:
        return []


def _is_text(name: str) -> bool:
    """Whether a name can be stored; one with bytes that are no UTF-8 can't."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _file(root: Path, path: str, entry: os.DirEntry[str]) -> Found | None:
    if grammar_for("", entry.name) is None or is_secret_name(entry.name):
        return None
    try:
        if not entry.is_file():
            return None
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            return None
        status = entry.stat()
    except (OSError, RuntimeError):  # RuntimeError: a loop of links
        return None
    if status.st_size > MAX_FILE_BYTES:
        return None
    return Found(path, status.st_mtime_ns, status.st_size)
