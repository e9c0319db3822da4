"""A project's own checkers, as its developers would have them installed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from benchmarks.checkers import tools

TSCONFIG = {
    "compilerOptions": {
        "noEmit": True, "strict": True, "skipLibCheck": True, "allowImportingTsExtensions": True,
        "lib": ["esnext"], "target": "esnext", "module": "esnext", "moduleResolution": "bundler",
        "moduleDetection": "force", "types": ["node"],
    }
}  # fmt: skip
"""What `checkers/typescript.cjs` judges by."""


def install(project: Path) -> None:
    """Put pyright and TypeScript into a project, below `node_modules`. Raises CheckerFailed."""
    shutil.copytree(
        tools() / "node_modules", project / "node_modules", symlinks=True, copy_function=_link
    )
    (project / ".gitignore").write_text("node_modules/\n", "utf-8")
    (project / "tsconfig.json").write_text(json.dumps(TSCONFIG), "utf-8")


def _link(source: str, target: str) -> None:
    """The same file where that is possible: they are large, and many projects are made."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
