"""Run a command, in the sandbox where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lsp_server.agent.commands.run import Finished, run
from lsp_server.agent.desk import Change, Desk
from lsp_server.agent.files.undo import named
from lsp_server.agent.permissions import Allowed
from lsp_server.agent.tools.base import Result, Tool, ToolFailed, schema

SHOWN_CHARACTERS = 4_000
"""Of the output, for the model: half from its beginning, half from its end."""


async def _run(desk: Desk, call: str, arguments: Mapping[str, Any]) -> Result:
    line = arguments["command"].strip()
    if not line:
        raise ToolFailed("The command is empty.")
    finished = await command(desk, call, line, await allowed(desk, call, line))
    return Result(report(finished))


async def allowed(desk: Desk, call: str, line: str) -> Allowed:
    """Have the user, or the mode, allow a line. Raises NotAllowed."""
    sandbox = await asyncio.to_thread(desk.sandbox)
    return await desk.permissions.command(call, line, desk.root, sandboxed=sandbox is not None)


async def command(
    desk: Desk, call: str, line: str, allowed: Allowed, shown: Sequence[Change] | None = None
) -> Finished:
    """Run a line that is allowed; what it changes can be undone.

    `shown`: in the sandbox it can change nothing, and sees these changes, though they are in no
    file yet (see `Desk.can_show`), and what the session has put into documents not saved yet.
    """
    sandbox = await asyncio.to_thread(desk.sandbox)
    only_reads = allowed.only_reads or (sandbox is not None and shown is not None)
    instead: dict[str, bytes] = {}
    if sandbox is not None and shown is not None:
        instead = await desk.unsaved() | {each.path: each.data for each in shown}
    async with desk.around_command(call, changes=not only_reads) as notes:
        finished = await run(
            line,
            desk.root,
            sandbox=sandbox,
            writable=not only_reads,
            limits=desk.limits,
            on_output=desk.output,
            instead={desk.root / path: data for path, data in instead.items()},
        )
    return replace(finished, notes=tuple(notes))


def report(finished: Finished) -> str:
    """What a model is told of a command, and the user."""
    text = finished.output.strip()
    if len(text) > SHOWN_CHARACTERS:
        half = SHOWN_CHARACTERS // 2
        text = f"{text[:half]}\n[...]\n{text[-half:]}"
    if finished.timed_out:
        end = f"It was stopped after {finished.seconds:.0f} s."
    elif finished.exceeded:
        end = f"It was stopped: it used too much of {finished.exceeded}."
    else:
        end = f"Exit status {finished.exit_status}."
    lines = [text, end] if text else [end]
    if finished.appeared:
        lines.append(f"It made {named(finished.appeared)}, which other programs obey: check that.")
    return "\n".join([*lines, *finished.notes])


TOOL = Tool(
    schema(
        "run",
        "Run a shell command in the project's folder, for example its tests.",
        "command",
        command="One line for the shell.",
    ),
    "execute",
    _run,
    lambda arguments: f"Run {arguments['command']}",
)
