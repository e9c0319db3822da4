"""A grammar for "a call, now": the name of a tool, and arguments that its schema allows.

For models that reason well and spell badly: they think without it, and then write the call with it.
Source of the format: llama.cpp, grammars/README.md (GBNF).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lsp_server.agent.calls.coerce import standard_type
from lsp_server.agent.calls.schema import Tool

Form = Literal["json_bare", "python_call"]
MAX_TEXT = 256
"""Characters of a text: for names and short arguments. Code is written outside of calls."""
MAX_ITEMS = 16
"""Of a list."""

_COMMON = rf"""
text ::= "\"" character{{0,{MAX_TEXT}}} "\""
character ::= [^"\\\x00-\x1f\x7f] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{{4}})
integer ::= "-"? ("0" | [1-9] [0-9]{{0,14}})
number ::= integer ("." [0-9]{{1,15}})?
any ::= text | number | boolean | null | "[" (any (", " any)*)? "]" | object
object ::= "{{" (text ": " any (", " text ": " any)*)? "}}"
"""


@dataclass(frozen=True, slots=True)
class _Spelling:
    """What differs between JSON and Python."""

    before: str
    """Between a tool's name and its arguments; the name of the tool stands at `%s`."""
    after: str
    argument: str
    """Before a value; its name stands at `%s`."""
    words: str


_SPELLINGS: Mapping[Form, _Spelling] = {
    "json_bare": _Spelling(
        '{"name": %s, "arguments": {',
        "}}",
        "%s: ",
        'boolean ::= "true" | "false"\nnull ::= "null"',
    ),
    "python_call": _Spelling("%s(", ")", "%s=", 'boolean ::= "True" | "False"\nnull ::= "None"'),
}


def choice_grammar(texts: Iterable[str]) -> str:
    """One of some texts, and nothing else."""
    return f"root ::= {' | '.join(map(_literal, texts))}\n"


def call_grammar(tools: Iterable[Tool], form: Form) -> str:
    """The texts that call one of the tools, once.

    What is required comes first, then any of the optional arguments, in the order of the schema.
    """
    spelling = _SPELLINGS[form]
    rules: list[str] = []
    calls: list[str] = []
    for number, tool in enumerate(tools):
        calls.append(f"call-{number}")
        names = [*tool.required, *(name for name in tool.properties if name not in tool.required)]
        begins = [_literal(spelling.argument % _name(name, form)) for name in names]
        values = [_value(tool.properties.get(name, {}), form) for name in names]
        pairs = [f"{begin} {value}" for begin, value in zip(begins, values, strict=True)]
        begin, end = _literal(spelling.before % _name(tool.name, form)), _literal(spelling.after)
        arguments = _sequence(pairs, len(tool.required))
        rules.append(f"call-{number} ::= {begin} {arguments} {end}")
    root = f"root ::= {' | '.join(calls)}"
    return "\n".join((root, *rules, spelling.words, _COMMON.strip())) + "\n"


def _sequence(pairs: Sequence[str], required: int) -> str:
    """All of the required pairs, and any of the others in their order, with commas between."""
    tails = [f'(", " {pair})?' for pair in pairs]
    if required:
        return " ".join(
            (pairs[0], *(f'", " {pair}' for pair in pairs[1:required]), *tails[required:])
        )
    starts = [" ".join((pair, *tails[at + 1 :])) for at, pair in enumerate(pairs)]
    return f"({' | '.join(starts)})?" if starts else '""'


def _name(name: str, form: Form) -> str:
    return name if form == "python_call" else json.dumps(name, ensure_ascii=False)


def _value(schema: Mapping[str, Any], form: Form) -> str:
    if "enum" in schema:
        return f"({' | '.join(_literal(_spelled(each, form)) for each in schema['enum'])})"
    match standard_type(schema.get("type", "any")):
        case "string":
            return "text"
        case "integer" | "number" | "boolean" | "null" | "object" as kind:
            return str(kind)
        case "array":
            item = _value(schema.get("items", {}), form)
            return f'"[" ({item} (", " {item}){{0,{MAX_ITEMS - 1}}})? "]"'
        case _:
            return "any"


def _spelled(value: Any, form: Form) -> str:
    if form == "python_call" and not isinstance(value, str):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def _literal(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text).replace("\n", "\\n") + '"'
