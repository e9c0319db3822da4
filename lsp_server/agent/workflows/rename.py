"""Rename a definition wherever the project uses it: by the index and the trees, without the model.

What can't be told is left alone, and named. If the tests that passed fail then, all is put back.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from lsp_server.agent.desk import Change, File
from lsp_server.agent.edits import rename as edits
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.agent.edits.uses import Uses, rename_uses
from lsp_server.agent.tools.base import ToolFailed
from lsp_server.agent.tools.edit import refusal, syntax_of
from lsp_server.agent.tools.search import search
from lsp_server.agent.workflows.carriers import MAX_FILES, Carriers, carriers
from lsp_server.agent.workflows.names import Source, named, paths
from lsp_server.agent.workflows.router import Route
from lsp_server.agent.workflows.verify import as_before, baseline
from lsp_server.agent.workflows.work import Failed, Work

MAX_LEFT = 8
_NAME = re.compile(r"[^\W\d]\w*")


async def rename(work: Work, text: str, route: Route) -> None:
    """See the module's docstring."""
    old, new = route.subject, route.value.rpartition(".")[2]
    if not _NAME.fullmatch(new):
        raise Failed(f"`{new}` can't be a name.")
    found = await named(work.desk, old, text)
    if not found:
        changes = [await _in_file(work, path, old, new) for path in paths(text)]
        if not changes:
            raise Failed(f"Nothing called `{old}` is defined in the project.")
        await work.land(f"Rename {old} to {new}", changes)
        work.say(f"Renamed `{old}` to `{new}` in {', '.join(each.path for each in changes)}.")
        return
    source = _meant(found, text, old)
    taken = [each for each in await named(work.desk, new) if each.file.path == source.file.path]
    if any(each.symbol.container == source.symbol.container for each in taken):
        raise Failed(f"`{new}` is defined already, at {taken[0].place}.")
    tests, failing = await baseline(work, source)
    changes = await asyncio.to_thread(_changed, work, source, await _users(work, source), new)
    check = as_before(work, tests, failing)
    verdict = await work.tried(f"Rename {source.name} to {new}", changes, check)
    if not verdict:
        raise Failed(f"Tests fail with the new name, so nothing is changed:\n{verdict.error}")
    work.say(_told(source, new, changes, tests))
    last = source.symbol.name
    left = await search(work.desk.workspace, rf"\b{last}\b")
    if left:
        shown = "\n".join(f"- {m.path}:{m.line}" for m in left[:MAX_LEFT])
        more = f"\nand {len(left) - MAX_LEFT} more" if len(left) > MAX_LEFT else ""
        work.say(
            f"The word `{last}` still stands at these places, which I left alone:\n{shown}{more}"
        )


def _told(source: Source, new: str, changes: Sequence[Change], tests: Sequence[str]) -> str:
    files = ", ".join(each.path for each in changes)
    tested = f" Tests that end as before: {', '.join(tests)}." if tests else " No test was run."
    return f"Renamed `{source.name}` ({source.place}) to `{new}` in {files}.{tested}"


def _meant(found: Sequence[Source], text: str, old: str) -> Source:
    """The one that the request can only mean. Raises Failed if there are several."""
    here = [each for each in found if any(each.file.path.endswith(p) for p in paths(text))]
    exact = [each for each in here or found if each.name == old or f".{old}" in f".{each.name}"]
    at_top = [each for each in exact if not each.symbol.container]
    for some in (found, here, at_top, exact):
        if len(some) == 1:
            return some[0]
    shown = ", ".join(f"`{each.name}` at {each.place}" for each in found)
    raise Failed(f"Several things are called `{old}`: {shown}. Say which, or in which file.")


async def _in_file(work: Work, path: str, old: str, new: str) -> Change:
    """What is no definition of a module: a parameter, a variable."""
    file = await work.desk.read(path)
    applied = await asyncio.to_thread(edits.rename, syntax_of(file), old, new)
    if isinstance(applied, Refused):
        raise Failed(refusal(applied))
    return Change(file, applied.text)


async def _users(work: Work, source: Source) -> list[File]:
    """The other files that name it."""
    library = work.desk.library
    found = await asyncio.to_thread(library.referencing, source.symbol.name, MAX_FILES)
    words = await search(work.desk.workspace, rf"\b{source.symbol.name}\b", "*.py")
    every = dict.fromkeys([path for path, _ in found] + [match.path for match in words])
    return [await work.desk.read(path) for path in every if path != source.file.path]


def _changed(work: Work, source: Source, users: Sequence[File], new: str) -> list[Change]:
    """All files with the new name in them. Raises Failed if it can't be told what is meant."""
    found = carriers(work.desk.library, source)
    old = source.symbol.name
    is_member = bool(source.symbol.container)
    alone = is_member and _is_alone(work, old)
    applied = edits.rename(source.syntax, source.name, new)
    if isinstance(applied, Refused) and alone:
        applied = rename_uses(source.syntax, old, new, Uses(any_member=True))
    if isinstance(applied, Refused):
        raise Failed(refusal(applied))
    changes = [Change(source.file, applied.text)]
    for file in users:
        uses = Uses(any_member=True) if alone else None if is_member else found.uses(file.path)
        if uses is not None and (change := _in_user(file, found, old, new, uses)):
            changes.append(change)
    return changes


def _in_user(file: File, found: Carriers, old: str, new: str, uses: Uses) -> Change | None:
    try:
        syntax = syntax_of(file)
    except ToolFailed:
        return None
    if syntax.grammar != found.language:
        return None
    applied = rename_uses(syntax, old, new, uses)
    if isinstance(applied, Applied):
        return Change(file, applied.text)
    if uses.by_name:
        raise Failed(f"In {file.path}: {applied.reason}")
    return None


def _is_alone(work: Work, name: str) -> bool:
    """Whether only one type of the project has such a member, and none of the language's."""
    defined = work.desk.library.definitions(name)
    return len({each.symbol.container for each in defined}) == 1 and name not in _OF_BUILTINS


_OF_BUILTINS = frozenset(
    name
    for kind in (str, bytes, list, dict, set, tuple, int, float, type, Exception)
    for name in dir(kind)
)
"""Members that any value may have."""
