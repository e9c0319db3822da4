"""What the agent can do. Each file has the tools of one kind, and says what they do to the user's.

`base` is what a tool is. Few are offered to a small model: each costs it a part of its attention.
"""

from __future__ import annotations

from lsp_server.agent.tools import edit, git, read, run, search, symbols
from lsp_server.agent.tools.base import Tool

READING = (read.READ, search.TOOL, symbols.TOOL, read.LIST, git.TOOL)
WRITING = (edit.EDIT, edit.REPLACE, edit.IMPORT)
ALL = (*READING, *WRITING, run.TOOL)
FEW = (read.READ, search.TOOL, symbols.TOOL, edit.EDIT, run.TOOL)


def offered(*, writes: bool, few: bool) -> tuple[Tool, ...]:
    """The tools of a session. `writes`: it may edit and run; `few`: the model is a small one."""
    chosen = FEW if few else ALL
    return chosen if writes else tuple(tool for tool in chosen if tool in READING)
