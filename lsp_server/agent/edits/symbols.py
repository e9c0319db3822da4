"""Edits by name: a whole definition is replaced, so there is no passage that could be misquoted.

    replace_symbol(syntax, "Account.pay", source) -> Applied | Refused

The source may be the definition, with or without its decorators, alone or in its class, or only the
new body. What stands there is left alone if the source seems to leave code out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from tree_sitter import Node

from lsp_server.agent.edits.dress import dress
from lsp_server.agent.edits.lines import Shift, indent, split
from lsp_server.agent.edits.result import Applied, Refused, place
from lsp_server.agent.edits.source import Source, read_source
from lsp_server.core.abridged import leaves_out
from lsp_server.core.definitions import Declared
from lsp_server.core.definitions.base import join, text_of
from lsp_server.core.symbols import Symbol, definitions
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode, ending

MAX_NAMES = 5


@dataclass(frozen=True, slots=True)
class Target:
    """A definition of a file."""

    symbol: Symbol
    declared: Declared

    @property
    def path(self) -> str:
        """The dotted name."""
        return join(self.symbol.container, self.symbol.name)


def find_symbol(syntax: Syntax, qualified_name: str) -> Target | Refused:
    """The one definition of that name: its dotted path, or as much of the end as tells it apart."""
    asked = _SEPARATOR.sub(".", qualified_name.strip().removesuffix("()")).strip(".")
    targets = [Target(symbol, declared) for symbol, declared in definitions(syntax)]
    found = [each for each in targets if each.path == asked]
    if not found:
        # Also with the name of the module in front.
        found = [
            each
            for each in targets
            if each.path.endswith(f".{asked}") or asked.endswith(f".{each.path}")
        ]
        longest = max((each.path.count(".") for each in found), default=0)
        if any(asked.endswith(f".{each.path}") for each in found):
            found = [each for each in found if each.path.count(".") == longest]
    if len(found) == 1:
        return found[0]
    if found:
        lines = split(decode(syntax.data))
        return Refused(
            "Several definitions have this name; name the one that is meant with what it is in.",
            tuple(place(lines, each.symbol.first_row, each.symbol.last_row) for each in found[:5]),
            tuple(dict.fromkeys(each.path for each in found)),
        )
    paths = {each.path for each in targets}
    by_name = {each.symbol.name: each.path for each in targets}
    last = asked.rpartition(".")[2]
    near = get_close_matches(asked, paths, MAX_NAMES, 0.5)
    near += [by_name[name] for name in get_close_matches(last, by_name, MAX_NAMES, 0.6)]
    names = tuple(dict.fromkeys(near))[:MAX_NAMES]
    return Refused("The file defines nothing of this name; use one that it has.", names=names)


def replace_symbol(syntax: Syntax, qualified_name: str, new_source: str) -> Applied | Refused:
    """Put new source in the place of a definition, or of its body.

    Comments above, decorators, `export`, annotations and visibility are kept if the source has
    none; so is the docstring of Python if only a body is given.
    """
    target = find_symbol(syntax, qualified_name)
    if isinstance(target, Refused):
        return target
    declared = target.declared
    if any(_shares(declared, other) for _, other in definitions(syntax)):
        return Refused("It shares its statement with other names; edit the lines instead.")
    if leaves_out(new_source) and not leaves_out(text_of(declared.whole, syntax.data)):
        return Refused("The new source leaves code out; write the whole definition.")
    source = read_source(syntax.grammar, new_source, target.symbol.name)
    match source:
        case Refused():
            return source
        case Source():
            return _spliced(syntax, *_definition(syntax, declared, source))
    if declared.body is None:
        return Refused("It has no body; write the whole definition.")
    return _spliced(syntax, *_body(syntax, declared.body, source))


def _shares(declared: Declared, other: Declared) -> bool:
    """Whether two definitions are in one statement: `a, b = 0, 1`."""
    return declared.whole == other.whole and declared.name != other.name


def _definition(syntax: Syntax, declared: Declared, source: Source) -> tuple[int, int, str]:
    """What is replaced, and by what: the source, with what only the old one wears."""
    worn, new = dress(declared.whole), source.dress
    above = b"".join(
        syntax.data[part.start : part.end] for part in worn.above if part.kind not in new.kinds
    )
    beside = b"".join(syntax.data[part.start : part.end] for part in worn.beside)
    begin = new.beside[0].start if new.beside else new.bare
    text = (
        decode(source.data[new.start : begin])
        + (decode(beside) if not new.beside else "")
        + decode(source.data[begin : source.whole.end_byte])
    )
    fitted = _fitted(text, _indent_at(source.data, new.start), syntax, worn.start)
    return worn.start, declared.whole.end_byte, decode(above) + fitted


def _body(syntax: Syntax, body: Node, new: str) -> tuple[int, int, str]:
    """What is replaced, and by what: all between header and end, but for a docstring."""
    data = syntax.data
    unit = Shift.of({}, (), split(decode(data))).real_unit
    header = _indent_at(data, body.start_byte)
    if syntax.grammar != "python":
        if new.startswith("{") and new.endswith("}"):
            return body.start_byte, body.end_byte, _fitted(new, "", syntax, body.start_byte)
        inner = _shifted(new, "", header + unit, syntax)
        return body.start_byte, body.end_byte, f"{{\n{inner}\n{header}}}"
    line = data[data.rfind(b"\n", 0, body.start_byte) + 1 : body.start_byte]
    if line.strip():  # `def f(): return 1`
        inner = _shifted(new, "", header + unit, syntax)
        before = len(line) - len(line.rstrip())
        return body.start_byte - before, body.end_byte, f"\n{inner}"
    first = body.named_child(0)
    if first is not None and _is_text(first) and not _TEXT.match(new):
        inner = _shifted(new, "", header, syntax)
        return first.end_byte, body.end_byte, f"\n{inner}"
    return body.start_byte, body.end_byte, _fitted(new, "", syntax, body.start_byte)


def _is_text(statement: Node) -> bool:
    inner = statement.named_child(0)
    return statement.type == "expression_statement" and bool(inner and inner.type == "string")


def _fitted(text: str, quoted: str, syntax: Syntax, start: int) -> str:
    """Source that begins at a place, indented as its line is."""
    real = _indent_at(syntax.data, start)
    return _shifted(quoted + text, quoted, real, syntax).removeprefix(real)


def _shifted(text: str, quoted: str, real: str, syntax: Syntax) -> str:
    lines = text.split("\n")
    shifted = Shift.of({quoted: real}, lines, split(decode(syntax.data)))
    return "\n".join(shifted(line) for line in lines)


def _indent_at(data: bytes, offset: int) -> str:
    """The indentation of the line that a byte is in."""
    return indent(decode(data[data.rfind(b"\n", 0, offset) + 1 : offset]))


def _spliced(syntax: Syntax, start: int, end: int, new: str) -> Applied | Refused:
    whole = decode(syntax.data)
    new = new.replace("\n", ending(split(whole)))
    text = decode(syntax.data[:start]) + new + decode(syntax.data[end:])
    if text == whole:
        return Refused("The definition is like this already; write what is to change.")
    first = len(split(decode(syntax.data[:start]) + "x")) - 1
    return Applied(text, 1.0, "symbol", first, first + len(split(new)) - 1)


_SEPARATOR = re.compile(r"::|#|->|/")
_TEXT = re.compile(r"[rRuUbB]{0,2}(\"\"\"|''')")
