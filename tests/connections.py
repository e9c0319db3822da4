"""Whom this process connects to."""

from __future__ import annotations

import sys
from typing import Any


class Connections:
    """Collects the hosts and ports of all connections that are made, or tried."""

    _now: set[tuple[str, int]] | None = None
    _is_hooked = False

    def __enter__(self) -> set[tuple[str, int]]:
        if not Connections._is_hooked:
            sys.addaudithook(self._hear)
            Connections._is_hooked = True
        Connections._now = set()
        return Connections._now

    def __exit__(self, *_: object) -> None:
        Connections._now = None

    @staticmethod
    def _hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and Connections._now is not None:
            host, port = arguments[1][:2]
            Connections._now.add((host, port))
