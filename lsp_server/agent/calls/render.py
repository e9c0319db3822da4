"""How tools are shown to a model, and how it is asked to call them: one way for each protocol.

The words are in `prompts/agent/`, one template a protocol. None has an example of a real
name: small models copy it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from lsp_server.agent.calls.schema import Call, Tool
from lsp_server.core.prompts import template

Protocol = Literal["json_bare", "json_tagged", "python_call", "fenced", "xml"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
Way: TypeAlias = Protocol | Literal["native", "two_step"]
"""How a model is asked to call tools: by a protocol; by its endpoint's own means; or, told the same
as for `fenced`, in two steps: free, and then by a grammar (`agent/two_step.py`)."""


def instructions(tools: Iterable[Tool], way: Way) -> str:
    """The part of a system prompt that shows the tools and says how they are called.

    Empty where the endpoint itself shows them.
    """
    if way == "native":
        return ""
    protocol = "fenced" if way == "two_step" else way
    signature = _python_signature if protocol == "python_call" else _signature
    return template(f"agent/{protocol}.md.j2").render(
        tools=list(tools), signature=signature, described=_described, function=_function
    )


def written(call: Call, way: Protocol | Literal["two_step"]) -> str:
    """A call as a model is asked to write it, for what it is shown of its own calls."""
    return _WRITERS[way](call)


def _signature(tool: Tool) -> str:
    """`search(query: string, mode?: "text" | "regex")`."""
    members = [
        f"{name}{'' if name in tool.required else '?'}: {_kind(schema)}"
        for name, schema in tool.properties.items()
    ]
    return f"{tool.name}({', '.join(members)})"


def _python_signature(tool: Tool) -> str:
    """`search(query: str, mode: Literal["text", "regex"] = None)`."""
    members = [
        f"{name}: {_python_kind(schema)}{'' if name in tool.required else ' = None'}"
        for name, schema in tool.properties.items()
    ]
    return f"{tool.name}({', '.join(members)})"


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(json.dumps(each, ensure_ascii=False) for each in schema["enum"])
    kind = schema.get("type", "any")
    if kind in ("array", "tuple"):
        return f"{_kind(schema.get('items', {}))}[]"
    return " | ".join(kind) if isinstance(kind, list) else str(kind)


_PYTHON_KINDS: Mapping[str, str] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "object": "dict",
    "null": "None",
}


def _python_kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    kind = schema.get("type", "any")
    if kind in ("array", "tuple"):
        return f"list[{_python_kind(schema.get('items', {}))}]"
    kinds = kind if isinstance(kind, list) else [kind]
    return " | ".join(_PYTHON_KINDS.get(each, str(each)) for each in kinds)


def _described(tool: Tool) -> list[tuple[str, str]]:
    described = [(name, each.get("description")) for name, each in tool.properties.items()]
    return [(name, text) for name, text in described if text]


def _function(tool: Tool) -> str:
    """The definition in the shape that models with tools of their own were trained on."""
    properties = {
        name: {key: value for key, value in schema.items() if not key.startswith("x-")}
        for name, schema in tool.properties.items()
    }
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": {**tool.parameters, "properties": properties},
    }
    return json.dumps({"type": "function", "function": function}, ensure_ascii=False)


def _object(call: Call) -> str:
    return json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)


def _tagged(call: Call) -> str:
    return f"<tool_call>\n{_object(call)}\n</tool_call>"


def _fenced(call: Call) -> str:
    return f"```json\n{_object(call)}\n```"


def _python(call: Call) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    return f"{call.name}({arguments})"


def _xml(call: Call) -> str:
    values = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in call.arguments.items()
    }
    lines = [f"<parameter={name}>\n{value}\n</parameter>" for name, value in values.items()]
    return "\n".join((f"<function={call.name}>", *lines, "</function>"))


_WRITERS: Mapping[Way, Callable[[Call], str]] = {
    "json_bare": _object,
    "json_tagged": _tagged,
    "python_call": _python,
    "fenced": _fenced,
    "xml": _xml,
    "two_step": _object,
}
