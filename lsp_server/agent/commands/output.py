"""What of a long output is kept: its beginning and its end."""

from __future__ import annotations

from collections import deque


class HeadAndTail:
    """Takes an output piece by piece and holds at most a little more than `limit` characters."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._head = ""
        self._tail: deque[str] = deque()
        self._in_tail = 0
        self._dropped = 0

    def add(self, text: str) -> None:
        """Take the next piece."""
        room = self._half - len(self._head)
        self._head += text[:room]
        if rest := text[room:]:
            self._tail.append(rest)
            self._in_tail += len(rest)
        while self._tail and self._in_tail - len(self._tail[0]) >= self._half:
            self._in_tail -= len(self._tail[0])
            self._dropped += len(self._tail.popleft())

    @property
    def is_truncated(self) -> bool:
        """Whether something was left out."""
        return self._dropped > 0 or self._in_tail > self._half

    def text(self) -> str:
        """What is kept, with a line in the place of what is not."""
        tail = "".join(self._tail)
        if not self.is_truncated:
            return self._head + tail
        kept = tail[len(tail) - self._half :]
        missing = self._dropped + len(tail) - len(kept)
        return f"{self._head}\n[… {missing:,} characters left out …]\n{kept}"
