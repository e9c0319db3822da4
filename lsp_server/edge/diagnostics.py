"""What the client's other servers find wrong with its documents, as far as it passes it on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from lsp_server.core.text import Text

SETTLING_SECONDS = 2.0
"""How long news of a document that was just edited is waited for."""
SHOWN_SEVERITY = 2
"""Errors and warnings."""


class Diagnostics:
    """The problems of each document, one line each. Use it from the event loop."""

    def __init__(self) -> None:
        self._problems: dict[str, list[str]] = {}
        self._expected: dict[str, asyncio.Event] = {}

    def publish(self, uri: str, problems: list[str]) -> None:
        """These are all problems of a document now."""
        self._problems[uri] = problems
        if (event := self._expected.pop(uri, None)) is not None:
            event.set()

    def expect(self, uri: str) -> None:
        """The document was edited, so what is known of it is out of date."""
        self._expected.setdefault(uri, asyncio.Event())

    async def of(self, uri: str) -> list[str] | None:
        """The problems of a document; None where nothing was ever told of it."""
        if uri not in self._problems:
            return None
        if (event := self._expected.get(uri)) is not None:
            try:
                await asyncio.wait_for(event.wait(), SETTLING_SECONDS)
            except TimeoutError:  # its problems have not changed
                self._expected.pop(uri, None)
        return self._problems[uri]

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._problems.pop(uri, None)


def described(diagnostics: Iterable[Any], path: str, text: Text) -> list[str]:
    """Diagnostics as plain JSON, as lines: the code stands in them and no number, so that they
    stay the same when lines above are added.
    """
    return [
        f"{path}: {each['message']}: {_line(each, text)}"
        for each in diagnostics
        if isinstance(each, dict)
        and isinstance(each.get("message"), str)
        and each.get("severity", 1) <= SHOWN_SEVERITY
    ]


def _line(diagnostic: dict[str, Any], text: Text) -> str:
    try:
        return text.lines[int(diagnostic["range"]["start"]["line"])].strip()
    except (KeyError, TypeError, ValueError, IndexError):
        return "?"
