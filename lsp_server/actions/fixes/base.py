"""What all ways of mending share."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.actions.action import Edit


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to mend a trouble."""

    title: str
    edits: tuple[Edit, ...]
    """Sorted; they don't overlap."""
    is_sure: bool = True
    """Nothing else is nearly as likely to be meant."""
