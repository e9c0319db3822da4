"""The tasks that a model is measured with, from `prompts/agent/probe.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lsp_server.agent.calls.schema import Call, Tool
from lsp_server.agent.probe.verdict import Wanted
from lsp_server.core import prompts


@dataclass(frozen=True, slots=True)
class CallTask:
    """Something said to a model that has tools."""

    id: str
    say: str
    tools: tuple[Tool, ...]
    wanted: tuple[Wanted, ...]
    """The calls that are right; empty if it should answer in words."""
    early: bool
    """Asked in each way, before any way is given up."""
    done: Call | None
    """A call that the model has made already."""
    gave: str
    """Its result."""
    says: str
    """What a good answer holds."""


@dataclass(frozen=True, slots=True)
class EditTask:
    """A change to one definition of a Python file."""

    id: str
    name: str
    """Of the definition, dotted."""
    say: str
    """The whole request, the file included."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FenceTask:
    """Code that is to be written into a fence."""

    id: str
    say: str
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CopyTask:
    """A text that is to be repeated."""

    id: str
    say: str
    """The whole request, the text included."""
    text: str


@dataclass(frozen=True, slots=True)
class Needle:
    """A fact to be found in long texts."""

    tokens: tuple[int, ...]
    """Lengths of the prompts."""
    fact: str
    """With `{number}`, which is what must be found."""
    question: str
    row: str
    """What the rest is made of, with `{row}` and `{value}`."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """All of them."""

    calls: tuple[CallTask, ...]
    edits: tuple[EditTask, ...]
    fences: tuple[FenceTask, ...]
    copies: tuple[CopyTask, ...]
    needle: Needle


@cache
def load() -> Tasks:
    """Read the tasks that come with Fimble."""
    return parse(prompts.read("agent/probe.toml"))


def parse(text: str) -> Tasks:
    """Read a file of tasks; a wrong one fails with KeyError or TypeError."""
    data = tomllib.loads(text)
    tools = {name: _tool(name, each) for name, each in data["tools"].items()}
    return Tasks(
        tuple(_call(each, tools) for each in data["call"]),
        tuple(
            EditTask(**each | {"say": data["change"].format(**each).lstrip()})
            for each in data["edit"]
        ),
        tuple(FenceTask(each["id"], each["say"], tuple(each["holds"])) for each in data["fence"]),
        tuple(
            CopyTask(say=data["repeat"].format(**each).lstrip(), **each) for each in data["copy"]
        ),
        Needle(**data["needle"] | {"tokens": tuple(data["needle"]["tokens"])}),
    )


def _tool(name: str, entry: Mapping[str, Any]) -> Tool:
    parameters = {
        "type": "object",
        "required": entry["required"],
        "properties": entry["properties"],
    }
    return Tool(name, entry["description"], parameters)


def _call(entry: Mapping[str, Any], tools: Mapping[str, Tool]) -> CallTask:
    done = entry.get("done")
    return CallTask(
        entry["id"],
        entry["say"],
        tuple(tools[name] for name in entry["tools"]),
        tuple(
            Wanted(each["name"], {name: each[name] for name in each if name != "name"})
            for each in entry.get("right", ())
        ),
        entry.get("early", False),
        Call(done["name"], done["arguments"]) if done else None,
        entry.get("gave", ""),
        entry.get("says", ""),
    )
