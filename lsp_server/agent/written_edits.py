"""Edits that a model writes as search/replace blocks in its answer: code is never inside JSON.

    calls(prose) -> calls of the tool `edit`, or sentences for the model

Small models lose quotes and line ends in arguments; in a block they write code as it is.
"""

from __future__ import annotations

import re

from lsp_server.agent.calls.schema import Call, Rejected
from lsp_server.agent.edits.blocks import read_blocks

TOOL = "edit"
_MARKER = re.compile(r"^[ \t]*<{4,}[ \t]*\w", re.MULTILINE)
_NO_PATH = "Write the file's path on the line above the block."


def calls(prose: str) -> list[Call | Rejected]:
    """What the blocks of an answer ask for, in their order; empty where it has none."""
    if not _MARKER.search(prose):
        return []
    found = read_blocks(prose)
    made: list[Call | Rejected] = [Rejected("", problem) for problem in found.problems]
    for block in found.blocks:
        if block.old is None:
            continue  # code that is only shown
        if block.path is None:
            made.append(Rejected(block.new, _NO_PATH))
        else:
            arguments = {"path": block.path, "old": block.old, "new": block.new}
            made.append(Call(TOOL, arguments))
    return made
