"""A tool's name and arguments as a model wrote them -> a call, or the sentence that refuses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lsp_server.agent.calls.coerce import Unfit, coerce
from lsp_server.agent.calls.names import Toolbox, resembling
from lsp_server.agent.calls.repair import BROKEN, load
from lsp_server.agent.calls.schema import Call, Rejected, Tool


@dataclass(frozen=True, slots=True)
class Raw:
    """A call as it was written: the arguments may be anything, text of JSON too."""

    name: str
    arguments: Any
    positional: tuple[Any, ...] = ()
    repairs: tuple[str, ...] = ()


def settle(raw: Raw, box: Toolbox, text: str) -> Call | Rejected:
    """The call that was meant; `text` is what the model wrote."""
    tool = box.find(raw.name, typos=True)
    if tool is None:
        return Rejected(text, box.unknown(raw.name))
    repairs = list(raw.repairs)
    if tool.name != raw.name:
        repairs.append(f"the name of the tool read as {tool.name}")
    try:
        given = _as_mapping(tool, raw.arguments, repairs)
        given = _with_positional(tool, raw.positional, given, repairs)
        if not given and tool.properties and BROKEN in repairs:
            raise Unfit("its arguments could not be read, so give them as valid JSON")
        arguments = _fitted(tool, given, repairs)
    except Unfit as unfit:
        return Rejected(text, f"{tool.name}: {unfit}.")
    missing = [name for name in tool.required if name not in arguments]
    if missing:
        return Rejected(
            text, f"{tool.name} needs {_listed(missing)}; give all of them in one call."
        )
    return Call(tool.name, arguments, tuple(dict.fromkeys(repairs)))


def _as_mapping(tool: Tool, given: Any, repairs: list[str]) -> Mapping[str, Any]:
    if isinstance(given, str) and given.strip()[:1] == "{":
        loaded = load(given)
        if loaded is not None and isinstance(loaded.value, dict):
            repairs.extend(("the arguments were a text of JSON", *loaded.repairs))
            given = loaded.value
    if isinstance(given, Mapping):
        inner = given.get("properties")
        if len(given) <= 2 and isinstance(inner, Mapping) and "properties" not in tool.properties:
            repairs.append("the arguments stood under properties")
            return inner
        return given
    if given is None or given == "" or given == []:
        return {}
    only = _only_parameter(tool)
    if only is None:
        raise Unfit(f"its arguments must be an object of {_listed(list(tool.properties))}")
    repairs.append(f"{only}: given without its name")
    return {only: given}


def _only_parameter(tool: Tool) -> str | None:
    names = tool.required or tuple(tool.properties)
    return names[0] if len(names) == 1 else None


def _with_positional(
    tool: Tool, values: tuple[Any, ...], given: Mapping[str, Any], repairs: list[str]
) -> Mapping[str, Any]:
    if not values:
        return given
    if len(values) == 1 and isinstance(values[0], dict) and not given:
        keys = [_parameter(tool, str(key), ()) for key in values[0]]
        if keys and all(keys):
            return values[0]
    names = list(tool.properties)
    if len(values) > len(names):
        raise Unfit(f"it takes {_listed(names)}, and was given {len(values)} values")
    repairs.append("arguments given without their names")
    return {**dict(zip(names, values, strict=False)), **given}


def _fitted(tool: Tool, given: Mapping[str, Any], repairs: list[str]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    exact = {key for key in given if key in tool.properties}
    for key, value in given.items():
        name = _parameter(tool, str(key), exact)
        if name is None:
            if tool.properties or value:
                repairs.append(f"dropped {str(key)[:40]!r}, which {tool.name} does not take")
            continue
        if name != key:
            repairs.append(f"{name}: its name was read from {str(key)[:40]!r}")
        if name in arguments:
            raise Unfit(f"{name} is given twice")
        schema = tool.properties[name]
        if value is None and not _takes_null(schema):
            repairs.append(f"{name}: null is as if it were not given")
            continue
        arguments[name] = coerce(name, value, schema, repairs)
    if tool.properties and given and not arguments and not any(key in exact for key in given):
        raise Unfit(f"it takes {_listed(list(tool.properties))}, and was given none of them")
    return arguments


def _parameter(tool: Tool, key: str, taken: Iterable[str]) -> str | None:
    """The parameter that a key means, among those that are not given by their own names."""
    if key in tool.properties:
        return key
    free = [name for name in tool.properties if name not in taken]
    aliases = {alias: name for name in free for alias in tool.properties[name].get("x-aliases", ())}
    found = resembling(key, (*free, *aliases), typos=True)
    return None if found is None else aliases.get(found, found)


def _takes_null(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type", "any")
    branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return (
        bool(schema.get("nullable"))
        or (kinds in ("null", "any") and not branches and "enum" not in schema)
        or (isinstance(kinds, list) and "null" in kinds)
        or None in schema.get("enum", ())
        or any(_takes_null(branch) for branch in branches)
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names) if names else "no arguments"
