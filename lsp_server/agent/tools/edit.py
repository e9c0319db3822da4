"""Change files: a passage, a whole definition, a name, an import; and write new ones.

All of them only compute a new text; a placeholder for a credential of the file becomes that again,
since the model may have seen it masked. `Desk.land` checks it, asks the user and writes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lsp_server.agent.desk import Change, Desk, File
from lsp_server.agent.edits.imports import insert_import
from lsp_server.agent.edits.ladder import apply
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.agent.edits.symbols import replace_symbol
from lsp_server.agent.tools.base import Result, Tool, ToolFailed, schema
from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.workspace.masking import restored

SURE = 0.8
"""Confidence below which the model is told that the passage was only similar."""

_UNSURE = "The old text was only similar to what stood there; look at the result."


def refusal(refused: Refused) -> str:
    """What a model is told of an edit that can't be made: why, and where it could have been."""
    parts = [refused.reason]
    if refused.names:
        parts.append("Names: " + ", ".join(refused.names))
    for place in refused.places:
        parts.append(f"Lines {place.first_row + 1} to {place.last_row + 1}:")
        parts += place.lines
    return "\n".join(parts)


async def change(
    desk: Desk, path: str, edit: Callable[[File], Applied | Refused]
) -> tuple[Change, Applied]:
    """Compute an edit of one file, in a thread. Raises ToolFailed."""
    file = await desk.read(path)
    applied = await asyncio.to_thread(edit, file)
    if isinstance(applied, Refused):
        raise ToolFailed(refusal(applied))
    return Change(file, await asyncio.to_thread(restored, applied.text, file.text)), applied


async def land(desk: Desk, call: str, changes: Sequence[Change], note: str = "") -> Result:
    """Have changes checked, allowed and written. Raises ToolFailed."""
    problems = await desk.land(call, changes)
    lines = [f"Written: {', '.join(each.path for each in changes)}."]
    lines += [note] if note else []
    lines += ["New problems:", *problems] if problems else []
    advice = "Mend these problems." if problems else ""
    return Result("\n".join(lines), tuple(each.diff for each in changes), advice=advice)


async def _edit(desk: Desk, call: str, arguments: Mapping[str, Any]) -> Result:
    path, old, new = arguments["path"], arguments["old"], arguments["new"]
    if not old.strip() and not await desk.exists(path):
        return await land(desk, call, [desk.new(path, new)])
    near = arguments.get("line")
    edited, applied = await change(
        desk,
        path,
        lambda file: apply(file.text, restored(old, file.text), new, near_line=near),
    )
    note = "" if applied.confidence >= SURE else _UNSURE
    return await land(desk, call, [edited], note)


async def _replace(desk: Desk, call: str, arguments: Mapping[str, Any]) -> Result:
    name, source = arguments["name"], arguments["source"]
    edited, _ = await change(
        desk, arguments["path"], lambda file: replace_symbol(syntax_of(file), name, source)
    )
    return await land(desk, call, [edited])


async def _import(desk: Desk, call: str, arguments: Mapping[str, Any]) -> Result:
    statement = arguments["statement"]
    edited, _ = await change(
        desk, arguments["path"], lambda file: insert_import(syntax_of(file), statement)
    )
    return await land(desk, call, [edited])


def syntax_of(file: File) -> Syntax:
    """The syntax of a file, parsed anew. Raises ToolFailed if its language isn't known."""
    grammar = grammar_for("", file.path)
    syntax = Syntax.parse(file.text, grammar) if grammar else None
    if syntax is None:
        raise ToolFailed(f"The syntax of {file.path} isn't known.", "Use edit.")
    return syntax


_PATH = "The file, relative to the project."
EDIT = Tool(
    schema(
        "edit",
        "Replace a passage of a file. An empty old text makes a new file.",
        "path old new",
        path=_PATH,
        old={"type": "string", "description": "The lines to replace, exactly as they are.",
             "x-aliases": ["old_text", "search", "old_string", "old_str"]},
        new={"type": "string", "description": "The lines to put there.",
             "x-aliases": ["new_text", "replace", "new_string", "new_str", "content"]},
        line={"type": "integer", "description": "About where, if the text is there twice."},
    ),
    "edit",
    _edit,
    lambda arguments: f"Edit {arguments['path']}",
)  # fmt: skip
REPLACE = Tool(
    schema(
        "replace_definition",
        "Replace a whole function, method or class by new source.",
        "path name source",
        path=_PATH,
        name="Its name, for example Account.pay.",
        source="All of its new source.",
    ),
    "edit",
    _replace,
    lambda arguments: f"Replace {arguments['name']}",
)
IMPORT = Tool(
    schema(
        "add_import",
        "Add an import where the file keeps them.",
        "path statement",
        path=_PATH,
        statement="The whole statement.",
    ),
    "edit",
    _import,
    lambda arguments: f"Add {arguments['statement']} to {arguments['path']}",
)
