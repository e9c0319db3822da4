"""What of a hidden home folder a command needs to see: tools on PATH, and the repository's data."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_KNOWN = (
    *(".pyenv", ".rbenv", ".nvm", ".asdf", ".volta", ".sdkman", ".rustup", ".deno", ".bun"),
    *(".local/bin", ".local/lib", ".local/share/uv", ".local/share/mise", ".cargo/bin", "go/pkg"),
    *("miniconda3", "anaconda3", "miniforge3"),
)
"""Folders of a home that hold tools and nothing else."""


def tools(environment: Mapping[str, str], workspace: Path, home: Path) -> Iterator[Path]:
    """Folders of programs, and what they are part of; some may not be hidden at all."""
    yield from (home / name for name in _KNOWN if (home / name).is_dir())
    folders = [Path(each) for each in environment.get("PATH", "").split(os.pathsep) if each]
    folders += [workspace / name / "bin" for name in (".venv", "venv")]
    for folder in folders:
        if not folder.is_dir() or home.is_relative_to(folder):
            continue
        if not folder.is_relative_to(workspace):
            yield folder
            if (folder.parent / "pyvenv.cfg").is_file() and not home.is_relative_to(folder.parent):
                yield folder.parent
        python = (folder / "python").resolve()  # an environment's is a link to the real one
        prefix = python.parent.parent
        is_installation = python.parent.name == "bin" and (prefix / "lib").is_dir()
        if is_installation and prefix != home / ".local" and not home.is_relative_to(prefix):
            yield prefix


def git_folders(workspace: Path, home: Path) -> Iterator[Path]:
    """Where git keeps what belongs to a workspace that is a linked work tree, or inside of one.

    What a `.git` file names is only believed if it names the workspace in its turn: else it could
    be any folder of the user's.
    """
    top = next((each for each in (workspace, *workspace.parents) if (each / ".git").exists()), None)
    if top is None or home.is_relative_to(top):
        return
    link = top / ".git"
    if link.is_dir():
        if top != workspace and not link.is_symlink():
            yield link
        return
    folder = _named(link, b"gitdir: ")
    if folder is None or _named(folder / "gitdir", b"") != link.resolve():
        return
    common = _named(folder / "commondir", b"")
    if common is not None and folder.is_relative_to(common / "worktrees"):
        yield common


def _named(file: Path, start: bytes) -> Path | None:
    """The path that a small file holds behind `start`."""
    try:
        with file.open("rb") as stream:
            text = stream.read(4096)
    except OSError:
        return None
    if not text.startswith(start):
        return None
    return (file.parent / os.fsdecode(text.removeprefix(start).strip())).resolve()
