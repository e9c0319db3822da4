"""The first message of a session. It never changes within one, so it is evaluated once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsp_server.agent import written_edits
from lsp_server.agent.calls.render import Way, instructions
from lsp_server.agent.calls.schema import Tool
from lsp_server.agent.display import visible
from lsp_server.core.prompts import template

MAX_NAME = 60
"""Of the folder's name; who packed it chose that, and may have put more into it."""


def system_message(
    root: Path,
    tools: Sequence[Tool],
    way: Way,
    *,
    writes: bool,
    rules: str = "",
    names: str = "",
) -> str:
    """What a model is told of where it is.

    `way`: how it calls tools. `rules`: the project's own, if it is trusted. `names`: those that
    most of the project uses.
    """
    in_blocks = way != "native" and any(tool.name == written_edits.TOOL for tool in tools)
    called = [tool for tool in tools if not in_blocks or tool.name != written_edits.TOOL]
    return template("agent/system.md.j2").render(
        folder=visible(root.name, keep="")[:MAX_NAME],
        writes=writes,
        rules=rules,
        names=names,
        tools=instructions(called, way),
        in_blocks=in_blocks,
    )
