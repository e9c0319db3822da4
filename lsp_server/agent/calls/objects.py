"""Calls as JSON: `{"name": .., "arguments": ..}` and the many other shapes that models give it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lsp_server.agent.calls.extent import End
from lsp_server.agent.calls.forms import Found, Outcome, Scene, Skip
from lsp_server.agent.calls.names import Toolbox, resembling
from lsp_server.agent.calls.repair import Loaded, load
from lsp_server.agent.calls.schema import CUT_OFF, Rejected, Tool
from lsp_server.agent.calls.settle import Raw, settle

_NAME_KEYS = ("tool", "tool_name", "function_name", "recipient_name", "function", "name", "action")
_ARGUMENT_KEYS = (
    "arguments",
    "parameters",
    "args",
    "input",
    "action_input",
    "tool_input",
    "kwargs",
    "params",
)
_WRAPPERS = (
    *("tool_calls", "function_calls", "tool_call", "function_call", "tool_use", "tool_uses"),
    *("calls", "actions", "tools", "call", "response"),
)
_ASIDE = {"id", "type", "index", "thought", "thoughts", "reasoning", "explanation", "comment"}
"""Keys that stand beside the arguments of a call and are none."""

_BEGINS = re.compile(
    r"""[{\[\s]* \{ \s* (?: \\*(["'])[^"'\n\\]{1,64}\\*\1 | [A-Za-z_]\w{0,63} ) \s* : | \{\s*(?://|/\*|\#)""",
    re.VERBOSE,
)
_MAY_BEGIN = re.compile(
    r"""[{\[\s]* (?: /{0,2} | \\*(?:["'][^"'\n]{0,64}["']?\s*)? | [A-Za-z_]\w{0,63}\s* )?""",
    re.VERBOSE,
)
_NAMED = re.compile(r"""["'](?:tool|tool_name|function|name|action)["']\s*:\s*["']([\w.-]+)["']""")


def json_calls(scene: Scene, start: int, *, strong: bool) -> Outcome:
    """The calls of an object, or of a list of objects, that begins at `start`.

    `strong`: a call is announced, as by a tag, so what can't be made one is rejected;
    otherwise only JSON that names a known tool is more than prose.
    """
    text = scene.text
    if not strong and not _BEGINS.match(text, start):
        waits = not scene.final and _MAY_BEGIN.fullmatch(text, start)
        return None if waits else Skip(start + 1)
    end = scene.bracket_end(start)
    if end is None:
        return None
    written = text[start : end.index]
    loaded = _load(written, end)
    if loaded is None:
        named = _NAMED.search(written)
        if strong or (named and scene.box.find(named[1])):
            problem = "The call could not be read; write it as valid JSON."
            return Found(end.index, (Rejected(written, problem),))
        return Skip(end.index)
    raws = raw_calls(loaded.value, scene.box, strong=strong)
    if raws:
        noted = [replace(raw, repairs=loaded.repairs) for raw in raws]
        return Found(end.index, tuple(settle(raw, scene.box, written) for raw in noted))
    if strong:
        problem = 'A call is an object with "name" and "arguments"; this is none.'
        return Found(end.index, (Rejected(written, problem),))
    return Skip(end.index)


def json_arguments(scene: Scene, start: int, brace: int, name: str) -> Outcome:
    """The call of `name` that began at `start`, and whose arguments are an object at `brace`."""
    end = scene.bracket_end(brace)
    if end is None:
        return None
    written = scene.text[start : end.index]
    loaded = _load(scene.text[brace : end.index], end)
    if loaded is None:
        problem = f"The arguments of {name} could not be read; write them as valid JSON."
        return Found(end.index, (Rejected(written, problem),))
    raw = Raw(name, loaded.value, repairs=loaded.repairs)
    inner = raw_calls(loaded.value, scene.box, strong=False)
    if inner and len(inner) == 1 and scene.box.find(inner[0].name) is scene.box.find(name):
        raw = replace(inner[0], repairs=loaded.repairs)
    return Found(end.index, (settle(raw, scene.box, written),))


def _load(written: str, end: End) -> Loaded | None:
    loaded = load(written)
    if loaded is not None and end.in_text:
        return Loaded(loaded.value, (*loaded.repairs, CUT_OFF))
    return loaded


def raw_calls(value: Any, box: Toolbox, *, strong: bool) -> list[Raw]:
    """The calls in a JSON value, as they are written; empty if it is none."""
    if isinstance(value, list):
        return [raw for each in value for raw in raw_calls(each, box, strong=strong)]
    if not isinstance(value, Mapping) or _is_definition(value):
        return []
    for key in _WRAPPERS:
        inner = value.get(key)
        if isinstance(inner, list | Mapping) and len(value.keys() - _ASIDE) <= 3:
            found = raw_calls(inner, box, strong=strong)
            if found:
                return found
    return _named(value, box, strong=strong) or _keyed(value, box)


def _is_definition(value: Mapping[str, Any]) -> bool:
    """Whether it is the schema of a tool, which models repeat from their prompt."""
    schema = value.get("parameters", value.get("input_schema"))
    if not isinstance(schema, Mapping) or not isinstance(schema.get("properties"), Mapping):
        return False
    members = schema["properties"].values()
    return all(isinstance(each, Mapping) and "type" in each for each in members)


def _named(value: Mapping[str, Any], box: Toolbox, *, strong: bool) -> list[Raw]:
    nested = value.get("function")
    if isinstance(nested, Mapping):
        return raw_calls(nested, box, strong=strong)
    names = {key: value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)}
    shaped = any(key in value for key in _ARGUMENT_KEYS)
    key = next((key for key, name in names.items() if box.find(name)), None)
    if key is None and (shaped or strong):
        key = next((key for key, name in names.items() if box.find(name, typos=True)), None)
    if key is None:
        # What only a call looks like is one, of a tool that the model has made up: it is told so.
        made_up = value.keys() == {"name", "arguments"} and isinstance(value["arguments"], Mapping)
        return [Raw(next(iter(names.values())), {})] if names and (strong or made_up) else []
    tool = box.find(names[key], typos=True)
    assert tool is not None
    flat = _flat(value, key, tool)
    for under in _ARGUMENT_KEYS:
        if under not in value or under == key:
            continue
        arguments = value[under]
        if under in tool.properties and not isinstance(arguments, Mapping):
            continue
        return [Raw(names[key], arguments or flat)]
    known = [name for name in flat if resembling(name, tool.properties, typos=True)]
    if strong or len(known) == len(flat):
        return [Raw(names[key], flat)]
    return []


def _flat(value: Mapping[str, Any], name_key: str, tool: Tool) -> dict[str, Any]:
    """The arguments that stand beside the name."""
    return {
        key: each
        for key, each in value.items()
        if key != name_key
        and (key in tool.properties or key not in (*_ASIDE, *_ARGUMENT_KEYS, "description"))
    }


def _keyed(value: Mapping[str, Any], box: Toolbox) -> list[Raw]:
    """Of the shape `{"read_file": {"path": ..}}`."""
    keys = [key for key in value if key not in _ASIDE]
    if keys and all(isinstance(value[key], Mapping) and box.find(key) for key in keys):
        return [Raw(key, value[key]) for key in keys]
    return []
