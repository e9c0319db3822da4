"""A server that works in a folder, and an editor that takes its actions there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from benchmarks.actions.case import Told
from benchmarks.agent.ways import path_with_python
from benchmarks.client import Editor, apart, editor
from benchmarks.indexing import is_complete
from lsp_server.core.text import Encoding, Text
from lsp_server.core.uris import path_of

SECONDS = 300
"""For one action."""
INDEX_SECONDS = 60
Choose = Callable[[Sequence[types.CodeAction]], types.CodeAction | None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an action."""

    title: str = ""
    """Empty if there was none to take."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Of the files that it changes or makes, by path in the folder; empty if there are none."""
    seconds: float = 0.0
    """From asking what there is to having the edit."""
    message: str = ""
    """What the user was told at last."""


@dataclass(frozen=True, slots=True)
class Session:
    """One server."""

    folder: Path
    editor: Editor

    async def take(
        self,
        path: str,
        language: str,
        text: str,
        told: Sequence[Told],
        at: Told,
        choose: Choose,
        source: str = "",
    ) -> Taken:
        """Open a file, ask at a place, take what is chosen, and close the file.

        `source`: the tool that tells, as it names itself. Nothing is written to the disk.
        """
        uri = (self.folder / path).as_uri()
        self.editor.open(uri, language, text)
        began = time.perf_counter()
        seen = len(self.editor.shown)
        title = ""
        try:
            async with asyncio.timeout(SECONDS):
                start = types.Position(at.row, at.column)
                offered = await self.editor.actions(
                    uri, types.Range(start, start), [_diagnostic(each, source) for each in told]
                )
                action = choose(offered)
                if action is None:
                    return Taken(seconds=time.perf_counter() - began)
                title = action.title
                edit = action.edit or (await self.editor.resolve(action)).edit
        except (JsonRpcException, TimeoutError) as error:
            message = str(error) or "It took too long."
            return Taken(title, seconds=time.perf_counter() - began, message=message)
        finally:
            self.editor.close(uri)
        seconds = time.perf_counter() - began
        message = "".join(self.editor.shown[seen:][-1:])
        texts = {} if edit is None else applied(edit, self.folder, {path: text})
        return Taken(title, texts, seconds, message)


def _diagnostic(told: Told, source: str) -> types.Diagnostic:
    place = types.Range(
        types.Position(told.row, told.column), types.Position(told.last_row, told.end)
    )
    return types.Diagnostic(
        place, told.message, severity=types.DiagnosticSeverity.Error, source=source
    )


@asynccontextmanager
async def session(
    arguments: Sequence[str], settings: dict[str, Any] | None, folder: Path, *, trusts: bool = False
) -> AsyncGenerator[Session, None]:
    """A server that has read all of a folder and is ready; `trusts`: the user trusts the folder."""
    with apart() as environment:
        environment |= {"PATH": path_with_python()}
        async with editor(arguments, settings, environment, folder) as client:
            await client.ready()
            async with asyncio.timeout(INDEX_SECONDS):
                while not is_complete(Path(environment["XDG_CACHE_HOME"])):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)  # the server itself hears of it a little later
            if trusts:
                await client.trust()
            yield Session(folder, client)


def applied(edit: types.WorkspaceEdit, folder: Path, opened: Mapping[str, str]) -> dict[str, str]:
    """The texts of the files that an edit changes or makes, with it. Nothing is written.

    `opened`: the texts of files that are open, by path. Raises ValueError for what editors
    couldn't do either.
    """
    root = folder.resolve()
    made: dict[str, str] = {}
    changes = list(edit.document_changes or ())
    for uri, edits in (edit.changes or {}).items():
        document = types.OptionalVersionedTextDocumentIdentifier(uri)
        changes.append(types.TextDocumentEdit(document, list(edits)))
    for change in changes:
        if isinstance(change, types.CreateFile):
            made[_path(change.uri, root)] = ""
        elif isinstance(change, types.TextDocumentEdit):
            path = _path(change.text_document.uri, root)
            before = made.get(path, opened.get(path))
            if before is None:
                before = (root / path).read_bytes().decode("utf-8")
            made[path] = _edited(before, change.edits)
        else:
            raise ValueError(f"an action asks for a {change.kind}")
    return made


def _path(uri: str, root: Path) -> str:
    path = path_of(uri)
    if path is None:
        raise ValueError("an action edits what is no file")
    return path.resolve().relative_to(root).as_posix()


def _edited(text: str, edits: Sequence[Any]) -> str:
    """With edits whose places are all those of the text before."""
    result = Text.of(text)
    order = sorted(
        enumerate(edits),
        key=lambda each: (each[1].range.start.line, each[1].range.start.character, each[0]),
    )
    for _, each in reversed(order):
        start, end = (
            result.point(place.line, place.character, Encoding.UTF32)
            for place in (each.range.start, each.range.end)
        )
        result = result.replace(start, end, each.new_text)
    return str(result)
