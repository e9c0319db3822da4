"""Whether calls are those that were wanted, where several values of an argument may be right.

The format is that of the Berkeley Function Calling Leaderboard (BFCL, `possible_answer`): of each
argument the values that are accepted; "" among them says that it may be left out. So are its rules:
texts are compared without case, spaces and most punctuation, and a whole number may stand for a
fraction, not the other way round. Source: gorilla, bfcl_eval, README and data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsp_server.agent.calls.coerce import standard_type
from lsp_server.agent.calls.schema import Tool

LEFT_OUT = ""
_IGNORED = re.compile(r"[ ,./\-_*^]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that is right."""

    name: str
    accepted: Mapping[str, Sequence[Any]]
    """The values of each argument; one that is not named here must not be given."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made, whatever reads it."""

    name: str
    arguments: Mapping[str, Any]


def are_right(made: Sequence[Made], wanted: Sequence[Wanted], tools: Sequence[Tool]) -> bool:
    """Whether each call is one of those that are wanted, and all of those were made, in any order.

    If none is wanted, none must have been made.
    """
    if len(made) != len(wanted):
        return False
    by_name = {tool.name: tool for tool in tools}
    left = list(wanted)
    for call in made:
        right = next((each for each in left if _fits(call, each, by_name)), None)
        if right is None:
            return False
        left.remove(right)
    return True


def _fits(call: Made, wanted: Wanted, tools: Mapping[str, Tool]) -> bool:
    tool = tools.get(call.name)
    if tool is None or call.name != wanted.name:
        return False
    if any(name not in call.arguments for name in tool.required):
        return False
    missing = [name for name in wanted.accepted if name not in call.arguments]
    return all(LEFT_OUT in wanted.accepted[name] for name in missing) and all(
        name in tool.properties
        and _accepts(wanted.accepted.get(name, ()), value, tool.properties[name])
        for name, value in call.arguments.items()
    )


def _accepts(accepted: Sequence[Any], value: Any, schema: Mapping[str, Any]) -> bool:
    return _has_type(value, schema) and any(_same(each, value) for each in accepted)


def _has_type(value: Any, schema: Mapping[str, Any]) -> bool:
    items = schema.get("items", {})
    match standard_type(schema.get("type", "any")):
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list | tuple) and all(_has_type(each, items) for each in value)
        case "object":
            return isinstance(value, dict)
        case _:
            return True


def _same(accepted: Any, value: Any) -> bool:
    if isinstance(value, str) and isinstance(accepted, str):
        return _standard(value) == _standard(accepted)
    if isinstance(value, list | tuple) and isinstance(accepted, list | tuple):
        return len(value) == len(accepted) and all(map(_same, accepted, value))
    if isinstance(value, dict) and isinstance(accepted, dict):
        return _same_object(accepted, value)
    return bool(isinstance(value, bool) == isinstance(accepted, bool) and value == accepted)


def _same_object(accepted: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Of an object each member's values are listed, as those of an argument are."""
    choices = {key: each if isinstance(each, list) else [each] for key, each in accepted.items()}
    return all(
        any(_same(choice, member) for choice in choices.get(key, ()))
        for key, member in value.items()
    ) and all(LEFT_OUT in choices[key] for key in choices if key not in value)


def _standard(text: str) -> str:
    return _IGNORED.sub("", text).lower().replace("'", '"')
