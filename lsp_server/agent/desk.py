"""What the tools of a session work with: the files, the user's permissions, the way back.

Every change of a file goes through `land`: it must parse, the user must allow it, the file must
still be what the change was worked out on, and it is written down before it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.rooms import has_room
from lsp_server.agent.commands.sandbox import Sandbox, find_sandbox
from lsp_server.agent.edits.check import new_errors
from lsp_server.agent.edits.merge import merge
from lsp_server.agent.events import Diff
from lsp_server.agent.files.journal import Journal, Writing
from lsp_server.agent.files.ledger import Key
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.protected import is_protected
from lsp_server.agent.files.read import Document, read
from lsp_server.agent.files.snapshot import Watch
from lsp_server.agent.files.state import ABSENT, State, look
from lsp_server.agent.files.undo import EVERYWHERE, undo
from lsp_server.agent.permissions import Permissions
from lsp_server.agent.watched import watched
from lsp_server.agent.whole import whole
from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.errors import AgentError, FileChanged, PathRefused, UndoRefused
from lsp_server.workspace.index import Index
from lsp_server.workspace.masking import PLACEHOLDER
from lsp_server.workspace.secrets import holds_secret

MAX_PROBLEMS = 8
"""Of those that a change brings; a model mends the first few, and asks again."""
_CHANGED = ("An open file has changed since it was read, so nothing was written.", "Read it again.")
ANSWER_SECONDS = 10.0
"""For an editor to say whether it has made a change; it asks nobody."""


class Buffers(Protocol):
    """Documents that are open in an editor, with what is not saved yet."""

    async def text(self, path: str) -> str | None:
        """What a file says there; None if it isn't open."""
        ...

    async def apply(self, changes: Sequence[Change]) -> bool:
        """Put changes into open documents, if they still say what was read; False if not."""
        ...

    async def problems(self, path: str) -> list[str] | None:
        """What the editor finds wrong with a file, one line each; None if it doesn't know."""
        ...


@dataclass(frozen=True, slots=True)
class File:
    """A text file as the agent sees it."""

    path: str
    """From the root, with `/`."""
    text: str = field(repr=False)
    document: Document | None = field(repr=False)
    """As it is on the disk; None for what is open in an editor."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file's old and new text; the old one is None for a new file."""

    file: File
    text: str = field(repr=False)
    is_new: bool = False

    @property
    def path(self) -> str:
        """Of the file."""
        return self.file.path

    @property
    def data(self) -> bytes:
        """The new text as it stands in the file."""
        document = self.file.document
        return document.encoded(self.text) if document else self.text.encode("utf-8", "replace")

    @property
    def diff(self) -> Diff:
        """For the user."""
        return Diff(self.path, None if self.is_new else self.file.text, self.text)


@dataclass(frozen=True, slots=True)
class Given:
    """A change that was put into an open document. The editor keeps it, so no journal does."""

    turn: int
    change: Change
    is_undone: bool = False
    """Whether the user has taken it back."""


class Desk:
    """Of one session, which sets `turn` and `output` for each of its turns and calls."""

    def __init__(
        self,
        session: str,
        journal: Journal,
        library: Index,
        permissions: Permissions,
        *,
        buffers: Buffers | None = None,
        limits: Limits | None = None,
        given: list[Given] | None = None,
    ) -> None:
        """`given`: what earlier desks of the session have put into open documents."""
        self.session = session
        self.library = library
        self.permissions = permissions
        self.limits = limits or Limits()
        self.output: Callable[[str], None] = lambda _: None
        """Gets the output of commands as it comes."""
        self.turn = 0
        self._journal = journal
        self._buffers = buffers
        self._given = [] if given is None else given
        self._watch = Watch(journal)

    @property
    def workspace(self) -> Workspace:
        """The folder, and the way into it."""
        return self._journal.workspace

    @property
    def root(self) -> Path:
        """The workspace's folder, resolved."""
        return self.workspace.root

    def sandbox(self) -> Sandbox | None:
        """Where commands run; found out once, by trying."""
        return find_sandbox()

    def can_show(self, changes: Sequence[Change]) -> bool:
        """Whether a command can be run as if they were made. Waits for the disk."""
        if any(is_protected(each.path) for each in changes):
            return False
        if not all(has_room(self.root / each.path) for each in changes if each.is_new):
            return False
        return self.sandbox() is not None

    async def unsaved(self) -> dict[str, bytes]:
        """What open documents say that the session has changed, by their paths."""
        if self._buffers is None:
            return {}
        paths = {each.change.path for each in self._standing}
        texts = {path: await self._buffers.text(path) for path in paths}
        return {p: text.encode("utf-8", "replace") for p, text in texts.items() if text is not None}

    async def read(self, path: str) -> File:
        """A text file, as the editor has it if it is open there. Raises PathRefused."""
        document = await asyncio.to_thread(read, self.workspace, path)
        open_text = await self._buffers.text(document.path) if self._buffers else None
        if open_text is not None:
            if holds_secret(open_text):  # not saved yet, so the file alone doesn't tell
                raise PathRefused(f"{document.path} is not read: a credential stands in it.")
            return File(document.path, open_text, None)
        return File(document.path, document.text, document)

    async def exists(self, path: str) -> bool:
        """Whether there is something at a path. Raises PathRefused."""
        return await asyncio.to_thread(look, self.workspace, path) is not None

    def new(self, path: str, text: str) -> Change:
        """A file to be made. Raises PathRefused for a path that leads out."""
        return Change(File(self.workspace.relative(path), "", None), text, is_new=True)

    async def land(self, call: str, changes: Sequence[Change]) -> list[str]:
        """Check changes, have them allowed, and write them; return the problems they bring.

        Nothing is written if one of them can't be: one that does not parse, that the user does
        not want, or whose file has changed. Once writing has begun, a cancellation waits for its
        end. Raises AgentError.
        """
        await require_sound(changes)
        before = {change.path: await self._problems(change.path) for change in changes}
        protected = [
            f"{change.path}: {reason}."
            for change in changes
            if (reason := is_protected(change.path))
        ]
        await self.permissions.edit(call, [each.diff for each in changes], protected)
        await whole(self._carry_out(call, changes, approved=bool(protected)))
        return [
            problem
            for change in changes
            for problem in await self._problems(change.path)
            if problem not in before[change.path]
        ][:MAX_PROBLEMS]

    async def put_back(self, call: str, changes: Sequence[Change]) -> None:
        """Undo what `land` wrote for a call; for that nobody is asked. Raises AgentError."""
        await whole(self._back(call, changes))

    async def _carry_out(self, call: str, changes: Sequence[Change], *, approved: bool) -> None:
        """Write all changes, or none."""
        in_editor = [change for change in changes if not change.is_new and not change.file.document]
        on_disk = [self._writing(change) for change in changes if change not in in_editor]
        await asyncio.to_thread(self._journal.check, on_disk, approved=approved)
        if in_editor:
            if not await self._apply(in_editor):
                raise FileChanged(*_CHANGED)
            self._given += [Given(self.turn, change) for change in in_editor]
        try:
            await asyncio.to_thread(self._write, self._key(call), on_disk, approved)
        except Exception as problem:
            try:
                await self._back(call, in_editor)
            except AgentError as other:
                raise AgentError(
                    f"{problem} A part of it was written, and stays: {other}"
                ) from other
            raise

    async def _apply(self, changes: Sequence[Change]) -> bool:
        """Put changes into open documents; an editor that doesn't answer is looked at."""
        if self._buffers is None:
            return False
        try:
            return await asyncio.wait_for(self._buffers.apply(changes), ANSWER_SECONDS)
        except TimeoutError:
            now = [await self._buffers.text(change.path) for change in changes]
            return now == [change.text for change in changes]

    def _write(self, key: Key, writings: Sequence[Writing], approved: bool) -> None:
        for each in writings:
            self._journal.write(
                key, each.path, each.data, expected=each.expected, approved=approved
            )

    def _writing(self, change: Change) -> Writing:
        document = change.file.document
        if document is None:
            return Writing(change.path, change.data, ABSENT)
        return Writing(change.path, change.data, document.state.digest)

    async def _back(self, call: str, changes: Sequence[Change]) -> None:
        await asyncio.to_thread(undo, self._journal, self.session, str(self.turn), call)
        await self._undo_given([each for each in self._standing if each.change in changes])

    async def problems(self, path: str) -> list[str] | None:
        """What the editor finds wrong with a file; None if there is none, or it doesn't know."""
        return await self._buffers.problems(path) if self._buffers else None

    async def _problems(self, path: str) -> list[str]:
        return await self.problems(path) or []

    @asynccontextmanager
    async def around_command(self, call: str, *, changes: bool) -> AsyncIterator[list[str]]:
        """Note what a command changes, so that it can be undone; where that can't be, say so.

        When it has ended, the list says in sentences what can't be put back.
        """
        if not changes:
            yield []
            return
        async with watched(self._watch, self._key(call), self._warn) as notes:
            yield notes

    def _warn(self, sentence: str) -> None:
        self.output(f"[{sentence}]\n")

    def changed(self, turn: int) -> list[str]:
        """The files that a turn has changed. Waits for the disk."""
        steps = self._journal.ledger.steps(self.session, str(turn))
        done = [step for step in steps if step.status == "done" and step.kind != "undo"]
        on_disk = {step.path for step in done}
        return sorted(on_disk | {each.change.path for each in self._standing if each.turn == turn})

    async def take_back(
        self, turn: int | None = None, paths: Container[str] = EVERYWHERE
    ) -> list[str]:
        """Undo what a turn, or all of them, put into open documents; return their paths.

        What was written there since stays. Raises UndoRefused where it is in the same lines, and
        then nothing was changed.
        """
        given = [
            each
            for each in self._standing
            if turn in (None, each.turn) and each.change.path in paths
        ]
        return await whole(self._undo_given(given, remembered=True))

    @property
    def _standing(self) -> list[Given]:
        return [each for each in self._given if not each.is_undone]

    async def _undo_given(self, undone: Sequence[Given], *, remembered: bool = False) -> list[str]:
        before: dict[str, File] = {}
        texts: dict[str, str] = {}
        for each in reversed(undone):
            change = each.change
            if change.path not in before:
                before[change.path] = await self.read(change.path)
                texts[change.path] = before[change.path].text
            texts[change.path] = _without(change, texts[change.path])
        changes = [Change(file, texts[path]) for path, file in before.items()]
        in_editor = [change for change in changes if not change.file.document]
        if in_editor and not await self._apply(in_editor):
            raise UndoRefused("An open file changed meanwhile; nothing was undone. Try again.")
        for change in changes:
            if change.file.document:  # it was closed since
                await asyncio.to_thread(self._put_back, change, change.file.document)
        self._given[:] = [
            replace(each, is_undone=True) if each in undone else each
            for each in self._given
            if remembered or each not in undone
        ]
        return sorted(before)

    def _put_back(self, change: Change, document: Document) -> None:
        key = Key(self.session, str(self.turn), "undo")
        wanted = State(document.encoded(change.text), document.state.mode)
        self._journal.change(key, "undo", change.path, document.state, wanted)

    def _key(self, call: str) -> Key:
        return Key(self.session, str(self.turn), call)


def _without(change: Change, text: str) -> str:
    """A text as it would be if a change of it had not been made. Raises UndoRefused."""
    if text == change.text:
        return change.file.text
    versions = (change.text, text, change.file.text)
    merged = merge(*(version.splitlines(keepends=True) for version in versions))
    if merged is None:
        raise UndoRefused(
            f"{change.path} changed since in the same lines; nothing was undone. Undo the later"
            " changes first, or edit by hand."
        )
    return "".join(merged)


async def require_sound(changes: Sequence[Change]) -> None:
    """Raise AgentError if a change makes an error of syntax, or writes what stands for a secret."""
    for change in changes:
        if set(PLACEHOLDER.findall(change.text)) - set(PLACEHOLDER.findall(change.file.text)):
            raise AgentError(
                f"{change.path} would get a MASKED_ word, which stands for a credential that you "
                "are not shown; nothing was written. Leave the lines with credentials as they are."
            )
        if wrong := await asyncio.to_thread(_new_errors, change):
            shown = "; ".join(wrong[:MAX_PROBLEMS])
            raise AgentError(f"{change.path} would not parse ({shown}); nothing was written.")


def _new_errors(change: Change) -> list[str]:
    grammar = grammar_for("", change.path)
    after = Syntax.parse(change.text, grammar) if grammar else None
    if grammar is None or after is None:
        return []
    before = None if change.is_new else Syntax.parse(change.file.text, grammar)
    return new_errors(before, after)
