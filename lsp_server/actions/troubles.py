"""What is wrong with code, of what can be mended by rule; and how tools put it.

A diagnostic is told by its words and not by its tool: pyright, ruff, pylint, mypy and tsc say the
same things in few ways. A name that a message quotes counts only where the code says it too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lsp_server.actions.action import Diagnostic
from lsp_server.core.syntax import Syntax

Sort = Literal["name", "attribute", "symbol", "keyword", "missing", "unused", "syntax"]
"""`symbol` is a name that is imported from a module which has it not; `missing` are arguments."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong."""

    sort: Sort
    start: int
    end: int
    """Of the name; of `missing` and `unused`, anywhere in the call or import."""
    names: tuple[str, ...] = ()
    """Of `missing`, the parameters."""
    owner: str = ""
    """Of an attribute: the type or module that has it not, as it is told."""
    legal: tuple[str, ...] = ()
    """Names that may stand there; empty if that is not known."""
    diagnostic: int | None = None
    """Number of the diagnostic that tells it; None if it was found here."""


def told(number: int, diagnostic: Diagnostic, syntax: Syntax) -> Trouble | None:
    """What a diagnostic is about; None if no rule mends it."""
    message = diagnostic.message.replace("\N{NO-BREAK SPACE}", " ")
    start, end = diagnostic.start, diagnostic.end
    for sort, pattern in _PATTERNS:
        if (match := pattern.search(message)) is None:
            continue
        said = match.groupdict()
        name, owner = said.get("name") or "", said.get("owner") or ""
        if sort in _ABOUT_A_NAME:
            found = _find(syntax, name, start, end, last=sort == "attribute")
            if found is None:
                continue
            return Trouble(sort, *found, owner=owner, diagnostic=number)
        names = tuple(re.findall(r"[\"'`]([\w$]+)[\"'`]", said.get("names") or ""))
        return Trouble(sort, start, end, names=names, diagnostic=number)
    return None


def _find(syntax: Syntax, name: str, start: int, end: int, *, last: bool) -> tuple[int, int] | None:
    """Where a name stands in a range, or in the line that it begins in."""
    line_end = syntax.data.find(b"\n", start)
    word = re.compile(rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])")
    for limit in (end, len(syntax.data) if line_end < 0 else line_end):
        found = list(word.finditer(syntax.data, start, max(start, limit)))
        if found:
            return found[-1 if last else 0].span()
    return None


_NAME = r"[\"'`](?P<name>[\w$]+)[\"'`]"
_OWNER = r"[\"'`](?:type\[)?\"?(?P<owner>[\w$.]+)[^\"'`]*\"?[\"'`]"
_ABOUT_A_NAME = frozenset(("attribute", "keyword", "name", "symbol"))
_WORDS: tuple[tuple[Sort, str], ...] = (
    # pyright; mypy, tsc; pylint; tsc; Python itself
    ("symbol", rf"{_NAME} is (?:an )?unknown import symbol"),
    ("symbol", rf"No name {_NAME} in module"),
    ("symbol", rf"module .* has no exported member(?: named)? {_NAME}"),
    ("symbol", rf"Module {_OWNER} has no attribute {_NAME}"),
    ("symbol", rf"cannot import name {_NAME} from"),
    ("attribute", rf"Cannot (?:access|assign to|delete) attribute {_NAME} for .*?{_OWNER}"),
    ("attribute", rf"{_NAME} is not a known attribute of module {_OWNER}"),
    ("attribute", rf"(?:Instance of|Class|Module) {_OWNER} has no {_NAME} member"),
    ("attribute", rf"{_OWNER} (?:object )?has no attribute {_NAME}"),
    ("attribute", rf"Property {_NAME} does not exist on type {_OWNER}"),
    ("keyword", rf"No parameter named {_NAME}"),
    ("keyword", rf"Unexpected keyword argument {_NAME}"),
    ("name", rf"(?:undefined (?:name|variable)|cannot find name|no value exists in scope for "
             rf"the shorthand property) {_NAME}"),
    ("name", rf"{_NAME} is not defined"),
    ("missing", r"Arguments? missing for parameters? (?P<names>.+)"),
    ("missing", r"Missing (?:named|positional|mandatory keyword) arguments? (?P<names>.+?)"
                r"(?: in (?:function )?call| for |$)"),
    ("missing", r"missing \d+ required (?:positional|keyword-only) arguments?: (?P<names>.+)"),
    ("missing", r"No value for argument (?P<names>.+?) in"),
    ("unused", r"imported but unused"),
    ("unused", r"Unused (?:import\b|[\w$., ]+ imported from)"),
    ("unused", r"is not accessed|value is never read|is declared but never used"),
    ("unused", r"All imports in import declaration are unused|is defined but never used"),
    ("syntax", r"was (?:never|not) closed|unmatched|does not match opening|mismatched"),
    ("syntax", r"expected|unexpected (?:EOF|token|end)|syntax ?error|invalid[- ]syntax"),
)  # fmt: skip
_PATTERNS = tuple((sort, re.compile(pattern, re.IGNORECASE)) for sort, pattern in _WORDS)
