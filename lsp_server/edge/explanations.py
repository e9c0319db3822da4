"""An explanation while it is written, for a client that shows it in its chat.

    with Explanation(notify, "Explain `mean`") as shown:
        shown.more(text)

Each `fimble/explanation` has all of the text so far, so a client may miss some. The last one has
`done`, however it ended.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any

from lsp_server.agent.display import visible
from lsp_server.edge import messages
from lsp_server.errors import FimbleError

PAUSE_SECONDS = 0.1
"""It is told at most ten times a second."""
_BUG = "Fimble failed on this; that is a bug, and its log says where."


class Explanation:
    """See the module's docstring."""

    def __init__(
        self,
        notify: Callable[[str, Any], None],
        title: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notify = notify
        self._id = str(uuid.uuid4())
        self._title = visible(title, keep="")
        self._clock = clock
        self._text = ""
        self._told = float("-inf")

    def __enter__(self) -> Explanation:
        self._tell()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        problem = {}
        if isinstance(error, Exception):
            problem["problem"] = str(error) if isinstance(error, FimbleError) else _BUG
        self._tell(done=True, **problem)

    def more(self, text: str) -> None:
        """All that has been said until now."""
        self._text = text
        if self._clock() - self._told >= PAUSE_SECONDS:
            self._tell()

    def _tell(self, *, done: bool = False, **problem: str) -> None:
        self._told = self._clock()
        shown = visible(self._text.strip())
        told = {"id": self._id, "title": self._title, "text": shown, "done": done}
        self._notify(messages.EXPLANATION, told | problem)
