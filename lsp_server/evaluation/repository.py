"""The user's repository as code to measure on: files that git tracks and that people wrote.

What the workspace index leaves out is left out here by the same rules: ignored files, secrets by
name or content, binary, generated and minified files.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.errors import UsageError
from lsp_server.evaluation.cases.package import Module, Package
from lsp_server.workspace.extract import read
from lsp_server.workspace.ignore import is_unreadable_code
from lsp_server.workspace.secrets import holds_secret
from lsp_server.workspace.walk import Found, walk

LARGEST_BYTES = 200_000
"""Larger files are mostly data, and no cases are cut from them."""
GIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Repository:
    """What there is to measure on. Paths are relative to the root, with `/`."""

    root: Path
    """Resolved; the top of the git repository."""
    paths: tuple[str, ...] = field(repr=False)
    """Files that cases may be cut from, in order."""
    package: Package = field(repr=False)
    """All files, each parsed when it is first asked for."""
    digest: str
    """Of the paths and contents of all files: the same code has the same."""


def open_repository(
    folder: Path, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Repository:
    """The repository that a folder is in, with cases from the files of this folder.

    `on_progress` gets the number of files that are read and of all. Raises UsageError.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}; name one that is in a git repository.")
    root = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\r\n"))).resolve()
    tracked = {os.fsdecode(name) for name in _git(root, "ls-files", "-z").split(b"\0") if name}
    found = {each.path: each for each in walk(root) if each.path in tracked}
    inside = folder.resolve().relative_to(root).as_posix()
    prefix = "" if inside == "." else f"{inside}/"
    return Repository(
        root=root,
        paths=tuple(path for path in found if path.startswith(prefix)),
        package=Package("", Modules(root, found)),
        digest=_digest(root, found, on_progress),
    )


class Modules(Mapping[str, Module]):
    """Files by their paths, parsed when first asked for.

    There are none for files that can't be cut: those that the module's docstring names, those that
    are not UTF-8 or don't parse, and large ones.
    """

    def __init__(self, root: Path, found: Mapping[str, Found]) -> None:
        self._root = root
        self._found = found
        self._parsed: dict[str, Module | None] = {}

    def __getitem__(self, path: str) -> Module:
        if path not in self._parsed:
            self._parsed[path] = _parse(self._root, self._found[path])
        module = self._parsed[path]
        if module is None:
            raise KeyError(path)
        return module

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _parse(root: Path, found: Found) -> Module | None:
    data = read(root, found) if found.size <= LARGEST_BYTES else None
    if data is None or is_unreadable_code(data):
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    # A lone `\r` ends a line for editors, and none for tree-sitter.
    if "\r" in text.replace("\r\n", "") or holds_secret(text):
        return None
    return Module.parse(found.path, text)


def _digest(root: Path, found: Mapping[str, Found], on_progress: Callable[[int, int], None]) -> str:
    whole = hashlib.sha256()
    for number, (path, each) in enumerate(found.items(), 1):
        content = hashlib.sha256(read(root, each) or b"").hexdigest()
        whole.update(f"{path}\0{content}\0".encode())
        on_progress(number, len(found))
    return whole.hexdigest()


def _git(folder: Path, *arguments: str) -> bytes:
    """What git prints. Raises UsageError.

    Variables that point git to another repository, as hooks have them, are not passed on, and no
    program that the repository's settings name is run.
    """
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    command = ("git", "-c", "core.fsmonitor=false", *arguments)
    try:
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=GIT_SECONDS
        )
    except FileNotFoundError:
        raise UsageError(
            "git can't be found, and only files that it tracks are used; install it."
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git takes more than {GIT_SECONDS} s to list files; try again.") from None
    if ended.returncode:
        raise UsageError(
            f"git knows no repository of yours at {folder}; name a folder in one, or make one with "
            "`git init` and `git add`."
        )
    return ended.stdout
