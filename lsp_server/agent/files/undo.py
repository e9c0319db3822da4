"""Back to how files were before an edit, a turn or a session, without losing what came after.

Where nobody else wrote, files become what they were, byte for byte. Where the user did, both are
merged line by line; if they touch the same lines, nothing is undone, and the files are named.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from lsp_server.agent.edits.merge import merge
from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Step
from lsp_server.agent.files.paths import IsAFolder, NotAFolder, folders_above
from lsp_server.agent.files.state import State, look
from lsp_server.agent.files.write import remove_empty
from lsp_server.errors import PathRefused, UndoRefused

MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing did."""

    paths: tuple[str, ...]
    """Files that are as they were, apart from what the user wrote since."""
    merged: tuple[str, ...]
    """Those of them that have lines of the user's from after."""


@dataclass(frozen=True, slots=True)
class _Plan:
    path: str
    current: State | None
    wanted: State | None
    steps: tuple[Step, ...]
    merged: bool
    is_blocked: bool
    """Whether something else is where a folder on the way was."""


def named(paths: Sequence[str]) -> str:
    """Paths for a sentence: the first few, and how many more."""
    more = len(paths) - MAX_NAMED
    return ", ".join(paths[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


class _Everywhere(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


EVERYWHERE: Container[str] = _Everywhere()
"""All paths that there are."""


def unsure(
    journal: Journal, session: str, turn: str | None = None, paths: Container[str] = EVERYWHERE
) -> list[str]:
    """Files whose changes may be the user's own: nobody saw the command end that ran then."""
    steps = journal.ledger.steps(session, turn)
    doubtful = {s.path for s in steps if s.status == "done" and s.kind == "recovered"}
    return sorted(path for path in doubtful if path in paths)


def undo(
    journal: Journal,
    session: str,
    turn: str | None = None,
    edit: str | None = None,
    *,
    paths: Container[str] = EVERYWHERE,
    all_of_it: bool = False,
) -> Undone:
    """Undo all of a session, one turn of it or one edit; what is undone already is left alone.

    `paths`: in these files alone, by their paths from the root.
    `all_of_it`: also what may be the user's own work (`unsure`), which takes a yes of his.
    Raises UndoRefused, and then nothing was changed. A file that changes while this runs stops it
    with FileChanged; then it can be called again and goes on with the rest.
    """
    kinds = ("edit", "command", "recovered") if all_of_it else ("edit", "command")
    by_path: dict[str, list[Step]] = {}
    for step in journal.ledger.steps(session, turn, edit):
        if step.status == "done" and step.kind in kinds and step.path in paths:
            by_path.setdefault(step.path, []).append(step)
    found = {path: _plan(journal, path, steps) for path, steps in by_path.items()}
    plans = [plan for plan in found.values() if plan is not None]
    going = {plan.path for plan in plans if plan.wanted is None}
    refused = [
        path
        for path, plan in found.items()
        if plan is None or (plan.is_blocked and not going.intersection(folders_above(path)))
    ]
    if refused:
        raise UndoRefused(
            f"{named(refused)} changed since in the same lines; nothing was undone. Undo the later"
            " changes first, or edit by hand."
        )
    # What is deleted makes room: a file may have taken the place of a folder, or the other way.
    for plan in plans:
        if plan.wanted is None:
            _carry_out(journal, session, plan)
    made = {folder for plan in plans for step in plan.steps for folder in step.made}
    for folder in sorted(made, key=len, reverse=True):
        remove_empty(journal.workspace, folder)
    for plan in plans:
        if plan.wanted is not None:
            _carry_out(journal, session, plan)
    return Undone(
        tuple(plan.path for plan in plans), tuple(plan.path for plan in plans if plan.merged)
    )


def _plan(journal: Journal, path: str, steps: list[Step]) -> _Plan | None:
    """What a path becomes; None if that would lose something."""
    current, is_blocked = None, False
    try:
        current = look(journal.workspace, path)
    except NotAFolder:
        is_blocked = True
    except IsAFolder:
        pass  # what is in it has to go first
    except PathRefused:
        return None
    wanted, merged = current, False
    for before, after in _spans(journal, steps):
        undone = _without(wanted, before, after)
        if undone is None:
            return None
        merged = merged or wanted not in (before, after)
        wanted = undone.state
    return _Plan(path, current, wanted, tuple(steps), merged, is_blocked)


@dataclass(frozen=True, slots=True)
class _Result:
    state: State | None


def _spans(journal: Journal, steps: list[Step]) -> list[tuple[State | None, State | None]]:
    """Before and after of the steps, the last first; those that follow on each other as one."""
    spans: list[list[Step]] = []
    for step in steps:
        if spans and spans[-1][-1].after == step.before:
            spans[-1].append(step)
        else:
            spans.append([step])
    state = journal.ledger.state
    return [(state(span[0].before), state(span[-1].after)) for span in reversed(spans)]


def _without(current: State | None, before: State | None, after: State | None) -> _Result | None:
    """The current state without the change from `before` to `after`."""
    if current == after:
        return _Result(before)
    if current == before:
        return _Result(current)
    if current is None or before is None or after is None:
        return None
    if current.is_link or before.is_link or after.is_link:
        return None
    mode = before.mode if stat.S_IMODE(current.mode) == stat.S_IMODE(after.mode) else current.mode
    if current.data == after.data or before.data == after.data:
        data = before.data if current.data == after.data else current.data
        return _Result(State(data, mode))
    if b"\0" in current.data + before.data + after.data:
        return None
    merged = merge(*(_LINE.findall(each.data) for each in (after, current, before)))
    return None if merged is None else _Result(State(b"".join(merged), mode))


def _carry_out(journal: Journal, session: str, plan: _Plan) -> None:
    numbers = [step.id for step in plan.steps]
    if plan.current == plan.wanted:
        for step in plan.steps:
            journal.ledger.settle(step, "undone")
        return
    key = replace(plan.steps[-1].key, session=session, edit=f"undo {numbers[-1]}")
    journal.change(key, "undo", plan.path, plan.current, plan.wanted, numbers)


_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
