"""Fixes that need no model: each is tried before it is said to be the one."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.actions import checks, troubles
from lsp_server.actions.action import Action, Edit, Repair, Request
from lsp_server.actions.fixes import WAYS
from lsp_server.actions.troubles import Trouble
from lsp_server.actions.verify import holds
from lsp_server.workspace.expressions import Outline

MAX_TROUBLES = 10
"""Of one request; who has more of them at one place won't look at each."""


def repairs(request: Request, outline: Outline | None) -> Iterator[Action]:
    """What mends the troubles at a place, those told by diagnostics first.

    The first fix of a trouble is left out if the text would not be sound with it; the others are
    only tried when they are chosen. Where one way is sure, no other is asked.
    """
    seen: set[tuple[Edit, ...]] = set()
    for trouble in _troubles(request, outline)[:MAX_TROUBLES]:
        is_open, is_sure = True, False
        for way in WAYS[trouble.sort]:
            for fix in way(trouble, request) if not is_sure else ():
                repair = Repair(fix.edits, mends_syntax=trouble.sort == "syntax")
                if fix.edits in seen or (is_open and not holds(request.syntax, repair)):
                    continue
                seen.add(fix.edits)
                is_preferred = is_open and fix.is_sure
                yield Action("quickfix", fix.title, repair, trouble.diagnostic, is_preferred)
                is_open, is_sure = False, is_sure or is_preferred


def _troubles(request: Request, outline: Outline | None) -> list[Trouble]:
    """What diagnostics tell of that can be mended by rule; else what is found here."""
    told = [
        trouble
        for number, diagnostic in enumerate(request.diagnostics)
        if (trouble := troubles.told(number, diagnostic, request.syntax)) is not None
        and (trouble.sort != "syntax" or request.syntax.tree.root_node.has_error)
    ]
    if not told:
        return checks.found(request, outline)
    # What else is said of lines that don't parse follows from that.
    told = [trouble for trouble in told if trouble.sort == "syntax"] or told
    # What is imported in vain is taken out, and not mended.
    return sorted(told, key=lambda trouble: trouble.sort != "unused")
