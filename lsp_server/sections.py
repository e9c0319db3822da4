"""Frozen dataclasses from the JSON objects that a client sends.

A field's type says what it may hold: a text, a number, true or false, one of some words, a list of
texts, an object of texts (`Mapping[str, str]`), another dataclass, or several of it by name
(`Mapping[str, X]`). Its metadata says more: `min` and `max` of a number; `check`, which is given a
text, or name and text of each in an object, and raises ValueError with the end of a sentence;
`reserved`, names that can't be given; `one`, that a text counts as a list of one; `broken`, what is
used instead of a wrong value, if that is not the default; `path`, that it is not the client's and
gets the path of its section.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def section(cls: type[T], raw: object, path: str, problems: list[str]) -> T:
    """Read one object. `problems` gets a sentence for each value whose default is used instead."""
    given = _object(raw, path, problems)
    hints = get_type_hints(cls)
    known = {_camel(f.name): f for f in fields(cls) if not f.metadata.get("path")}
    values: dict[str, Any] = {f.name: path for f in fields(cls) if f.metadata.get("path")}
    for key, value in given.items():
        spec = known.get(str(key))
        where = f"{path}.{_short(str(key))}"
        if spec is None:
            problems.append(f"{where} is not a setting of Fimble and is ignored.")
        elif is_dataclass(hints[spec.name]):
            values[spec.name] = section(hints[spec.name], value, where, problems)
        elif get_origin(hints[spec.name]) is Mapping:
            held = get_args(hints[spec.name])[1]
            values[spec.name] = (
                _texts(value, where, problems, spec.metadata["check"])
                if held is str
                else _named(held, value, where, problems, spec.metadata["reserved"])
            )
        else:
            try:
                values[spec.name] = _value(hints[spec.name], value, spec.metadata)
            except ValueError as error:
                if "broken" in spec.metadata:
                    values[spec.name] = spec.metadata["broken"]
                    problems.append(f"{where} {error}; until then nothing is sent there.")
                    continue
                default = json.dumps(spec.default)
                problems.append(f"{where} {error}; its default {default} is used.")
    return cls(**values)


def _object(raw: object, path: str, problems: list[str]) -> Mapping[object, object]:
    if raw is None or raw == []:  # a client in Lua can't tell an empty object from an empty list
        return {}
    if not isinstance(raw, Mapping):
        problems.append(f"{path} must be an object, not {_kind(raw)}; its defaults are used.")
        return {}
    return raw


def _named(
    cls: type[T], raw: object, path: str, problems: list[str], reserved: tuple[str, ...]
) -> Mapping[str, T]:
    """Sections under names of the user's choice."""
    found: dict[str, T] = {}
    for key, value in _object(raw, path, problems).items():
        name = str(key)
        if not _NAME.fullmatch(name) or name in reserved:
            problems.append(
                f"{path}.{_short(name)} is ignored: a name is made of letters, digits, `-` and "
                f"`_`, and is neither {' nor '.join(reserved)}."
            )
        else:
            found[name] = section(cls, value, f"{path}.{name}", problems)
    return found


def _texts(
    raw: object, path: str, problems: list[str], check: Callable[[str, str], None]
) -> Mapping[str, str]:
    """Texts under names of the user's choice."""
    found: dict[str, str] = {}
    for key, value in _object(raw, path, problems).items():
        name = str(key)
        try:
            if not isinstance(value, str):
                raise ValueError(f"must be {_NAMES[str]}, not {_kind(value)}")
            check(name, value)
        except ValueError as error:
            problems.append(f"{path}.{_short(name)} {error}; it is left out.")
        else:
            found[name] = value
    return found


_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,59}", re.ASCII)


def _value(hint: Any, value: object, limits: Mapping[str, Any]) -> object:
    """Check a value against type and metadata. Raises ValueError with the end of a sentence."""
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            given = _short(json.dumps(value))
            raise ValueError(f"must be one of {', '.join(get_args(hint))}, not {given}")
        return value
    if get_origin(hint) is tuple:
        if isinstance(value, str) and limits.get("one"):
            value = [value]
        if not isinstance(value, list | tuple):
            raise ValueError(f"must be a list of texts, not {_kind(value)}")
        for item in value:
            if not isinstance(item, str):
                raise ValueError(f"must be a list of texts, and {_kind(item)} is in it")
        for item in value:
            known = get_args(get_args(hint)[0])
            if known and item not in known:
                raise ValueError(f"may hold {', '.join(known)}, not {_short(json.dumps(item))}")
        return tuple(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(max(-1e300, min(1e300, value)))  # JSON has whole numbers of any size
    if hint is int and isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one kind of number; Lua clients send 800.0
    if type(value) is not hint:
        raise ValueError(f"must be {_NAMES[hint]}, not {_kind(value)}")
    if isinstance(value, int | float) and limits and not limits["min"] <= value <= limits["max"]:
        given = _short(str(value))
        raise ValueError(f"must be from {limits['min']} to {limits['max']}, not {given}")
    if isinstance(value, str) and "check" in limits:
        limits["check"](value)
    return value


_LONGEST_SHOWN = 60
"""Characters of what the client sent that a problem repeats."""

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return _NAMES.get(type(value), type(value).__name__)


def _short(text: str) -> str:
    text = "".join(each if each.isprintable() else "\ufffd" for each in text[: _LONGEST_SHOWN + 1])
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)
