"""The files in which a user keeps actions and prompts of his own.

Below each folder that counts, actions are in `actions/*.md` and prompts in `prompts/*.md.j2`, named
as those that they take the place of. What was read is remembered until the file changes, so to look
costs a few calls to the system.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from lsp_server.actions.action import OwnAction
from lsp_server.actions.own import NoAction, parsed
from lsp_server.core.prompts import SUFFIX, OwnTemplate
from lsp_server.workspace.secrets import holds_secret

MAX_BYTES = 20_000
MAX_FILES = 100
"""In one folder; more are not looked at."""
PROMPTS = (
    "annotate", "document", "error", "explain", "finish", "mend", "rewrite", "simplify", "system",
)  # fmt: skip
"""Those that a user's may take the place of."""

_Read: TypeAlias = OwnAction | OwnTemplate | None
_Stamp: TypeAlias = tuple[int, int, int]
"""When a file was changed, its size and its mode."""


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
        self._known: dict[Path, tuple[_Stamp, _Read]] = {}
        self._lock = threading.Lock()

    def look(self, folders: Sequence[Path]) -> Own:
        """What is in some folders. Of files that have one name, the last folder's counts."""
        actions: dict[str, OwnAction] = {}
        prompts: dict[str, OwnTemplate] = {}
        problems: list[str] = []
        with self._lock:
            for folder in folders:
                for path, stamp in _files(folder, "actions", ".md"):
                    if isinstance(read := self._read(path, stamp, problems), OwnAction):
                        actions[path.name] = read
                for path, stamp in _files(folder, "prompts", SUFFIX):
                    if isinstance(read := self._read(path, stamp, problems), OwnTemplate):
                        prompts[path.name.removesuffix(SUFFIX)] = read
        return Own(tuple(actions.values()), prompts, tuple(problems))

    def _read(self, path: Path, stamp: _Stamp, problems: list[str]) -> _Read:
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


def _files(folder: Path, inner: str, suffix: str) -> Iterator[tuple[Path, _Stamp]]:
    """The files of a folder in a folder, by name; or the inner folder, if it is a link."""
    place = folder / inner
    try:
        if place.is_symlink():  # it leads to who knows where
            yield place, _stamp(place)
            return
        with os.scandir(place) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(suffix)]
        for name in sorted(names)[:MAX_FILES]:
            yield place / name, _stamp(place / name)
    except OSError:  # there is none, or no more
        return


def _stamp(path: Path) -> _Stamp:
    status = path.lstat()
    return status.st_mtime_ns, status.st_size, status.st_mode


def _text(path: Path, stamp: _Stamp) -> str:
    """What a file says. Raises NoAction and OSError."""
    if not stat.S_ISREG(stamp[2]):
        raise NoAction("it is a link or no file; put a real one there")
    with open(path, "rb", opener=_open) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise NoAction(f"it is larger than {MAX_BYTES // 1000} kB; make it shorter")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NoAction("it is not in UTF-8; save it so") from error
    if holds_secret(text):
        raise NoAction("a credential stands in it; take that out")
    return text


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _template(path: Path, text: str) -> OwnTemplate:
    name = path.name.removesuffix(SUFFIX)
    if name not in PROMPTS:
        raise NoAction(f"there is no prompt {name}; name it as one of {', '.join(PROMPTS)}")
    return OwnTemplate(text, _shown(path))


def _shown(path: Path) -> str:
    """A file as the user is told of it."""
    return "/".join(path.parts[-3:])
