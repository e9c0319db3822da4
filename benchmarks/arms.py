"""What other ways there are to show a model what other files say: arms beside Fimble's own way.

Both ask Fimble's completion. `Commented` changes where the pieces stand in a prompt, `Oracle` which
pieces there are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from benchmarks.cases import Case
from lsp_server.completion.pieces import Piece
from lsp_server.completion.project import Project
from lsp_server.completion.visited import shown
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point
from lsp_server.engines.base import Engine, Event, InfillRequest
from lsp_server.workspace.resolve import Resolved, Resolver

WEIGHT = 1.0
"""Of a piece that is alone."""
MARKERS_TOKENS = 16
"""Room for what is in a prompt besides its texts."""


class Commented:
    """An engine that is shown pieces of other files as comments at the beginning of the prefix.

    So do editors that ask any model. Each piece is below a line with its path, and the document's
    own path comes last. A prompt that would be too long for it loses lines of the prefix, since an
    engine would cut off the comments. See `Engine`, which is asked for all else.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.info, self.counter, self.close = engine.info, engine.counter, engine.close

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """The engine's own answer."""
        if request.context:
            most = (await self.info()).context_tokens - request.max_tokens - MARKERS_TOKENS
            request = self._commented(request, most)
        async with aclosing(self._engine.infill(request)) as events:
            async for event in events:
                yield event

    def _commented(self, request: InfillRequest, most: int) -> InfillRequest:
        """The request without its context, and with comments; at most about so many tokens."""
        mark = "#" if request.path.endswith((".py", ".pyi")) else "//"
        told = [line for each in request.context for line in (each.path, *each.text.split("\n"))]
        comments = "".join(f"{mark} {line}\n" for line in (*told, request.path))
        count = self.counter()
        fixed = sum(map(count, (comments, request.middle, request.suffix)))
        lines = request.prefix.splitlines(keepends=True)
        while len(lines) > 1 and fixed + sum(map(count, lines)) > most:
            del lines[0]
        return replace(request, prefix=comments + "".join(lines), context=())


@dataclass(frozen=True, slots=True)
class Oracle(Project):
    """A project of which a model is shown one definition: the one that is used at the cursor.

    Whatever chose better among the answers of the index could not do better than that.
    """

    only: Piece | None = None

    @classmethod
    def of_case(cls, project: Project, case: Case) -> Oracle:
        """Shows the case's gold definition, if it has one, as the project would show it."""
        return cls(project.root, project.library, only=_gold(project, case))

    async def needed(
        self,
        snapshot: Snapshot,  # noqa: ARG002
        cursor: Point,  # noqa: ARG002
        visible: range = range(0),  # noqa: ARG002
    ) -> list[Piece]:
        """See Project."""
        return [] if self.only is None else [self.only]


def _gold(project: Project, case: Case) -> Piece | None:
    gold = case.gold
    if gold is None:
        return None
    resolver = Resolver(project.library, case.grammar)
    named = [
        each
        for each in resolver.symbols(gold.path)
        if each.name == gold.name and each.first_row <= gold.row <= each.last_row
    ]
    if not named:
        return None
    text = shown(Resolved(gold.path, named[-1]), resolver, case.grammar)  # the innermost
    return Piece(gold.path, gold.name, text, WEIGHT)
