"""What a turn has changed, file by file, for the user to look at and to take back.

`before` is what a file was ahead of the turn's first change of it, `after` what the last one left,
whatever was written since. Of what a turn has put back itself nothing is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_server.agent.desk import Given
from lsp_server.agent.files.journal import NEW_FILE
from lsp_server.agent.files.ledger import Ledger, Step
from lsp_server.agent.files.state import State, digest


@dataclass(frozen=True, slots=True)
class Changed:
    """One file; None where it was not there."""

    path: str
    """From the root, with `/`."""
    before: State | None = field(repr=False)
    after: State | None = field(repr=False)
    undone: bool
    """Whether the user has taken it back since."""


@dataclass(frozen=True, slots=True)
class Review:
    """A turn's changes, by path; turn 0 and no files if there are none."""

    turn: int
    files: tuple[Changed, ...]


def review(
    ledger: Ledger,
    session: str,
    given: Sequence[Given],
    left: Mapping[int, Collection[str]],
    turn: int | None = None,
) -> Review:
    """What a turn changed, or the latest that changed something. Waits for the disk.

    `left`: by the turns that have ended, the files that were changed at their end. Raises
    AgentError if a content is not kept any more.
    """
    steps = ledger.steps(session)
    turns = {int(step.key.turn) for step in steps} | {each.turn for each in given}
    for number in sorted(turns, reverse=True) if turn is None else [turn]:
        ours = [step for step in steps if step.key.turn == str(number)]
        in_editor = [each for each in given if each.turn == number]
        paths = {step.path for step in ours} | {each.change.path for each in in_editor}
        found = (
            _changed(
                ledger,
                path,
                [step for step in ours if step.path == path],
                [each for each in in_editor if each.change.path == path],
                was_left=path in left.get(number, ()),
            )
            for path in sorted(paths)
        )
        if files := tuple(each for each in found if each is not None):
            return Review(number, files)
    return Review(0, ())


def _changed(
    ledger: Ledger, path: str, steps: Sequence[Step], given: Sequence[Given], *, was_left: bool
) -> Changed | None:
    """What became of one path; None if the turn left it as it was."""
    standing = [step for step in steps if step.status == "done" and step.kind != "undo"]
    in_editor = [each for each in given if not each.is_undone]
    undone = not standing and not in_editor
    if undone:
        if not was_left:
            return None
        standing, in_editor = _taken_back(steps), list(given)
    spans: list[tuple[State | None, State | None]] = []
    if standing:
        spans.append((ledger.state(standing[0].before), ledger.state(standing[-1].after)))
    if in_editor:
        first, last = in_editor[0].change, in_editor[-1].change
        spans.append((_state(first.file.text), _state(last.text)))
    if len(spans) == 2 and digest(spans[0][0]) == digest(spans[1][1]):
        spans.reverse()  # a command changed what the editor had saved
    if not spans or spans[0][0] == spans[-1][1]:
        return None
    return Changed(path, spans[0][0], spans[-1][1], undone)


def _taken_back(steps: Iterable[Step]) -> list[Step]:
    """The changes that the user undid: what the turn had put back before was undone apart."""
    changes, undos = list[Step](), list[set[int]]()
    for step in steps:
        if step.kind != "undo":
            changes += [step] if step.status == "undone" else []
        elif step.status == "done" and step.undoes:
            undos.append(set(step.undoes))
    known = set[int]().union(*undos)
    # Where the user had put it back by hand already, there was nothing to be done.
    alone = [step for step in changes if step.id not in known]
    return alone or [step for step in changes if step.id in undos[-1]]


def _state(text: str) -> State:
    return State(text.encode("utf-8", "replace"), NEW_FILE)
