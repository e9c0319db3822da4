"""From a document's URI to the path of its file, as editors write them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_DRIVE = re.compile(r"/([A-Za-z]):")


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI; None for any other, and for what is no URI."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or not parts.path:
        return None
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost"):
        return Path(f"//{parts.netloc}{path}")
    drive = _DRIVE.match(path)
    return Path(f"{drive[1].upper()}:{path[drive.end() :]}" if drive else path)
