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

    Links are not followed: they lead in loops, out of the root, or to what is left out by its name.
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
            elif (found := _file(path, entry)) and not rules.ignores(prefix + path):
                yield found
                count += 1
                if count == limit:
                    return
        folders += reversed(inner)


def look(root: Path, path: str) -> Found | None:
    """One file, if it belongs to the workspace: as `walk` would find it."""
    root = root.resolve()
    folder, _, name = path.rpartition("/")
    entered = _enter(root, folder)
    if entered is None or not name:
        return None
    rules, prefix = entered
    if rules.ignores(prefix + path):
        return None
    entry = next((each for each in _entries(root / folder) if each.name == name), None)
    return _file(path, entry) if entry else None


def is_walked(root: Path, folder: str) -> bool:
    """Whether it is a folder that `walk` goes into."""
    root = root.resolve()
    return (root / folder).is_dir() and _enter(root, folder) is not None


def _enter(root: Path, folder: str) -> tuple[Rules, str] | None:
    """The rules in a folder, and the root's prefix in them; None if it is left out."""
    rules, prefix = rules_at(root)
    here, place = root, prefix
    for part in folder.split("/") if folder else ():
        if part in ("", ".", "..", ".git"):
            return None
        here, place = here / part, f"{place}{part}/"
        if here.is_symlink() or (here / "pyvenv.cfg").exists() or rules.ignores(place):
            return None
        rules = rules.below(here, place)
    return rules, prefix


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


def _file(path: str, entry: os.DirEntry[str]) -> Found | None:
    if grammar_for("", entry.name) is None or is_secret_name(entry.name):
        return None
    try:
        if not entry.is_file(follow_symlinks=False):
            return None
        status = entry.stat()
    except OSError:
        return None
    if status.st_size > MAX_FILE_BYTES:
        return None
    return Found(path, status.st_mtime_ns, status.st_size)
