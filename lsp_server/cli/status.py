"""What the engine is doing, shown while the user waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from lsp_server.engines.base import StatusListener


@contextmanager
def shown_status() -> Iterator[StatusListener]:
    """A listener whose latest message stands on standard error, if that is a terminal.

    The line is gone when the context ends.
    """
    with Console(stderr=True).status("Starting") as line:
        yield lambda status: line.update(escape(status.message))
