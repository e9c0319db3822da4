"""What a tool is to the agent: how a model sees it, what it may touch, and what it does.

A tool raises `ToolFailed` or a FimbleError where it can't do what it was asked for. Anything else
that it raises is a fault of ours; the turn goes on and tells only its kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lsp_server.agent.calls.schema import Tool as Schema
from lsp_server.agent.desk import Desk
from lsp_server.agent.events import Diff, Location, ToolKind


class ToolFailed(Exception):
    """A tool could not do it: a sentence for all, and what a model is told besides."""

    def __init__(self, sentence: str, advice: str = "") -> None:
        super().__init__(sentence)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call."""

    text: str
    """For the model and the user."""
    diffs: tuple[Diff, ...] = ()
    locations: tuple[Location, ...] = ()
    advice: str = ""
    """What the model is told besides."""


Run = Callable[[Desk, str, Mapping[str, Any]], Awaitable[Result]]
"""Does it; the text is the call's id."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    schema: Schema
    kind: ToolKind
    run: Run
    title: Callable[[Mapping[str, Any]], str]
    """What is shown of a call: a few words on one line."""
    subject: Callable[[Mapping[str, Any]], str] = field(default=lambda _: "")
    """Calls about the same subject give results that replace each other."""


def schema(name: str, description: str, required: str, /, **properties: Any) -> Schema:
    """A tool's schema; a property is its description, or a schema of its own."""
    shown = {
        key: {"type": "string", "description": each} if isinstance(each, str) else each
        for key, each in properties.items()
    }
    return Schema(
        name, description, {"type": "object", "properties": shown, "required": required.split()}
    )
