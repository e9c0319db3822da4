"""Calls of the ReAct form: a line `Action: name`, then a line `Action Input: {..}`."""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_server.agent.calls.forms import Found, Outcome, Scene, Skip
from lsp_server.agent.calls.objects import json_arguments, json_calls
from lsp_server.agent.calls.python import one_call
from lsp_server.agent.calls.settle import Raw, settle

LABELS = ("action:", "**action:**", "**action**:", "tool:", "function:")
_LABEL = re.compile(r"(?:\*\*)?(action|tool|function)(?:\*\*)?:(?:\*\*)?[ \t]*", re.IGNORECASE)
_NAME = re.compile(r"[`\"']?([A-Za-z_][\w.-]*)[`\"']?[ \t]*")
_INPUT = re.compile(
    r"\s*(?:\*\*)?(?:action[ _]input|input|arguments|args|parameters)(?:\*\*)?:(?:\*\*)?",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```(?:json)?\r?\n\s*")
_MAY_BE_INPUT = (
    *("action input:", "action_input:", "**action input:**", "**action input**:"),
    *("input:", "arguments:", "args:", "parameters:"),
)


def react_call(scene: Scene, start: int) -> Outcome:
    """The call whose label begins at `start`, the first place of its line that is no space."""
    text = scene.text
    label = _LABEL.match(text, start)
    if label is None:
        rest = text[start:].casefold()
        waits = not scene.final and any(
            len(rest) < len(each) and each.startswith(rest) for each in LABELS
        )
        return None if waits else Skip(start + 1)
    at = label.end()
    if (at == len(text) and not scene.final) or scene.may_become(at, ("**",)):
        return None
    if text[at : at + 1] == "{":
        return json_calls(scene, at, strong=False)
    word = _NAME.match(text, at)
    if word is None:
        return None if text[at:] in ("`", '"', "'") and not scene.final else Skip(start + 1)
    if word.end() == len(text) and not scene.final:
        return None
    tool = scene.box.find(word[1], typos=True)
    if tool is None:
        return Skip(start + 1)
    following = text[word.end() : word.end() + 1]
    if following == "(":
        called = one_call(scene, word.start(1), strong=True)
        return called if not isinstance(called, Skip) else Skip(start + 1)
    if following == "[":
        return _bracketed(scene, start, word.end(), word[1])
    if following == "{":
        return json_arguments(scene, start, word.end(), word[1])
    if following not in ("\n", "\r", ""):
        return Skip(start + 1)
    return _with_input(scene, start, word.end(), word[1], sure=label[1].casefold() == "action")


def _bracketed(scene: Scene, start: int, bracket: int, name: str) -> Outcome:
    """`name[value]`, to the end of the line."""
    line_end = scene.text.find("\n", bracket)
    if line_end < 0 and not scene.final:
        return None
    end = len(scene.text) if line_end < 0 else line_end
    value = scene.text[bracket + 1 : end].rstrip().removesuffix("]")
    return Found(end, (settle(Raw(name, value), scene.box, scene.text[start:end]),))


def _with_input(scene: Scene, start: int, at: int, name: str, *, sure: bool) -> Outcome:
    text = scene.text
    label = _INPUT.match(text, at)
    following = scene.behind_space(at)
    if following is None:
        return None
    rest = text[following:].casefold()
    if label is None:
        if not scene.final and any(each.startswith(rest) for each in _MAY_BE_INPUT):
            return None
        if not sure:
            return Skip(start + 1)
        called = settle(Raw(name, {}), scene.box, text[start:at])
        return Found(at, (called,))
    # What follows the label may stand on the next line, and may be fenced.
    value = scene.behind_space(label.end())
    if value is None or scene.may_become(value, ("```json\r\n", "```json\n", "```\r\n", "```\n")):
        return None
    fence = _FENCE.match(text, value)
    if fence:
        value = fence.end()
    if value == len(text) and not scene.final:
        return None
    if text[value : value + 1] == "{":
        outcome = json_arguments(scene, start, value, name)
        return replace(outcome, marks="```") if fence and isinstance(outcome, Found) else outcome
    line_end = text.find("\n", value)
    if line_end < 0 and not scene.final:
        return None
    end = len(text) if line_end < 0 else line_end
    written = text[start:end]
    bare = text[value:end].strip().strip("`\"'")
    if not bare or bare.casefold() in ("none", "null", "n/a"):
        return Found(end, (settle(Raw(name, {}), scene.box, written),))
    return Found(end, (settle(Raw(name, bare), scene.box, written),))
