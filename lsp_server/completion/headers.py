"""Headers of definitions, as a model is shown them: no bodies, and no texts of values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lsp_server.core.symbols import Symbol

MAX_MEMBERS = 60
MANY_MEMBERS = 12
"""From here on members are shown without types and defaults."""


def outline(owner: Symbol | None, members: Sequence[Symbol], language: str, *, whole: bool) -> str:
    """A type with its members, or a module's. Private ones only if it is `whole`."""
    public = [each for each in members if not each.name.startswith("_")]
    private = [each for each in members if each.name.startswith("_")]
    shown = [each for each in private if each.name == "__init__"] + public
    if whole:
        shown += [each for each in private if not each.name.startswith("__")]
    values = [each.name for each in shown if each.kind == "member"]
    shown = [each for each in shown if each.kind != "member"]
    of_member = brief if len(shown) > MANY_MEMBERS else header
    lines = [of_member(each, language) for each in shown[:MAX_MEMBERS]]
    if owner is None:
        return "\n".join(lines)
    if values:
        lines.insert(0, ", ".join(values[: 4 * MAX_MEMBERS]))
    if not lines:
        return header(owner, language)
    opened, closed = (" {", ["}"]) if language != "python" else (":", [])
    body = [f"    {line}" for line in lines]
    return "\n".join([owner.signature + opened, *body, *closed])


def brief(symbol: Symbol, language: str) -> str:
    """A header without types and defaults."""
    if symbol.kind not in ("function", "method"):
        return header(symbol, language)
    names = ", ".join(re.split(r"[:=]", each)[0].strip() for each in symbol.parameters)
    return f"def {symbol.name}({names}): ..." if language == "python" else f"{symbol.name}({names})"


def header(symbol: Symbol, language: str) -> str:
    """The signature, without the texts of values and defaults: they might be secrets."""
    if symbol.kind in _VALUES:
        return _TEXT.sub('"..."', symbol.signature)
    signature = _DEFAULT_TEXT.sub(r'\1"..."', symbol.signature)
    if language == "python" and symbol.kind in ("function", "method"):
        return f"{signature}: ..."
    return signature


_VALUES = frozenset(("constant", "field", "macro", "variable"))
_QUOTED = (
    r"\"{3}(?:.*\"{3}|.*)|'{3}(?:.*'{3}|.*)|`(?:.*`|.*)"  # they may hold the other quotes
    r"|\"(?:\\.|[^\"\\])*(?:\"|$)|'(?:\\.|[^'\\])*(?:'|$)"
)
_TEXT = re.compile(_QUOTED)
_DEFAULT_TEXT = re.compile(rf"(=\s*[A-Za-z]{{0,2}})(?:{_QUOTED})")
