"""The scorecards of models that were measured, each in a file of its own in the user's state.

A card of another version, or a damaged one, counts as none. Functions block for a millisecond.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from lsp_server.agent.calls.render import Way
from lsp_server.agent.probe.race import ways
from lsp_server.agent.probe.scorecard import Scorecard, from_json, to_json
from lsp_server.engines.chat import ChatInfo
from lsp_server.errors import StoreError
from lsp_server.models.store import state_dir

VERSION = 2
"""To be raised with any change to the tasks, to what models are told, or to what a card holds."""

UNMEASURED: Way = "fenced"
"""How models without tools of their own are asked until they have been measured; Qwen2.5-Coder
writes it unasked, too."""


def default_folder() -> Path:
    """Where the cards of this user are."""
    return state_dir() / "probe"


def recall(folder: Path, identity: str) -> Scorecard | None:
    """What is known of a model, by `ChatInfo.identity`."""
    if not identity:
        return None
    try:
        entry = json.loads(_path(folder, identity).read_text("utf-8"))
        return from_json(entry["card"]) if entry["version"] == VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(folder: Path, identity: str, card: Scorecard) -> None:
    """Keep a card; the file is whole at any time. Raises StoreError."""
    path = _path(folder, identity)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    text = json.dumps({"version": VERSION, "card": to_json(card)}, indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StoreError(f"{path} can't be written ({error.strerror}); make room there.") from error


def known_way(folder: Path, info: ChatInfo) -> Way:
    """How an engine is best asked to call tools, as far as that is known."""
    card = recall(folder, info.identity)
    if card and card.way in ways(info):
        return card.way
    return "native" if info.native_tools else UNMEASURED


def _path(folder: Path, identity: str) -> Path:
    return folder / f"{identity}.json"
