"""Which actions belong to a place.

A provider looks at a request and gives what it has to offer there, quickly and without a model: the
syntax tree tells what makes sense. What an action does when it is chosen is in `resolve`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lsp_server.actions.action import Action, Mend, Request, Test
from lsp_server.actions.annotate import untyped
from lsp_server.actions.document import documents
from lsp_server.actions.explain import explanations
from lsp_server.actions.finish import unfinished
from lsp_server.actions.mend import mends
from lsp_server.actions.own import owned
from lsp_server.actions.repairs import repairs
from lsp_server.actions.simplify import simplifications
from lsp_server.actions.tested import tests
from lsp_server.settings import ActionSort
from lsp_server.workspace.expressions import Outline

Provider = Callable[[Request, Outline | None], Iterable[Action]]

PROVIDERS: dict[ActionSort, Provider] = {
    "repair": repairs,
    "fix": mends,
    "test": tests,
    "finish": unfinished,
    "document": documents,
    "types": untyped,
    "simplify": simplifications,
    "explain": explanations,
    "own": owned,
}
"""In the order in which their actions are shown."""


def offered(
    request: Request, only: Sequence[str] = (), outline: Outline | None = None
) -> list[Action]:
    """What may be done at a place; nothing in a text that can't be parsed.

    `only`: kinds that are asked for, each with all below it; all if there are none. `outline`:
    that of an earlier version of the document, if it is at hand.
    """
    if request.snapshot.syntax is None or not request.settings.enabled:
        return []
    found = [
        action
        for sort, provide in PROVIDERS.items()
        if sort not in request.settings.disabled
        for action in provide(request, outline)
    ]
    # No model is asked blindly where a rule is sure, or tests can tell.
    mended = {
        action.diagnostic
        for action in found
        if action.is_preferred or isinstance(action.task, Test)
    }
    return [
        action
        for action in found
        if not (isinstance(action.task, Mend) and action.diagnostic in mended)
        and (not only or any(_is_in(action.kind, kind) for kind in only))
    ]


def _is_in(kind: str, wanted: str) -> bool:
    return not wanted or kind == wanted or kind.startswith(f"{wanted}.")
