"""Text that is meant as JSON -> its value, whatever is wrong with it."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import json_repair

from lsp_server.agent.calls.extent import texts

BROKEN = "broken JSON repaired"
MAX_REPAIRED = 100_000
"""Characters; the repair of a longer text might take seconds."""
_ESCAPED = re.compile(r"[{\[]\s*(?:\{\s*)?\\+\"")
_PART = re.compile(r'\\(u[0-9a-fA-F]{4}|.)|[\x00-\x1f"]', re.DOTALL)
"""What in a text may not stand in one of JSON as it is."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A value, and what was done to get it."""

    value: Any
    repairs: tuple[str, ...] = ()


def load(text: str) -> Loaded | None:
    """The object or list that a text holds; None if nothing can be made of it."""
    for read in (_strict, _lenient, _python, _unescaped, _repaired):
        try:
            loaded = read(text)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        if loaded is not None and isinstance(loaded.value, dict | list):
            return loaded
    return None


def _strict(text: str) -> Loaded:
    return Loaded(json.loads(text))


def _lenient(text: str) -> Loaded:
    return Loaded(json.loads(text, strict=False), ("line ends inside a text",))


def _python(text: str) -> Loaded:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes that Python does not know
        value = ast.literal_eval(text.strip())
    # What JSON does not know, such as keys that are numbers, becomes what it does, or fails.
    return Loaded(json.loads(json.dumps(value)), ("read as Python",))


def _unescaped(text: str) -> Loaded | None:
    """Of JSON whose quotes are escaped as if it stood inside a text."""
    if not _ESCAPED.match(text.strip()):
        return None
    inner = json.loads(f'"{text}"', strict=False)
    return Loaded(json.loads(inner, strict=False), ("escaped twice",))


def _repaired(text: str) -> Loaded | None:
    """By json_repair, which sees marks instead of the texts: it would trim them."""
    if len(text) > MAX_REPAIRED:
        return None
    kept: dict[str, str] = {}
    parts: list[str] = []
    at = 0
    for start, end, quote in texts(text):
        inner = _PART.sub(_escaped, text[start + len(quote) : end - len(quote)])
        mark = f"text{len(kept)}mark"
        kept[mark] = json.loads(f'"{inner}"')
        parts += [text[at:start], f'"{mark}"']
        at = end
    try:
        repaired = json_repair.loads("".join((*parts, text[at:])))
    except AssertionError:  # its own: some texts are not broken in the ways that it expects
        return None
    value = _filled(repaired, kept)
    return Loaded(value, (BROKEN,)) if value else None


def _filled(value: Any, kept: Mapping[str, str]) -> Any:
    """A value with the texts again that stood where the marks are.

    An empty text is json_repair's word for a value that is missing.
    """
    match value:
        case str():
            return kept.get(value, value or None)
        case list():
            return [_filled(each, kept) for each in value]
        case dict():
            return {kept.get(key, key): _filled(each, kept) for key, each in value.items()}
        case _:
            return value


def _escaped(found: re.Match[str]) -> str:
    escape = found[1]
    if escape is None:
        return json.dumps(found.group())[1:-1]
    if escape[0] in '"\\/bfnrt' or len(escape) > 1:
        return found.group()
    return escape if escape in "'`\n" else json.dumps(found.group())[1:-1]
