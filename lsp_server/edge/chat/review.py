"""A turn's changes as a client gets them, for an editor that shows differences.

What is in the files is told as it is: nothing is escaped, and line ends stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsp_server.agent.files.state import State
from lsp_server.agent.review import Changed, Review
from lsp_server.workspace.ignore import MAX_FILE_BYTES

MAX_BYTES = 4 * MAX_FILE_BYTES
"""Of all contents of an answer, which is one message: a command may have changed thousands of
files."""


def told(review: Review, root: Path) -> dict[str, Any]:
    """The answer to `fimble/chat/changes`. Takes time: call it from a thread."""
    files: list[dict[str, Any]] = []
    room = MAX_BYTES
    for each in review.files:
        before, after = _text(each.before, room), _text(each.after, room)
        shown: dict[str, Any] = {
            "path": str(root / each.path),
            "before": before,
            "after": after,
            "undone": each.undone,
        }
        if _is_out(each, before, after):
            shown |= {"before": None, "after": None, "binary": True}
        else:
            room -= sum(len(state.data) for state in (each.before, each.after) if state)
        files.append(shown)
    return {"turn": review.turn, "files": files}


def _is_out(file: Changed, before: str | None, after: str | None) -> bool:
    """Whether there is something that is not told."""
    return (file.before is not None and before is None) or (
        file.after is not None and after is None
    )


def _text(state: State | None, room: int) -> str | None:
    """What a file says; None if it is no text, too long, or not there."""
    if state is None or state.is_link or len(state.data) > min(MAX_FILE_BYTES, room):
        return None
    if b"\0" in state.data:
        return None
    try:
        return state.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
