"""Change files so that it can be undone, and so that a crash at any point can be told.

journal.write(key, "a.py", new, expected=document.state.digest)
journal.recover("session") -> what was open when the process died
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from lsp_server.agent.files.ledger import Kept, Key, Kind, Ledger, Step
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.protected import check_protected
from lsp_server.agent.files.state import ABSENT, MAX_BYTES, State, digest, look
from lsp_server.agent.files.write import (
    changed,
    discard_temporary,
    missing_folders,
    put,
    remove_empty,
    temporary_name,
)
from lsp_server.errors import PathRefused

NEW_FILE = stat.S_IFREG | 0o644
"""Mode of a file that is new."""


Found = Literal["done", "not done", "changed since", "perhaps yours"]
"""Perhaps yours: a command ran when the process died, and the user may have changed it since."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What a file is to become: other bytes, a new file, or nothing (None)."""

    path: str
    data: bytes | None = field(repr=False)
    expected: str
    """Digest of what must be there, ABSENT for nothing."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A step that nobody saw end."""

    step: Step
    found: Found


class Journal:
    """Of one workspace. Everything here waits for the disk: call it from a thread."""

    def __init__(self, workspace: Workspace, ledger: Ledger) -> None:
        self.workspace = workspace
        self.ledger = ledger

    def write(
        self, key: Key, path: str, data: bytes | None, *, expected: str, approved: bool = False
    ) -> Step:
        """Give a file another content, begin it, or delete it (None). The mode stays.

        `expected` as in `put`, whose errors this raises. `approved`: the user said yes to this very
        edit; without it, NeedsApproval is raised for protected files.
        """
        relative, current = self._checked(Writing(path, data, expected), approved)
        mode = current.mode if current is not None else NEW_FILE
        return self.change(
            key, "edit", relative, current, None if data is None else State(data, mode)
        )

    def check(self, writings: Iterable[Writing], *, approved: bool = False) -> None:
        """Raise what `write` would, as far as that can be known before it."""
        for writing in writings:
            self._checked(writing, approved)

    def move(
        self, key: Key, path: str, to: str, *, expected: str, approved: bool = False
    ) -> tuple[Step, Step]:
        """Give a file another name, which must be free; content and mode stay.

        Two steps: a crash between them leaves both names, and nothing is lost. `expected` and
        `approved` as in `write`.
        """
        source, target = self.workspace.relative(path), self.workspace.relative(to)
        if not approved:
            check_protected(source)
            check_protected(target)
        current = self._look(source)
        if current is None or digest(current) != expected:
            raise changed(source)
        made = self.change(key, "edit", target, None, current)
        return made, self.change(key, "edit", source, current, None)

    def change(
        self,
        key: Key,
        kind: Kind,
        path: str,
        before: State | None,
        after: State | None,
        undoes: Iterable[int] = (),
    ) -> Step:
        """Write a step down, do it, confirm it."""
        temporary = temporary_name()
        made = () if after is None else missing_folders(self.workspace, path)
        with self.ledger.transaction():
            kept = self.ledger.keep(before), self.ledger.keep(after)
            step = Step(
                key, kind, path, *kept, made=made, temporary=temporary, undoes=tuple(undoes)
            )
            step = self.ledger.add(step)
        try:
            put(
                self.workspace,
                path,
                after,
                expected=digest(before),
                temporary=temporary,
                forced=kind == "undo",
            )
        except BaseException:
            self._settle(step)
            raise
        self.ledger.settle(step, "done")
        return step

    def recover(self, session: str) -> list[Recovered]:
        """Settle the steps of a session that were open when its process died, and name them."""
        found: list[Recovered] = []
        for step in self.ledger.steps(session):
            if step.status != "begun":
                continue
            found.append(Recovered(step, self._settle(step)))
        return found

    def _settle(self, step: Step) -> Found:
        """Find out what became of a step that did not end well."""
        try:
            discard_temporary(self.workspace, step.path, step.temporary)
            now = digest(look(self.workspace, step.path))
        except (PathRefused, OSError):
            now = "unreadable"
        is_done = now == _digest(step.after)
        self.ledger.settle(step, "done" if is_done else "failed")
        if is_done:
            return "done"
        for folder in reversed(step.made):
            remove_empty(self.workspace, folder)
        return "not done" if now == _digest(step.before) else "changed since"

    def _checked(self, writing: Writing, approved: bool) -> tuple[str, State | None]:
        """The path from the root, and what is there."""
        relative = self.workspace.relative(writing.path)
        if not approved:
            check_protected(relative)
        if writing.data is not None and len(writing.data) > MAX_BYTES:
            raise PathRefused(f"{relative} would be larger than 10 MB; write less.")
        current = self._look(relative)
        if digest(current) != writing.expected:
            raise changed(relative)
        return relative, current

    def _look(self, path: str) -> State | None:
        current = look(self.workspace, path)
        if current is not None and current.is_link:
            raise PathRefused(
                f"{path} is a link; name the file that it leads to, if it is in here."
            )
        return current


def _digest(kept: Kept | None) -> str:
    return ABSENT if kept is None else kept.digest
