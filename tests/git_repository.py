"""Small git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below a folder."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())


def tracked(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """A git repository at `root` that tracks the files; those that are ignored too."""
    write(root, files)
    git(root, "init", "--quiet")
    git(root, "add", "--force", "--", *files)
    return root


def git(root: Path, *arguments: str) -> None:
    """Run git, whatever repository the tests themselves run in."""
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    subprocess.run(("git", *arguments), cwd=root, env=environment, check=True)
