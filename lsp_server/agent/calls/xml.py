"""Calls as tags: `<function=name><parameter=x>..`, `<invoke name="..">`, `<name><x>..</x></name>`.

It is no XML: values are raw code. So nothing is unescaped, and a value ends at its own end tag.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lsp_server.agent.calls.forms import Found, Outcome, Scene, Skip
from lsp_server.agent.calls.names import Toolbox, resembling
from lsp_server.agent.calls.objects import raw_calls
from lsp_server.agent.calls.repair import load
from lsp_server.agent.calls.schema import CUT_OFF, Rejected, Tool
from lsp_server.agent.calls.settle import Raw, settle

_LONGEST_TAG = 300
_OPENER = re.compile(
    r"""<(?:(?P<kind>function|invoke|tool|tool_call|tool_use|call)
          (?:=|[ \t]+(?:name|tool|function)[ \t]*=[ \t]*)["']?(?P<named>[\w.:-]+)["']?
         |(?P<tag>[A-Za-z_][\w.-]*))
        (?P<attributes>(?:[ \t]+[\w-]+[ \t]*=[ \t]*(?:"[^"\n<>]*"|'[^'\n<>]*'))*)
        [ \t]*(?P<closed>/?)>""",
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_OUTER = r"</(?:tool_calls?|function_calls|minimax:tool_call|tool_use)>"
_END_OF_USE = re.compile(rf"{_OUTER}|(?=<tool_use>)")
_PARAMETER = re.compile(
    r"""<(?P<kind>parameter|param|argument|arg)(?:=|\s+name\s*=\s*)["']?(?P<key>[\w.-]+)["']?[^<>]*>"""
)
_PAIR = re.compile(
    r"<arg_key>\s*(?P<key>[^<]*?)\s*</arg_key>\s*<arg_value>(?P<value>.*?)(?:</arg_value>|\Z)",
    re.DOTALL,
)
_TAG = re.compile(r"<(?P<key>[A-Za-z_][\w.-]*)(?:\s[^<>]*)?>")
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*)\]\]>\s*", re.DOTALL)
_GROUPS = {"parameters", "params", "arguments", "args", "input", "function"}
_NAME_TAGS = ("tool_name", "name", "function_name")


def xml_call(scene: Scene, start: int, *, strong: bool) -> Outcome:
    """The call whose tag begins at `start`."""
    text = scene.text
    opener = _OPENER.match(text, start)
    if opener is None or opener.end() - start > _LONGEST_TAG:
        open_still = not scene.final and ">" not in text[start:] and _may_open(scene, start)
        return None if open_still else Skip(start + 1)
    name = opener["named"] or opener["tag"]
    tool = scene.box.find(name, typos=opener["named"] is not None)
    if tool is None and not (strong and opener["named"]):
        return Skip(start + 1)
    given: dict[str, Any] = {
        key: double or single for key, double, single in _ATTRIBUTE.findall(opener["attributes"])
    }
    if opener["closed"]:
        raw = Raw(name, given)
        return Found(opener.end(), (settle(raw, scene.box, opener.group()),))
    if opener["tag"] and not strong:
        body = scene.behind_space(opener.end())
        if body is None:
            return None
        if text[body : body + 1] not in ("<", "{"):
            return Skip(start + 1)
    closing = re.compile(rf"</{re.escape(opener['kind'] or name)}\s*>|(?={_OUTER})")
    end = scene.search(closing, opener.end())
    if end is None and not scene.final:
        return None
    stop, behind = (end.start(), end.end()) if end else (len(text), len(text))
    written = text[start:behind]
    if tool is None:
        return Found(behind, (Rejected(written, scene.box.unknown(name)),))
    raw = read_body(tool, name, text[opener.end() : stop], given, ended=end is not None)
    if opener["tag"] and not strong and not raw.arguments and tool.required:
        return Skip(opener.end())
    return Found(behind, (settle(raw, scene.box, written),))


def tool_use(scene: Scene, start: int, inside: int) -> Outcome:
    """The call of tags for its name and its arguments: `<name>..</name><arguments>..</arguments>`.

    `start` is where the outer tag begins, `inside` where its content does.
    """
    text = scene.text
    named = re.compile(rf"<({'|'.join(_NAME_TAGS)})>\s*([\w.:-]+)\s*</\1>\s*").match(text, inside)
    if named is None:
        whole = any(f"</{tag}>" in text[inside:] for tag in _NAME_TAGS)
        opening = any(text.startswith(f"<{tag}>", inside) for tag in _NAME_TAGS)
        waits = (opening and not whole and not scene.final) or scene.may_become(
            inside, [f"<{tag}>" for tag in _NAME_TAGS]
        )
        return None if waits else Skip(start + 1)
    end = scene.search(_END_OF_USE, named.end())
    if end is None and not scene.final:
        return None
    stop, behind = (end.start(), end.end()) if end else (len(text), len(text))
    written = text[start:behind]
    tool = scene.box.find(named[2], typos=True)
    if tool is None:
        return Found(behind, (Rejected(written, scene.box.unknown(named[2])),))
    raw = read_body(tool, named[2], text[named.end() : stop], {}, ended=end is not None)
    return Found(behind, (settle(raw, scene.box, written),))


def read_body(tool: Tool, name: str, body: str, given: dict[str, Any], *, ended: bool) -> Raw:
    """The call with what stands between its tags: JSON, tags of arguments, or one bare value.

    `ended`: an end tag stands behind it.
    """
    raw = _body(tool, name, body, given)
    if ended or body.rstrip().endswith((">", "}")):
        return raw
    return replace(raw, repairs=(*raw.repairs, CUT_OFF))


def _body(tool: Tool, name: str, body: str, given: dict[str, Any]) -> Raw:
    bare = body.strip()
    if not bare:
        return Raw(name, given)
    if bare[0] in "{[":
        loaded = load(bare)
        if loaded is not None:
            inner = loaded.value
            called = raw_calls(inner, Toolbox([tool]), strong=False)
            arguments = called[0].arguments if called else inner
            return Raw(name, arguments, repairs=loaded.repairs)
    arguments = dict(given)
    for pair in _PAIR.finditer(body):
        arguments[pair["key"]] = _value(pair["value"])
    at = 0
    while not _PAIR.search(body):
        explicit, tag = _PARAMETER.search(body, at), _TAG.search(body, at)
        found = explicit if explicit and (not tag or explicit.start() <= tag.start()) else tag
        if found is None:
            break
        at = found.end()
        key = found["key"]
        if found is tag:
            if key in _GROUPS and key not in tool.properties:
                group = re.compile(rf"\s*(\{{.*\}})\s*(?:</{key}>|\Z)", re.DOTALL).match(body, at)
                if group:
                    return Raw(name, group[1])
                continue
            if key not in given and _parameter(tool, key) is None:
                continue
        at, arguments[key] = _read_value(body, at, key if found is tag else found["kind"])
    return Raw(name, arguments or bare)


def _read_value(body: str, start: int, tag: str) -> tuple[int, str]:
    """The value that begins at `start`: up to its end tag, or to where the next argument begins."""
    end = re.compile(rf"</{re.escape(tag)}\s*>").search(body, start)
    following = _PARAMETER.search(body, start)
    if following and (end is None or following.start() < end.start()):
        return following.start(), _value(body[start : following.start()])
    if end is None:
        return len(body), _value(body[start:])
    return end.end(), _value(body[start : end.start()])


def _value(text: str) -> str:
    if cdata := _CDATA.fullmatch(text):
        return cdata[1]
    if "\n" not in text.strip():
        return text.strip()
    return text.removeprefix("\r").removeprefix("\n").removesuffix("\n")


def _parameter(tool: Tool, key: str) -> str | None:
    aliases = [alias for each in tool.properties.values() for alias in each.get("x-aliases", ())]
    return resembling(key, (*tool.properties, *aliases), typos=True)


def _may_open(scene: Scene, start: int) -> bool:
    rest = scene.text[start + 1 :]
    if len(rest) > _LONGEST_TAG or "\n" in rest or "<" in rest:
        return False
    word = re.match(r"[\w.:-]*", rest)
    assert word is not None
    tags = ("function", "invoke", "tool", "call", "tool_call", "tool_use")
    if word.end() == len(rest):
        return any(tag.startswith(rest) for tag in tags) or scene.box.may_begin(rest)
    return word.group() in tags or scene.box.find(word.group()) is not None
