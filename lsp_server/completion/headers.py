"""Headers of definitions, as a model is shown them: no bodies, and no texts of values."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from lsp_server.core.symbols import Symbol

MANY_MEMBERS = 12
"""From here on members are shown without types and defaults, and by name alone if nothing near the
cursor uses them."""
MAX_NAMED = 240
NAMES_A_LINE = 8
"""So that a part of them can be left out."""


def outline(
    owner: Symbol | None,
    members: Sequence[Symbol],
    language: str,
    *,
    whole: bool,
    used: Container[str] = (),
) -> str:
    """A type with its members, or a module's. Private ones only if it is `whole`.

    Of many members, those that are `used` come first, then the names of all others, then their
    headers: what does not fit into a prompt is cut off at the end, and a name that the model has
    not seen it can't write.
    """
    public = [each for each in members if not each.name.startswith("_")]
    private = [each for each in members if each.name.startswith("_")]
    shown = [each for each in private if each.name == "__init__"] + public
    if whole:
        shown += [each for each in private if not each.name.startswith("__")]
    values = [each.name for each in shown if each.kind == "member"]
    shown = [each for each in shown if each.kind != "member"]
    if len(shown) <= MANY_MEMBERS:
        lines = [header(each, language) for each in shown]
    else:
        near = [each for each in shown if each.name in used]
        others = [each for each in shown if each.name not in used][:MAX_NAMED]
        lines = [brief(each, language) for each in near]
        lines += _names(others, language)
        lines += [brief(each, language) for each in others if each.kind in _CALLED]
    if owner is None:
        return "\n".join(lines)
    if values:
        lines.insert(0, ", ".join(values[:MAX_NAMED]))
    if not lines:
        return header(owner, language)
    opened, closed = (" {", ["}"]) if language != "python" else (":", [])
    body = [f"    {line}" for line in lines]
    return "\n".join([owner.signature + opened, *body, *closed])


def _names(symbols: Sequence[Symbol], language: str) -> list[str]:
    """Names in comments; those of functions with brackets."""
    mark = "#" if language == "python" else "//"
    names = [f"{each.name}()" if each.kind in _CALLED else each.name for each in symbols]
    steps = range(0, len(names), NAMES_A_LINE)
    return [f"{mark} {', '.join(names[start : start + NAMES_A_LINE])}" for start in steps]


def brief(symbol: Symbol, language: str) -> str:
    """A header without types and defaults."""
    if symbol.kind not in _CALLED:
        return symbol.name
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


_CALLED = frozenset(("function", "method"))
_VALUES = frozenset(("constant", "field", "macro", "variable"))
_QUOTED = (
    r"\"{3}(?:.*\"{3}|.*)|'{3}(?:.*'{3}|.*)|`(?:.*`|.*)"  # they may hold the other quotes
    r"|\"(?:\\.|[^\"\\])*(?:\"|$)|'(?:\\.|[^'\\])*(?:'|$)"
)
_TEXT = re.compile(_QUOTED)
_DEFAULT_TEXT = re.compile(rf"(=\s*[A-Za-z]{{0,2}})(?:{_QUOTED})")
