"""Text that is meant as JSON -> its value, whatever is wrong with it."""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any

import json_repair

BROKEN = "broken JSON repaired"
MAX_REPAIRED = 100_000
"""Characters; the repair of a longer text might take seconds."""
_ESCAPED = re.compile(r"[{\[]\s*(?:\{\s*)?\\+\"")
_OTHER_QUOTES = re.compile(r"([:,\[{]\s*)(\"\"\"|'''|`)(.*?)\2(?=\s*[,:}\]])", re.DOTALL)
"""Texts of Python's and JavaScript's, which json_repair does not know."""


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
        except (ValueError, SyntaxError, RecursionError, MemoryError):
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
        return Loaded(ast.literal_eval(text.strip()), ("read as Python",))


def _unescaped(text: str) -> Loaded | None:
    """Of JSON whose quotes are escaped as if it stood inside a text."""
    if not _ESCAPED.match(text.strip()):
        return None
    inner = json.loads(f'"{text}"', strict=False)
    return Loaded(json.loads(inner, strict=False), ("escaped twice",))


def _repaired(text: str) -> Loaded | None:
    if len(text) > MAX_REPAIRED:
        return None
    value = json_repair.loads(_OTHER_QUOTES.sub(_requoted, text))
    return Loaded(value, (BROKEN,)) if value else None


def _requoted(found: re.Match[str]) -> str:
    return found[1] + json.dumps(found[3], ensure_ascii=False)
