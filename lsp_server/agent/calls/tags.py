"""Calls that a tag or a control token announces, whatever stands behind it.

Hermes and Qwen write `<tool_call>`, Mistral `[TOOL_CALLS]`, Llama `<|python_tag|>`, DeepSeek
`<｜tool▁call▁begin｜>`, Kimi `<|tool_call_begin|>`, gpt-oss `<|channel|>commentary to=`; small
models write `<tools>`, `<function_call>` or `<response>` instead of what they were taught.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_server.agent.calls.forms import Found, Outcome, Scene, Skip
from lsp_server.agent.calls.objects import json_arguments, json_calls
from lsp_server.agent.calls.python import NAME, one_call, python_list
from lsp_server.agent.calls.schema import Rejected
from lsp_server.agent.calls.settle import Raw, settle
from lsp_server.agent.calls.xml import read_body, tool_use, xml_call

_STRONG = (
    "<tool_call>",
    "<tool_calls>",
    "<toolcall>",
    "<function_call>",
    "<function_calls>",
    "<functioncall>",
    "<tool_use>",
    "<minimax:tool_call>",
    "<|tool_call|>",
    "<|tool_calls|>",
    "<|tool_call_begin|>",
    "<|tool_calls_section_begin|>",
    "<|python_tag|>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁call▁begin｜>",
    "[TOOL_CALLS]",
    "<function>",
)
_WEAK = ("<tools>", "<tool>", "<response>", "<tool_code>", "<action>", "<json>")
_CHANNEL = "<|channel|>"
_MESSAGE = re.compile(
    r"<\|channel\|>\w*\s*to=([\w.-]+)\s*(?:<\|\w+\|>)?\s*(?:json)?\s*<\|message\|>\s*"
)
_SEPARATOR = re.compile(
    r"""(?:function)?<｜tool▁sep｜> | <\|tool_call_argument_begin\|> | <\|tool_sep\|> | \[ARGS\]
        | ```(?:json)?\r?\n""",
    re.VERBOSE,
)
_NUMBER = re.compile(r":\d+")
_SEPARATORS = (
    "function<｜tool▁sep｜>",
    "<｜tool▁sep｜>",
    "<｜tool▁call▁begin｜>",
    "<|tool_call_argument_begin|>",
    "<|tool_call_begin|>",
    "[ARGS]",
    "```json\n",
    "```json\r\n",
    "```\n",
    "```\r\n",
)
_TAGS = (
    "tool_call tool_calls toolcall tools tool function_call function_calls functioncall function"
)
_TAGS += " response tool_use invoke tool_code action json minimax:tool_call"
CLOSERS = (
    *(f"</{tag}>" for tag in _TAGS.split()),
    *("<|/tool_call|>", "<|/tool_calls|>", "<|tool_call_end|>", "<|tool_calls_section_end|>"),
    *("<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>", "<｜end▁of▁sentence｜>", "[/TOOL_CALLS]"),
    *("<|call|>", "<|eom_id|>", "<|eot_id|>", "<|im_end|>", "<|end|>", "</s>"),
)
"""What may stand behind a call and belongs to it."""
_CLOSER = re.compile("|".join(map(re.escape, CLOSERS)))


def tagged_call(scene: Scene, start: int) -> Outcome:
    """The calls that a tag at `start` announces, or that are tags themselves."""
    text = scene.text
    for opener in _STRONG:
        if text.startswith(opener, start):
            return _content(scene, start, start + len(opener), strong=True)
    if scene.may_become(start, (*_STRONG, *_WEAK, _CHANNEL)):
        return None
    if text.startswith(_CHANNEL, start):
        return _channel(scene, start)
    for opener in _WEAK:
        if text.startswith(opener, start):
            if scene.box.find(opener[1:-1]) is not None:
                break
            return _content(scene, start, start + len(opener), strong=False)
    if text.startswith("<", start):
        return xml_call(scene, start, strong=False)
    return Skip(start + 1)


def content_call(scene: Scene, start: int, at: int, *, strong: bool) -> Outcome:
    """What is announced at `start` and begins at `at`, where no space stands."""
    head = scene.text[at : at + 1]
    if head == "{":
        return json_calls(scene, at, strong=strong)
    if head == "[":
        listed = python_list(scene, at, strong=strong)
        return listed if not isinstance(listed, Skip) else json_calls(scene, at, strong=strong)
    if head.isalpha() or head == "_":
        return _by_name(scene, start, at, strong=strong)
    return Skip(start + 1)


def _content(scene: Scene, start: int, at: int, *, strong: bool) -> Outcome:
    text = scene.text
    while True:
        place = scene.behind_space(at)
        if place is None or scene.may_become(place, _SEPARATORS):
            return None
        separator = _SEPARATOR.match(text, place)
        if separator is None:
            break
        at = separator.end()
    if text[place : place + 1] == "<":
        used = tool_use(scene, start, place) if strong else Skip(start)
        if not isinstance(used, Skip):
            return used
        nested = tagged_call(scene, place)
        if isinstance(nested, Skip) and strong:
            nested = xml_call(scene, place, strong=True)
        return nested if not isinstance(nested, Skip) else Skip(start + 1)
    found = content_call(scene, start, place, strong=strong)
    if isinstance(found, Found) and "```" in text[start:place]:
        return replace(found, marks="```")
    return found if not isinstance(found, Skip) else Skip(start + 1)


def _by_name(scene: Scene, start: int, at: int, *, strong: bool) -> Outcome:
    """A name, and then its arguments: in brackets, as JSON, or as tags."""
    text, box = scene.text, scene.box
    called = one_call(scene, at, strong=strong)
    if not isinstance(called, Skip):
        return called
    word = NAME.match(text, at)
    if word is None:
        return Skip(start + 1)
    name = word.group().rstrip(".:-")
    known = box.find(name, typos=strong)
    place = word.end()
    if word.group().endswith(":"):  # Kimi numbers its calls: `name:0`
        place -= 1
    number = _NUMBER.match(text, place)
    if number is not None:
        place = number.end()
    while True:
        following = scene.behind_space(place)
        if following is None or scene.may_become(following, _SEPARATORS):
            return None
        separator = _SEPARATOR.match(text, following)
        if separator is None:
            break
        place = separator.end()
    if text[following : following + 1] == ":":
        return None if following + 1 == len(text) and not scene.final else Skip(start + 1)
    if text[following : following + 1] == "{" and (known or strong):
        called = json_arguments(scene, start, following, name)
        if isinstance(called, Found) and "```" in text[at:following]:
            return replace(called, marks="```")
        return called
    if known is None or not strong:
        return Skip(start + 1)
    closer = scene.search(_CLOSER, following)
    if closer is None and not scene.final:
        return None
    stop = closer.start() if closer else len(text)
    written = text[start:stop]
    body = text[following:stop]
    if body and not body.startswith("<"):
        problem = f'The arguments of {known.name} must be JSON, as in {{"name": value}}.'
        return Found(stop, (Rejected(written, problem),))
    ended = closer is not None
    raw = read_body(known, name, body, {}, ended=ended) if body else Raw(name, {})
    return Found(stop, (settle(raw, box, written),))


def _channel(scene: Scene, start: int) -> Outcome:
    message = _MESSAGE.match(scene.text, start)
    if message is not None:
        at = message.end()
        if at == len(scene.text) and not scene.final:
            return None
        if scene.text[at : at + 1] == "{":
            return json_arguments(scene, start, at, message[1].removeprefix("functions."))
        return Skip(start + 1)
    waits = not scene.final and "{" not in scene.text[start:] and "\n" not in scene.text[start:]
    return None if waits and "<|message|>" not in scene.text[start:] else Skip(start + 1)
