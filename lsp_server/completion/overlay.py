"""A library in which some files say something else than what was read of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_server.completion.resolve import Library
from lsp_server.core.imports import Import
from lsp_server.core.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Contents:
    """What a library tells of a file."""

    symbols: list[Symbol]
    imports: list[Import]


class Overlay:
    """A library over another. `read` gives what is known better of a file, by its path."""

    def __init__(self, library: Library, read: Callable[[str], Contents | None]) -> None:
        self._library = library
        self._read = read

    def in_module(self, path: str) -> list[Symbol]:
        """See Library."""
        known = self._read(path)
        return self._library.in_module(path) if known is None else known.symbols

    def imports(self, path: str) -> list[Import]:
        """See Library."""
        known = self._read(path)
        return self._library.imports(path) if known is None else known.imports

    def find_module(self, module: str, from_path: str, language: str) -> list[str]:
        """See Library."""
        return self._library.find_module(module, from_path, language)
