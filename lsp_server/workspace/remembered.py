"""Answers of a database that are remembered until it changes.

Whoever types in one file asks for the same few modules with every suggestion. Reading them again
took a third of what context and verification cost.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

MAX_ANSWERS = 512
"""The symbols of a file are the largest; those of so many take a few megabytes."""


class Remembered:
    """The latest answers. Not safe to share by threads; `Index` asks under its lock."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._state: tuple[int, int, int] | None = None

    def get(self, connection: sqlite3.Connection, key: Hashable, work: Callable[[], T]) -> T:
        """What `work` answered to this key since anything last changed, or does now."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        # The version tells of what other connections write; a new connection counts anew.
        state = id(connection), version, connection.total_changes
        if state != self._state:
            self._answers.clear()
            self._state = state
        if key in self._answers:
            self._answers.move_to_end(key)
        else:
            self._answers[key] = work()
            if len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)
        found: T = self._answers[key]
        return found

    def clear(self) -> None:
        """Forget all: the connection is closed."""
        self._answers.clear()
        self._state = None
