"""Parameters of our own methods, which no type describes: read one by one, and judged."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from lsp_server.errors import UsageError


def fields(value: Any) -> dict[str, Any]:
    """The fields of an object as pygls gives it; none of anything else."""
    if isinstance(value, dict):
        return value
    return dict(value._asdict()) if hasattr(value, "_asdict") else {}


def text(params: Any, name: str) -> str:
    """A text that must be there. Raises UsageError."""
    found = fields(params).get(name)
    if not isinstance(found, str):
        raise UsageError(f"The parameter {name} must be a text.")
    return found


def optional_text(params: Any, name: str) -> str:
    """A text that may be left out; it is empty then. Raises UsageError."""
    return "" if fields(params).get(name) is None else text(params, name)


def optional_texts(params: Any, name: str) -> list[str] | None:
    """A list of texts that may be left out. Raises UsageError."""
    found = fields(params).get(name)
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise UsageError(f"The parameter {name} must be a list of texts.")
    return found


def number(params: Any, name: str) -> int | None:
    """A whole number that may be left out. Raises UsageError."""
    found = fields(params).get(name)
    if found is not None and (not isinstance(found, int) or isinstance(found, bool)):
        raise UsageError(f"The parameter {name} must be a whole number.")
    return found


def where(params: Any) -> types.Range:
    """The parameter `range`. Raises UsageError."""
    ends = fields(fields(params).get("range"))
    found = [
        value
        for name in ("start", "end")
        for part in ("line", "character")
        if isinstance(value := fields(ends.get(name)).get(part), int)
    ]
    if len(found) != 4:
        raise UsageError("The parameter range must be a range of the document.")
    return types.Range(types.Position(*found[:2]), types.Position(*found[2:]))


def plain(value: Any) -> Any:
    """An object of pygls's, as JSON has it."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict) or hasattr(value, "_asdict"):
        return {name: plain(each) for name, each in fields(value).items()}
    return value
