"""What a user may mean by what he types behind an `@`: files, folders, definitions, and words that
stand for something.

    offers = Offers(workspace, library)
    await offers.of("pars")

Each offer is a mention as `agent.mentions` reads it. The files are listed in a thread, again when
somebody asks after a while; he gets what was there before, and the next one what is there now.
Whether a file may be shown is found out anew each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_server.agent.display import visible
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.read import hidden, left_out
from lsp_server.agent.lookup import split
from lsp_server.agent.mentions import SPECIAL, mention
from lsp_server.agent.tools.base import ToolFailed
from lsp_server.agent.tools.search import files
from lsp_server.core.chooser import Fit, Paths
from lsp_server.errors import UsageError
from lsp_server.workspace.ignore import Ignored
from lsp_server.workspace.index import Definition, Index

MAX_OFFERS = 20
MAX_SYMBOLS = 6
MAX_TYPED = 200
"""Characters; who types more means nothing that has a name."""
FRESH_SECONDS = 10.0
"""So old a list of files may be before it is made anew."""
_LOOKED_AT = 100
"""Definitions, many of which may have the same name."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One of them."""

    mention: str
    """With its `@`."""
    kind: Literal["file", "folder", "symbol", "special"]
    detail: str
    """Where it is, or what it stands for."""


class Offers:
    """Of one folder; to be used on one event loop."""

    def __init__(
        self, workspace: Workspace, library: Index, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._workspace = workspace
        self._library = library
        self._clock = clock
        self._paths: Paths | None = None
        self._listed = float("-inf")
        self._listing: asyncio.Task[None] | None = None

    async def of(self, typed: str, first: Sequence[str] = ()) -> list[Offer]:
        """What it may mean, the likeliest first; of alike files those that `first` names.

        Raises UsageError if the files can't be listed.
        """
        is_old = self._paths is None or self._clock() - self._listed > FRESH_SECONDS
        if is_old and self._listing is None:
            self._listing = asyncio.create_task(self._list())
            self._listing.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self._paths is None and self._listing is not None:
            await asyncio.shield(self._listing)
        typed = typed.removeprefix('"').encode("utf-8", "replace").decode()
        if self._paths is None or len(typed) > MAX_TYPED:
            return []
        return await asyncio.to_thread(self._of, self._paths, typed, first)

    def close(self) -> None:
        """List no more files."""
        if self._listing is not None:
            self._listing.cancel()

    async def _list(self) -> None:
        try:
            found = await files(self._workspace)
            self._paths = await asyncio.to_thread(Paths.of, found)
        except ToolFailed as problem:
            raise UsageError(str(problem)) from problem
        finally:
            self._listed, self._listing = self._clock(), None

    def _of(self, paths: Paths, typed: str, first: Sequence[str]) -> list[Offer]:
        ignored = left_out(self._workspace)
        special = [
            (0, Offer(f"@{word}", "special", said))
            for word, said in SPECIAL.items()
            if word.startswith(typed.lower())
        ]
        symbols = list(self._symbols(typed, ignored))
        room = MAX_OFFERS - len(special) - len(symbols)
        named = self._named(paths.best(typed, room, first), ignored)
        found = sorted([*special, *named, *symbols], key=lambda each: each[0])  # it is stable
        return [offer for _, offer in found]

    def _named(
        self, found: Sequence[tuple[Fit, str]], ignored: Ignored
    ) -> Iterator[tuple[Fit, Offer]]:
        for level, path in found:
            is_folder = path.endswith("/")
            if path in ignored or hidden(self._workspace, path, ignored) or path in SPECIAL:
                continue
            with contextlib.suppress(ValueError):  # nobody can point at it
                where = path.rstrip("/").rpartition("/")[0]
                yield level, Offer(mention(path), "folder" if is_folder else "file", where)

    def _symbols(self, typed: str, ignored: Ignored) -> Iterator[tuple[Fit, Offer]]:
        """Definitions whose name begins so, each name once."""
        owner, last = split(typed)
        if owner:
            found = self._library.members(owner, _LOOKED_AT)
        elif last:
            ways = dict.fromkeys((last, last[:1].upper() + last[1:], last.upper(), last.lower()))
            found = [each for way in ways for each in self._library.beginning(way, _LOOKED_AT)]
        else:
            return
        fitting = [each for each in found if each.symbol.name.lower().startswith(last.lower())]
        fitting.sort(key=lambda each: (len(each.symbol.name), each.symbol.container))
        offered = set[str]()
        for each in fitting:
            name = _name(each)
            if name in offered or not self._is_told(name, each, ignored):
                continue
            with contextlib.suppress(ValueError):
                detail = f"{each.symbol.kind} in {each.path}:{each.symbol.first_row + 1}"
                exact = each.symbol.name.lower() == last.lower()
                yield 0 if exact else 1, Offer(mention(name), "symbol", detail)
                offered.add(name)
            if len(offered) == MAX_SYMBOLS:
                return

    def _is_told(self, name: str, found: Definition, ignored: Ignored) -> bool:
        """Whether a name means this definition, and where it is may be shown."""
        if name in SPECIAL or visible(name, keep="") != name:
            return False
        if os.path.lexists(self._workspace.root / name):  # that is what is meant then
            return False
        return hidden(self._workspace, found.path, ignored) is None


def _name(found: Definition) -> str:
    owner = found.symbol.container.rpartition(".")[2]
    return f"{owner}.{found.symbol.name}" if owner else found.symbol.name
