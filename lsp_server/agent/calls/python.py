"""Calls as Python: `read_file(path="a.py", start=1)`, one by one or in a list."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

from lsp_server.agent.calls.extent import End
from lsp_server.agent.calls.forms import Found, Outcome, Scene, Skip
from lsp_server.agent.calls.repair import load
from lsp_server.agent.calls.schema import CUT_OFF, Call, Rejected
from lsp_server.agent.calls.settle import Raw, settle

NAME = re.compile(r"[A-Za-z_]\w*(?:[.-]\w+)*[.:-]?")
_METHOD = ".call"
"""Llama's built-in tools are called as `search.call(query="..")`."""
_WORDS = {"true": True, "false": False, "null": None}
_TEXTS = re.compile(r'("""|\'\'\')(?:\\.|.)*?\1|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.DOTALL)
_LINE_END = re.compile(r"[ \t]*(;|\r?\n|\r?\Z)")


def python_line(scene: Scene, start: int) -> Outcome:
    """The calls that are all that stands on a line, from `start` on; `;` may stand between them."""
    calls: list[Call | Rejected] = []
    at = start
    while True:
        one = one_call(scene, at, strong=False)
        if not isinstance(one, Found):
            return one if one is None or not calls else Found(at, tuple(calls))
        calls += one.calls
        rest = _LINE_END.match(scene.text, one.end)
        if rest is None:
            return Skip(one.end)
        if rest[1] == ";":
            following = scene.behind_space(rest.end())
            if following is None:
                return None
            at = following
        elif rest[1].endswith("\n") or scene.final:
            return Found(one.end, tuple(calls))
        else:
            return None


def python_list(scene: Scene, start: int, *, strong: bool) -> Outcome:
    """The calls of a list that begins at `start`: `[f(a=1), g()]`."""
    calls: list[Call | Rejected] = []
    at = start + 1
    while True:
        place = scene.behind_space(at)
        if place is None:
            return None
        head = scene.text[place : place + 1]
        if calls and head in ("]", ""):
            return Found(place + len(head), tuple(calls))
        if calls and head == ",":
            at = place + 1
            continue
        if calls and scene.text[at - 1] == ")":
            return Found(at, tuple(calls))
        if not (head.isalpha() or head == "_"):
            return Skip(start + 1)
        one = one_call(scene, place, strong=strong)
        if not isinstance(one, Found):
            return one if one is None else Skip(start + 1)
        calls += one.calls
        at = one.end


def one_call(scene: Scene, start: int, *, strong: bool) -> Outcome:
    """The call that begins at `start`, whatever follows it."""
    text = scene.text
    word = NAME.match(text, start)
    if word is None:
        return Skip(start + 1)
    name = word.group()
    if word.end() == len(text):
        tool, dot, method = name.rpartition(".")
        begins_method = dot and _METHOD[1:].startswith(method) and scene.box.find(tool)
        waits = not scene.final and (strong or scene.box.may_begin(name) or begins_method)
        return None if waits else Skip(word.end())
    name = name.removesuffix(_METHOD)
    if scene.box.find(name, typos=strong) is None:
        return Skip(word.end())
    bracket = scene.behind_space(word.end())
    if bracket is None:
        return None
    if text[bracket : bracket + 1] != "(" or "\n" in text[word.end() : bracket]:
        return Skip(word.end())
    end = scene.bracket_end(bracket)
    if end is None:
        return None
    written = text[start : end.index]
    raw = _raw(name, text[bracket : end.index], end)
    if raw is None:
        if not strong and "=" not in written:
            return Skip(word.end())
        problem = f"The arguments of {name} could not be read; write {name}(name=value, ...)."
        return Found(end.index, (Rejected(written, problem),))
    if not strong and not end.whole and not raw.arguments:
        return Skip(word.end())
    return Found(end.index, (settle(raw, scene.box, written),))


def _raw(name: str, brackets: str, end: End) -> Raw | None:
    notes: tuple[str, ...] = ()
    if not end.whole:
        brackets = _closed(brackets)
        notes = (CUT_OFF,) if end.in_text else ("a bracket was missing",)
    tree = _parsed(brackets)
    if tree is None:
        tree, notes = _parsed(_TEXTS.sub(_one_line, brackets)), (*notes, "line ends inside a text")
    if tree is not None:
        return _arguments(name, tree, notes)
    inner = brackets[1:-1].strip()
    loaded = load(inner) if inner.startswith("{") else None
    if loaded is None or not isinstance(loaded.value, dict):
        return None
    return Raw(name, loaded.value, repairs=(*notes[:-1], *loaded.repairs))


def _parsed(brackets: str) -> ast.Call | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            tree = ast.parse(f"f{brackets}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, ast.Call) else None


def _one_line(found: re.Match[str]) -> str:
    text = found.group()
    return text if found[1] else text.replace("\r", "\\r").replace("\n", "\\n")


def _closed(brackets: str) -> str:
    """With the quote and the brackets that were never written."""
    bare = _TEXTS.sub("", brackets)
    if quote := re.search(r'"""|\'\'\'|["\']', bare):
        brackets += quote.group()
        bare = bare[: quote.start()]
    open_brackets = ""
    for character in bare:
        if character in "([{":
            open_brackets = {"(": ")", "[": "]", "{": "}"}[character] + open_brackets
        elif character in ")]}":
            open_brackets = open_brackets[1:]
    return brackets + open_brackets


def _arguments(name: str, tree: ast.Call, notes: tuple[str, ...]) -> Raw | None:
    repairs = list(notes)
    arguments: dict[str, Any] = {}
    try:
        positional = [_value(node) for node in tree.args]
        for keyword in tree.keywords:
            if keyword.arg is not None:
                arguments[keyword.arg] = _keyword(keyword.arg, keyword.value, repairs)
            else:
                arguments |= _value(keyword.value)
    except (ValueError, TypeError):
        return None
    return Raw(name, arguments, tuple(positional), tuple(repairs))


def _keyword(name: str, node: ast.expr, repairs: list[str]) -> Any:
    """An expression counts as its text (`unit=celsius`), unless it calls something."""
    try:
        return _value(node)
    except ValueError:
        if any(isinstance(each, ast.Call | ast.Await) for each in ast.walk(node)):
            raise
        repairs.append(f"{name}: an expression read as text")
        return ast.unparse(node)


def _value(node: ast.expr) -> Any:
    """What a literal says; a tuple or a set is a list. Raises ValueError."""
    match node:
        case ast.Name(id=word) if word in _WORDS:
            return _WORDS[word]
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [_value(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            if None in keys:
                raise ValueError("a dictionary in a dictionary")
            named = [_value(key) for key in keys if key is not None]
            return {
                key if isinstance(key, str) else json.dumps(key): _value(value)
                for key, value in zip(named, values, strict=True)
            }
        case ast.JoinedStr(values=parts) if all(isinstance(each, ast.Constant) for each in parts):
            return "".join(str(_value(each)) for each in parts)
        case _:
            value = ast.literal_eval(node)
            return value if isinstance(value, str | int | float | None) else str(value)
