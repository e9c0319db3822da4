"""Explain an error that was printed: a traceback, a panic, what a compiler says.

The model sees what was printed and the lines around the innermost places that it names, of those
that are the user's own code. Nothing is shown of other files, and of those that no model may read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lsp_server.actions.asking import Model, titled
from lsp_server.actions.explain import MAX_BYTES, said
from lsp_server.core.prompts import Prompts
from lsp_server.core.syntax import grammar_for
from lsp_server.core.text import Text, body, encode
from lsp_server.core.traces import Frame, frames, plain
from lsp_server.errors import UsageError
from lsp_server.workspace.ignore import MAX_FILE_BYTES, is_ignored, is_secret_name
from lsp_server.workspace.private import private

MAX_PLACES = 3
AROUND = 12
"""Lines above and below a place."""
MAX_ERROR = 4_000
"""Characters of the error; of a longer one the middle is left out."""
MAX_LINE = 200
"""Characters of the line that a place is in, where it is named."""


@dataclass(frozen=True, slots=True)
class Error:
    """What was printed, and where its places may be."""

    text: str = field(repr=False)
    root: Path | None
    """Of the workspace, resolved; without one no file is read."""
    folders: tuple[Path, ...] = ()
    """Those in which it may have been printed: relative paths are looked for there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line that an error names, with those around it."""

    path: str
    """From the workspace's root."""
    line: int
    """From 1."""
    first: int
    last: int
    """The lines that are shown."""
    source: str = field(repr=False)
    code: str = field(repr=False)
    """The line itself."""

    @property
    def language(self) -> str:
        """The grammar, as the model is told of it."""
        return grammar_for("", self.path) or ""


async def explained(error: Error, model: Model) -> AsyncGenerator[str, None]:
    """What the model says, as it comes, in Markdown.

    Raises UsageError if there is nothing to explain, or something that must not be sent away, and
    FimbleError if the model fails.
    """
    asked = await model.messages(partial(prompt, model.prompts, error))
    await model.ready_for(None, error.text, "This error")
    async with aclosing(said(asked, model)) as pieces:
        async for piece in pieces:
            yield piece


def title(error: Error) -> str:
    """What is explained, as the user is told: the last line that says something."""
    said = plain(error.text).strip().rpartition("\n")[2]
    return f"Explain: {titled(said)}"


def prompt(prompts: Prompts, error: Error) -> str:
    """What the model is asked. Raises UsageError if there is nothing to explain."""
    text = plain(error.text).strip()
    if not text:
        raise UsageError("There is no error to explain; give what was printed.")
    if "\0" in text:
        raise UsageError("This is no text, so there is nothing to explain.")
    return prompts.render("error", error=_short(text), places=places(error))


def places(error: Error) -> list[Place]:
    """The innermost places of an error that may be shown, each stretch of code once."""
    found: list[Place] = []
    left = MAX_BYTES
    for frame in frames(error.text) if error.root is not None else ():
        if len(found) == MAX_PLACES:
            break
        place = _place(error, frame)
        if place is None or any(_is_shown(place, other) for other in found):
            continue
        size = len(encode(place.source))
        if size <= left:
            found.append(place)
            left -= size
    return found


def _is_shown(place: Place, other: Place) -> bool:
    return place.path == other.path and other.first <= place.line <= other.last


def _place(error: Error, frame: Frame) -> Place | None:
    """A frame with its code; None if that is not there, or not to be shown."""
    assert error.root is not None
    read = _read(error.root, error.folders, frame.path)
    if read is None:
        return None
    path, text = read
    lines = [body(line) for line in Text.of(text).lines]
    if not 1 <= frame.line <= len(lines):
        return None
    first, last = max(1, frame.line - AROUND), min(len(lines), frame.line + AROUND)
    source = "\n".join(lines[first - 1 : last]).strip("\n")
    code = lines[frame.line - 1].strip()[:MAX_LINE]
    return Place(path, frame.line, first, last, source, code)


def _read(root: Path, folders: Sequence[Path], told: str) -> tuple[str, str] | None:
    """A file's path in the workspace and its text; None if it must not or can't be shown."""
    for folder in (*folders, root):
        try:
            path = (folder / told).resolve()
            if not path.is_relative_to(root) or not path.is_file():
                continue
            relative = path.relative_to(root).as_posix()
            if is_ignored(root, relative) or any(map(is_secret_name, relative.split("/"))):
                return None
            if path.stat().st_size > MAX_FILE_BYTES:
                return None
            text = path.read_bytes().decode("utf-8-sig")
        except (OSError, ValueError, RuntimeError):  # not UTF-8, no path, links in a circle
            return None
        return None if "\0" in text or private(root, path, text) else (relative, text)
    return None


def _short(text: str) -> str:
    if len(text) <= MAX_ERROR:
        return text
    half = MAX_ERROR // 2
    return f"{text[:half].rstrip()}\n[...]\n{text[-half:].lstrip()}"
