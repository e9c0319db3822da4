"""Calls in a fenced block: JSON, Python, tags, or the `TOOL_NAME:` lines of Continue."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_server.agent.calls.forms import Found, Outcome, Scene, Skip
from lsp_server.agent.calls.objects import json_arguments
from lsp_server.agent.calls.python import one_call
from lsp_server.agent.calls.schema import CUT_OFF, Call, Rejected
from lsp_server.agent.calls.settle import Raw, settle
from lsp_server.agent.calls.tags import content_call, tagged_call

_OPENER = re.compile(r"(?P<marks>`{3,}|~{3,})[ \t]*(?P<language>[\w.+-]*)[^\n]*(?P<end>\n|\Z)")
_ANNOUNCING = {
    "tool_call",
    "tool_calls",
    "tool",
    "tool_use",
    "function_call",
    "action",
    "functions",
}
_PYTHON = {"python", "py", "python3", "tool_code"}
_OPEN = _ANNOUNCING | {
    "",
    "json",
    "jsonc",
    "json5",
    "xml",
    "text",
    "txt",
    "plaintext",
    "javascript",
}
_STATEMENT = re.compile(r"(?:[A-Za-z_]\w*[ \t]*=(?!=)[ \t]*)?(?:await[ \t]+)?(?:print\()?")
_MAY_BE_STATEMENT = re.compile(r"(?:[A-Za-z_]\w*[ \t]*(?:=[ \t]*)?)?(?:await[ \t]*)?(?:print\(?)?")
_TOOL_NAME = re.compile(r"TOOL_NAME:[ \t]*([\w.:-]+)[ \t]*\n")
_ARGUMENT = re.compile(r"BEGIN_ARG:[ \t]*([\w.-]+)[ \t]*\n")
_END_OF_ARGUMENT = re.compile(r"\n?[ \t]*END_ARG")


@dataclass(frozen=True, slots=True)
class Fence:
    """The first line of a fenced block."""

    marks: str
    language: str
    end: int
    """The index behind the line."""

    @property
    def is_open(self) -> bool:
        """Whether calls may stand anywhere in the block."""
        return self.language in _OPEN


def fence_at(scene: Scene, start: int) -> Fence | Skip | None:
    """The fence whose marks begin at `start`, the first place of its line that is no space."""
    found = _OPENER.match(scene.text, start)
    if found is None:
        mark = scene.text[start]
        return None if scene.may_become(start, (mark * 3,)) else Skip(start + 1)
    if not found["end"] and not scene.final:
        return None
    return Fence(found["marks"], found["language"].casefold(), found.end())


def fenced_call(scene: Scene, fence: Fence) -> Outcome:
    """The calls that the content of a fence begins with, or, if it is Python, consists of."""
    if fence.language in _PYTHON:
        return _python(scene, fence)
    at = scene.behind_space(fence.end)
    if at is None or scene.may_become(at, ("TOOL_NAME:",)):
        return None
    if scene.text.startswith("TOOL_NAME:", at):
        return named_lines(scene, at)
    head = scene.text[at : at + 1]
    tool = scene.box.find(fence.language) if fence.language else None
    if tool is not None:
        return json_arguments(scene, at, at, tool.name) if head == "{" else Skip(fence.end)
    if not fence.is_open:
        return Skip(fence.end)
    announced = fence.language in _ANNOUNCING
    if head == "<" or scene.text.startswith("[TOOL_CALLS", at):
        return tagged_call(scene, at)
    if head.isalpha() or head == "_":
        if announced:
            return content_call(scene, at, at, strong=True)
        return _python(scene, fence)
    if head in ("{", "["):
        return content_call(scene, at, at, strong=announced)
    return Skip(fence.end)


def named_lines(scene: Scene, start: int) -> Outcome:
    """`TOOL_NAME: ..`, then for each argument `BEGIN_ARG: ..`, its value, `END_ARG`."""
    text = scene.text
    named = _TOOL_NAME.match(text, start)
    if named is None:
        waits = not scene.final and "\n" not in text[start:]
        return None if waits else Skip(start + 1)
    tool = scene.box.find(named[1], typos=True)
    if tool is None:
        return Skip(start + 1)
    arguments: dict[str, str] = {}
    at = named.end()
    repairs: tuple[str, ...] = ()
    while True:
        place = scene.behind_space(at)
        if place is None or scene.may_become(place, ("BEGIN_ARG:",)):
            return None
        if not text.startswith("BEGIN_ARG:", place):
            break
        argument = _ARGUMENT.match(text, place)
        end = scene.search(_END_OF_ARGUMENT, argument.end()) if argument else None
        if (argument is None or end is None) and not scene.final:
            return None
        if argument is None:
            break
        if end is None:
            repairs = (CUT_OFF,)
        arguments[argument[1]] = text[argument.end() : end.start() if end else len(text)]
        at = end.end() if end else len(text)
    raw = Raw(named[1], arguments, repairs=repairs)
    return Found(at, (settle(raw, scene.box, text[start:at]),))


def _python(scene: Scene, fence: Fence) -> Outcome:
    """The calls of a block that holds nothing else: `result = f(a=1)` and `print(f(a=1))` too."""
    text = scene.text
    calls: list[Call | Rejected] = []
    at = fence.end
    while True:
        place = scene.behind_space(at)
        if place is None or scene.may_become(place, (fence.marks,)):
            return None
        if place == len(text) or text.startswith(fence.marks, place):
            return Found(place, tuple(calls)) if calls else Skip(fence.end)
        if text[place] == "#":
            line_end = text.find("\n", place)
            if line_end < 0 and not scene.final:
                return None
            at = line_end + 1 if line_end >= 0 else len(text)
            continue
        if text[place] in ";" and calls:
            at = place + 1
            continue
        if not scene.final and _MAY_BE_STATEMENT.fullmatch(text, place):
            return None
        statement = _STATEMENT.match(text, place)
        assert statement is not None
        called = one_call(scene, statement.end(), strong=False)
        if not isinstance(called, Found):
            return called if called is None else Skip(fence.end)
        calls += called.calls
        at = called.end
        if statement.group().endswith("print("):
            bracket = scene.behind_space(at)
            if bracket is None:
                return None
            at = bracket + 1 if text[bracket : bracket + 1] == ")" else bracket
