"""Pages of Markdown for a client to show: files in the user's cache, not in the project."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import unquote

from lsp_server.models.store import cache_dir

KEPT = 20
"""The newest ones."""


def write(uri: str, text: str) -> Path:
    """Write a page about a document, only for the user to read; old pages go."""
    folder = cache_dir() / "explanations"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]", "_", unquote(uri.rpartition("/")[2]))[:60]
    path = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.md"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(f"# {name}\n\n{text}\n".encode(errors="replace"))
    pages = sorted(folder.glob("*.md"), key=lambda page: page.stat().st_mtime)
    for old in pages[:-KEPT]:
        old.unlink(missing_ok=True)
    return path
