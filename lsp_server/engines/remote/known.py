"""How endpoints fill gaps, remembered for each with its model, so that it is asked but once.

One small file each in the user's state. What is too old, damaged or of another version counts as
not known. Functions block for a millisecond.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import get_args

from lsp_server.core import fim
from lsp_server.engines.remote.dialects.ways import Mode
from lsp_server.engines.remote.modes import Filling
from lsp_server.errors import NoFimMarkers

VERSION = 2
_DAY = 86_400
EXPIRY_SECONDS = {"none": _DAY // 24}
"""Of modes that are asked for again sooner than others: who reads that nothing works will change
his server."""
_EXPIRY_SECONDS = 7 * _DAY


class Known:
    """What is known of one endpoint with one model."""

    def __init__(self, folder: Path | None, *identity: str) -> None:
        """`folder`: None remembers nothing."""
        name = hashlib.sha256("\n".join(identity).encode("utf-8", "replace")).hexdigest()[:32]
        self._path = folder and folder / f"{name}.json"

    def recall(self) -> Filling | None:
        """What was remembered, if it still counts."""
        if self._path is None:
            return None
        try:
            entry = json.loads(self._path.read_text("utf-8"))
            mode: Mode = entry["mode"]
            age = time.time() - entry["at"]
            if entry["version"] != VERSION or mode not in get_args(Mode):
                return None
            if not 0 <= age < EXPIRY_SECONDS.get(mode, _EXPIRY_SECONDS):
                return None
            template = fim.by_id(entry["template"]) if entry["template"] else None
            return Filling(mode, template, str(entry["note"])[:500], entry["is_last"] is True)
        except (OSError, ValueError, KeyError, TypeError, NoFimMarkers):
            return None

    def remember(self, filling: Filling) -> None:
        """Keep it. What can't be written is only asked for again."""
        if self._path is None:
            return
        entry = {
            "version": VERSION,
            "mode": filling.mode,
            "template": filling.template.id if filling.template else "",
            "note": filling.note,
            "is_last": filling.is_last,
            "at": time.time(),
        }
        temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(entry), "utf-8")
            temporary.replace(self._path)

    def forget(self) -> None:
        """It was wrong."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
