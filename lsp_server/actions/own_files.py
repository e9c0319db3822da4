"""The files in which a user keeps actions and prompts of his own.

Below each folder that counts, actions are in `actions/*.md` and prompts in `prompts/*.md.j2`, named
as those that they take the place of. What was read is remembered until the file changes, so to look
costs a few calls to the system.
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from lsp_server.actions.action import OwnAction
from lsp_server.actions.own import NoAction, parsed
from lsp_server.core.prompts import SUFFIX, OwnTemplate
from lsp_server.workspace import own_folder
from lsp_server.workspace.own_folder import MAX_BYTES, Stamp, data_of, files_in
from lsp_server.workspace.secrets import holds_secret

PROMPTS = (
    "annotate", "document", "error", "explain", "finish", "mend", "rewrite", "simplify", "system",
)  # fmt: skip
"""Those that a user's may take the place of."""

_Read: TypeAlias = OwnAction | OwnTemplate | None


@dataclass(frozen=True, slots=True)
class Own:
    """What is a user's own."""

    actions: tuple[OwnAction, ...] = ()
    prompts: Mapping[str, OwnTemplate] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """A sentence for each file that doesn't count. It is told once, until the file changes."""


class OwnFiles:
    """Reads them. Waits for the disk; may be called in any thread."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp, _Read]] = {}
        self._lock = threading.Lock()

    def look(self, folders: Sequence[Path]) -> Own:
        """What is in some folders. Of files that have one name, the last folder's counts."""
        actions: dict[str, OwnAction] = {}
        prompts: dict[str, OwnTemplate] = {}
        problems: list[str] = []
        with self._lock:
            for folder in folders:
                for path, stamp in files_in(folder, *own_folder.ACTIONS):
                    if isinstance(read := self._read(path, stamp, problems), OwnAction):
                        actions[path.name] = read
                for path, stamp in files_in(folder, *own_folder.PROMPTS):
                    if isinstance(read := self._read(path, stamp, problems), OwnTemplate):
                        prompts[path.name.removesuffix(SUFFIX)] = read
        return Own(tuple(actions.values()), prompts, tuple(problems))

    def _read(self, path: Path, stamp: Stamp, problems: list[str]) -> _Read:
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        read: _Read = None
        try:
            text = _text(path, stamp)
            read = _template(path, text) if path.name.endswith(SUFFIX) else parsed(text)
        except NoAction as reason:
            problems.append(f"{_shown(path)} doesn't count: {reason}.")
        except OSError as error:
            problems.append(f"{_shown(path)} can't be read ({error.strerror}); see to its rights.")
        self._known[path] = stamp, read
        return read


def _text(path: Path, stamp: Stamp) -> str:
    """What a file says. Raises NoAction and OSError."""
    if not stat.S_ISREG(stamp[2]):
        raise NoAction("it is a link or no file; put a real one there")
    data = data_of(path)
    if len(data) > MAX_BYTES:
        raise NoAction(f"it is larger than {MAX_BYTES // 1000} kB; make it shorter")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NoAction("it is not in UTF-8; save it so") from error
    if holds_secret(text):
        raise NoAction("a credential stands in it; take that out")
    return text


def _template(path: Path, text: str) -> OwnTemplate:
    name = path.name.removesuffix(SUFFIX)
    if name not in PROMPTS:
        raise NoAction(f"there is no prompt {name}; name it as one of {', '.join(PROMPTS)}")
    return OwnTemplate(text, _shown(path))


def _shown(path: Path) -> str:
    """A file as the user is told of it."""
    return "/".join(path.parts[-3:])
