"""Arguments as a model wrote them -> arguments as the schema wants them, or why that can't be."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from lsp_server.agent.calls.names import resembling
from lsp_server.agent.calls.repair import BROKEN, load

_TYPES = {
    "dict": "object",
    "map": "object",
    "float": "number",
    "double": "number",
    "tuple": "array",
    "list": "array",
    "int": "integer",
    "bool": "boolean",
    "str": "string",
}
_WORDS = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_ARTICLE = {"integer": "an integer", "array": "a list", "object": "an object"}


class Unfit(Exception):
    """A value that can't be made fit; the message is one clause that begins with its name."""


def coerce(name: str, value: Any, schema: Mapping[str, Any], repairs: list[str]) -> Any:
    """A value that fits a schema; what was changed is added to `repairs`. Raises Unfit."""
    if "enum" in schema and standard_type(schema.get("type")) != "array":
        return _choice(name, value, schema["enum"], repairs)
    if "const" in schema:
        return _choice(name, value, [schema["const"]], repairs)
    for branches in ("anyOf", "oneOf"):
        if branches in schema:
            return _any_of(name, value, schema[branches], repairs)
    kinds = schema.get("type", "any")
    if isinstance(kinds, list):
        return _any_of(name, value, [{**schema, "type": kind} for kind in kinds], repairs)
    kind = standard_type(kinds)
    if value is None and schema.get("nullable"):
        return None
    changed = _of_kind(kind, value)
    if changed is _UNFIT:
        raise Unfit(f"{name} must be {_ARTICLE.get(kind, 'a ' + kind)}, not {_say(value)}")
    if type(changed) is not type(value) or changed != value:
        repairs.append(f"{name}: read as {_ARTICLE.get(kind, 'a ' + kind)}")
    if kind == "array":
        # BFCL puts the choices of a list's items beside the type of the list.
        choices = {"enum": schema["enum"]} if "enum" in schema else {}
        items = choices or schema.get("items") or {}
        return [coerce(f"{name}[{at}]", each, items, repairs) for at, each in enumerate(changed)]
    if kind == "object" and schema.get("properties"):
        return _members(name, changed, schema, repairs)
    return changed


def standard_type(kind: Any) -> Any:
    """The standard's name for a type of a schema: BFCL has `dict`, `float` and `tuple`."""
    return _TYPES.get(kind, kind) if isinstance(kind, str) else kind


_UNFIT = object()


def _of_kind(kind: str, value: Any) -> Any:
    match kind:
        case "string":
            return _string(value)
        case "integer":
            return _integer(value)
        case "number":
            return _number(value)
        case "boolean":
            return _boolean(value)
        case "array":
            return _array(value)
        case "object":
            decoded = _decoded(value)
            return decoded if isinstance(decoded, dict) else _UNFIT
        case "null":
            return None if value in (None, "", "null", "None") else _UNFIT
        case _:
            return value


def _string(value: Any) -> Any:
    match value:
        case str():
            return _whole_characters(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case dict():
            return json.dumps(value, ensure_ascii=False, indent=2)
        case [str() | int() | float() as only]:
            return _string(only)
        case _:
            return _UNFIT


def _whole_characters(text: str) -> Any:
    """The text without surrogates: Python leaves `\\ud83d\\ude42` two, and no file takes halves."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return _UNFIT


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            number = float(value.strip().replace("_", ""))
        except ValueError:
            return _UNFIT
        if not math.isfinite(number):
            return _UNFIT
        return (
            int(number) if number.is_integer() and value.strip("+-0123456789 _") == "" else number
        )
    return value if isinstance(value, int | float) and not isinstance(value, bool) else _UNFIT


def _integer(value: Any) -> Any:
    number = _number(value)
    if isinstance(number, float):
        return int(number) if number.is_integer() else _UNFIT
    return number


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        return _WORDS.get(str(value).strip().casefold(), _UNFIT)
    return _UNFIT


def _array(value: Any) -> Any:
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return list(value)
    decoded = _decoded(value)
    if isinstance(decoded, list):
        return decoded
    return _UNFIT if value is None else [value]


def _decoded(value: Any) -> Any:
    """What the text of a JSON value says; anything else is given back."""
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        loaded = load(value)
        return value if loaded is None or BROKEN in loaded.repairs else loaded.value
    return value


def _choice(name: str, value: Any, choices: list[Any], repairs: list[str]) -> Any:
    # True == 1 in Python, not in a schema.
    for choice in choices:
        if choice == value and isinstance(choice, bool) is isinstance(value, bool):
            return choice
    spellings = {str(choice): choice for choice in choices}
    simple = isinstance(value, str | int | float)
    found = resembling(str(value), spellings, typos=False) if simple else None
    if found is None:
        options = ", ".join(json.dumps(choice, ensure_ascii=False) for choice in choices)
        raise Unfit(f"{name} must be one of {options}, not {_say(value)}")
    repairs.append(f"{name}: read as one of its values")
    return spellings[found]


def _any_of(name: str, value: Any, schemas: list[Any], repairs: list[str]) -> Any:
    """By the first schema that a value fits as it is, else by the first that it can be made fit."""
    fitting: list[tuple[Any, list[str]]] = []
    for schema in schemas:
        notes: list[str] = []
        try:
            fitting.append((coerce(name, value, schema, notes), notes))
        except Unfit:
            continue
    if not fitting:
        kinds = " or ".join(str(schema.get("type", "another value")) for schema in schemas)
        raise Unfit(f"{name} must be of type {kinds}, not {_say(value)}")
    best, notes = min(fitting, key=lambda each: len(each[1]))
    repairs += notes
    return best


def _members(
    name: str, value: dict[str, Any], schema: Mapping[str, Any], repairs: list[str]
) -> dict[str, Any]:
    properties = schema["properties"]
    missing = [each for each in schema.get("required", ()) if each not in value]
    if missing:
        raise Unfit(f"{name} lacks {', '.join(missing)}")
    return {
        key: coerce(f"{name}.{key}", each, properties[key], repairs) if key in properties else each
        for key, each in value.items()
    }


def _say(value: Any) -> str:
    said = json.dumps(value, ensure_ascii=False, default=str).encode(errors="replace").decode()
    return said if len(said) <= 60 else f"{said[:57]}..."
