"""Stored entries, and the messages that they stand for.

user       {"text"}                      what the user said
mentions   {"text"}                      what he points at; it follows his words
assistant  {"text", "calls", "prose"}    what the model said; the prose is for the user
tool       {"text", "subject", "call"}   what a call gave
call       {"id", "title", "kind"}       a call begins
called     {"id", "failed"}              and has ended
ended      {"reason", "files", "usage"}  the turn is over; older ones tell no usage

A turn without an end was ended by a crash. One that a client has left has the reason `LEFT`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from lsp_server.agent.conversation import Item
from lsp_server.agent.store import Entry
from lsp_server.engines.chat import Message, NativeCall

LEFT = "interrupted"


@dataclass(frozen=True, slots=True)
class Past:
    """What a session's entries say."""

    items: list[Item]
    last_turn: int
    asked: str
    """What the user said last; empty if he has said nothing."""
    interrupted: str
    """What was under way when it ended without saying so: the title of a call, or "the answer"."""


def read(entries: Iterable[Entry]) -> Past:
    """Turn entries into messages."""
    items: list[Item] = []
    turn, asked, ended, open_calls = 0, "", True, dict[str, str]()
    for entry in entries:
        body = entry.body
        turn = entry.turn
        match entry.kind:
            case "user":
                asked, ended, open_calls = body["text"], False, {}
                items.append(Item(Message("user", body["text"]), turn, is_task=True))
            case "mentions":
                items[-1] = with_mentions(items[-1], body["text"])
            case "assistant" | "tool":
                items.append(Item(_message(entry.kind, body), turn, body.get("subject", "")))
            case "call":
                open_calls[body["id"]] = body["title"]
            case "called":
                open_calls.pop(body["id"], None)
            case "ended":
                ended = body["reason"] != LEFT
    interrupted = "" if ended else next(iter(open_calls.values()), "the answer")
    return Past(items, turn, asked, interrupted)


def with_mentions(item: Item, shown: str) -> Item:
    """What the user said, followed by what he points at."""
    message = item.message
    return item.said(replace(message, content=f"{message.content}\n\n{shown}"))


def answered(items: Iterable[Item]) -> list[Item]:
    """The items with an answer for each native call: endpoints refuse a chat without.

    A turn that was cancelled, or ended by a crash, leaves calls that were never made.
    """
    complete: list[Item] = []
    waiting: list[NativeCall] = []
    for item in items:
        if item.message.role != "tool":
            complete += [Item(Message("tool", _NOT_MADE, call=call), item.turn) for call in waiting]
            waiting = list(item.message.calls)
        elif item.message.call in waiting:
            waiting.remove(item.message.call)
        complete.append(item)
    last = complete[-1].turn if complete else 0
    return complete + [Item(Message("tool", _NOT_MADE, call=call), last) for call in waiting]


def body(message: Message) -> dict[str, Any]:
    """A message as it is stored."""
    stored: dict[str, Any] = {"text": message.content}
    if message.calls:
        stored["calls"] = [_stored(call) for call in message.calls]
    if message.call is not None:
        stored["call"] = _stored(message.call)
    if message.role == "user":  # a result that is told as if the user said it
        stored["role"] = "user"
    return stored


def _message(kind: str, body: Any) -> Message:
    calls = tuple(NativeCall(**call) for call in body.get("calls", ()))
    call = NativeCall(**body["call"]) if "call" in body else None
    if kind == "assistant":
        return Message("assistant", body["text"], calls)
    return Message("tool" if body.get("role") != "user" else "user", body["text"], call=call)


def _stored(call: NativeCall) -> dict[str, str]:
    return {"name": call.name, "arguments": call.arguments, "id": call.id}


_NOT_MADE = "The turn was ended before this was done."
