"""Texts with a cursor, and what is offered there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lsp_server.actions.action import Action, Diagnostic, Repair, Request, Surroundings
from lsp_server.actions.offer import offered
from lsp_server.actions.verify import edited
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.core.text import Text, decode, encode
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import Found

HERE = Path(__file__).parent
CURSOR = "«"


@dataclass(frozen=True, slots=True)
class Case:
    """What is offered first at a cursor, and what it makes of the text."""

    path: str
    title: str
    """`-` where nothing may be offered; with `?` in front where it is offered, but not as sure."""
    before: str
    after: str


@cache
def cases(name: str) -> list[Case]:
    """Of a file beside this one."""
    text = (HERE / name).read_text("utf-8")
    found = []
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        path, _, title = head.partition(" ")
        before, _, after = body.partition("---\n")
        found.append(Case(path, title, before.rstrip("\n") + "\n", after.rstrip("\n") + "\n"))
    return found


def files(name: str) -> dict[str, str]:
    """The files of a workspace, of a file beside this one."""
    parts = re.split(r"^=== ", (HERE / name).read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {head: body for head, _, body in (part.partition("\n") for part in parts)}


def indexed(root: Path, name: str) -> Index:
    """An index of those files."""
    index = Index(root, root / "index.sqlite")
    entries = [extract(Found(p, 1, len(t)), t.encode()) for p, t in files(name).items()]
    assert index.update(entries)
    return index


def request(
    text: str, path: str, index: Index | None = None, messages: tuple[str, ...] = ()
) -> Request:
    """At the cursor in a text, or at its first character; messages are about what follows it."""
    at = max(text.find(CURSOR), 0)
    plain = text.replace(CURSOR, "")
    grammar = grammar_for("", path)
    syntax = Syntax.parse(plain, grammar) if grammar else None
    snapshot = Snapshot(f"file:///{path}", 1, grammar or "", Text.of(plain), syntax)
    start = len(encode(plain[:at]))
    word = re.match(r"[\w.]*", plain[at:])
    end = start + len(encode(word[0] if word else ""))
    told = tuple(Diagnostic(start, end, message) for message in messages)
    return Request(snapshot, start, start, told, Surroundings(path, index, index))


def applied(asked: Request, action: Action) -> str:
    """The text with an action's edits in it."""
    assert isinstance(action.task, Repair)
    after = edited(asked.syntax, action.task.edits)
    assert after is not None
    return decode(after.data)


def outcome(asked: Request) -> tuple[str, str]:
    """The first action's title and the text with it; `-` if there is none."""
    actions = offered(asked)
    if not actions:
        return "-", ""
    mark = "" if actions[0].is_preferred else "?"
    return mark + actions[0].title, applied(asked, actions[0])
