"""What a model is told of a session so far, within its window.

The beginning never changes: the system's message, then what was said in its order. So an engine
that has evaluated it once goes on behind it. When the window is full, `fitted` leaves out what
matters least, by rules and without asking a model:

1. results that a later one replaces (a file that was read again, or changed since)
2. of other results of tools all but their first lines, the oldest first
3. whole turns before the latest, the oldest first; the very first message stays

The task of the turn, its last results and the system's message are never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lsp_server.engines.chat import Message

Count = Callable[[str], int]

MESSAGE_TOKENS = 8
"""Of a message's markers, about; the engine itself checks the exact size."""
KEPT_RESULTS = 2
"""The last results are shown whole as long as that can be done."""
FOLDED_LINES = 3


@dataclass(frozen=True, slots=True)
class Item:
    """A message, and what it is worth later."""

    message: Message
    turn: int
    subject: str = ""
    """Of a tool's result: what it is about (`read a.py`); the same again replaces it."""
    is_task: bool = False
    """What the user said."""

    def said(self, message: Message) -> Item:
        """The same in other words."""
        return replace(self, message=message)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Messages that fit, and how many tokens they take, about."""

    messages: tuple[Message, ...]
    tokens: int
    fits: bool


def fitted(system: Message, items: Sequence[Item], room: int, count: Count) -> Fitted:
    """Choose what fits into `room` tokens; `fits` is False if even the least does not."""
    latest = max((item.turn for item in items), default=0)
    size = _size(system, count)
    kept = list(items)
    sizes = [_size(item.message, count) for item in kept]

    def is_full() -> bool:
        return size + sum(sizes) > room

    def put(number: int, text: str) -> None:
        message = replace(kept[number].message, content=text)
        kept[number] = kept[number].said(message)
        sizes[number] = _size(message, count)

    results = [number for number, item in enumerate(kept) if item.subject]
    if is_full():
        for number in _replaced(kept):
            put(number, f"[{kept[number].subject}: out of date, left out]")
    for keep in (KEPT_RESULTS, 1, 0):
        for number in results[: len(results) - keep]:
            if not is_full():
                break
            put(number, _folded(kept[number].message.content))
    begun = next((number for number, item in enumerate(kept) if item.is_task), 0)
    for turn in sorted({item.turn for item in kept} - {latest}):
        if not is_full():
            break
        gone = [n for n, item in enumerate(kept) if item.turn == turn and n != begun]
        for number in reversed(gone):
            del kept[number], sizes[number]
    messages = joined([system, *(item.message for item in kept)])
    return Fitted(tuple(messages), size + sum(sizes), not is_full())


def joined(messages: Sequence[Message]) -> list[Message]:
    """The messages with neighbours of one role made one: many templates demand that they alternate.

    A turn that was cancelled leaves two of the user's, and so do two results that are told as his.
    """
    found: list[Message] = []
    for message in messages:
        last = found[-1] if found else None
        if last and last.role == message.role in ("user", "assistant") and not last.calls:
            content = f"{last.content}\n\n{message.content}"
            found[-1] = replace(message, content=content)
        else:
            found.append(message)
    return found


def _size(message: Message, count: Count) -> int:
    calls = sum(count(call.name + call.arguments) for call in message.calls)
    return count(message.content) + calls + MESSAGE_TOKENS


def _replaced(items: Sequence[Item]) -> list[int]:
    """The results that a later one of the same subject makes worthless."""
    last = {item.subject: number for number, item in enumerate(items) if item.subject}
    return [n for n, item in enumerate(items) if item.subject and last[item.subject] != n]


def _folded(text: str) -> str:
    lines = text.split("\n")
    if len(lines) <= FOLDED_LINES + 1:
        return text
    left_out = len(lines) - FOLDED_LINES
    return "\n".join([*lines[:FOLDED_LINES], f"[{left_out} more lines, left out; ask again]"])
