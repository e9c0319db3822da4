"""What a feature sees of a document."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of one document; later edits don't reach it."""

    uri: str
    version: int
    language: str
    """LSP language id, `python`; may be empty."""
    text: Text
    syntax: Syntax | None = None
    """The parsed text; None for plain text and for files too large to parse."""
