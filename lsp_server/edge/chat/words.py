"""What the user may say besides messages to the model. No tool and no file can say it for him."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsp_server.agent.files.undo import named
from lsp_server.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lsp_server.agent.files.journal import Recovered
    from lsp_server.agent.files.undo import Undone
    from lsp_server.edge.chat.room import Room

COMMANDS = (
    ("undo", "Take back what the latest turn changed that changed something.", ""),
    ("trust", "Let this folder's AGENTS.md, .fimble and .mcp.json have a say.", "yes or no"),
    ("mode", "What is done without asking: plan, ask, edit or all.", "plan, ask, edit or all"),
)
"""Name, description, and a hint of what follows it."""

INTERRUPTED = "Interrupted; nothing after this was done."
RUNS = "Still under way in another window or program; open this chat again to see the rest."


@dataclass(frozen=True, slots=True)
class Command:
    """`/name rest`."""

    name: str
    rest: str


def command(text: str) -> Command | None:
    """The command that a message is; None for what the model is told."""
    name, _, rest = text.strip().partition(" ")
    known = {f"/{name}": name for name, _, _ in COMMANDS}
    return Command(known[name], rest.strip()) if name in known else None


async def obey(room: Room, session: str, said: Command) -> str:
    """Do what a command says; return the sentence that answers it. Raises FimbleError."""
    if said.name == "undo":
        return undone(await room.undo(session))
    if said.name == "trust":
        if said.rest not in ("", "yes", "no"):
            raise UsageError("Say /trust yes or /trust no.")
        await room.trust(said.rest != "no")
        return "It is trusted now." if said.rest != "no" else "It is not trusted."
    await room.set_mode(session, said.rest)
    return f"The mode is {said.rest} now."


def undone(what: Undone) -> str:
    """What was undone, in a sentence."""
    if not what.paths:
        return "There is nothing to undo."
    kept = f" Your own lines stay in {', '.join(what.merged)}." if what.merged else ""
    return f"Undone: {', '.join(what.paths)}.{kept}"


def half_done(found: Sequence[Recovered]) -> list[str]:
    """What a crash has left of files, one sentence each."""
    unsure = [each.step.path for each in found if each.found == "perhaps yours"]
    notes = [
        f"{each.step.path} was {each.found} when it was cut off."
        for each in found
        if each.found != "perhaps yours"
    ]
    if unsure:
        notes.append(
            f"{named(unsure)} changed during a command that was cut off, or since then: perhaps"
            " by you, so undoing that is asked about."
        )
    return notes


def interrupted(at: str) -> list[str]:
    """That the last turn was; `at` as in `Session`: if it is empty, there is nothing to say."""
    return [f"The last turn was interrupted at: {at}. Nothing after this was done."] if at else []


def announced() -> dict[str, Any]:
    """The commands as an update of a session."""
    return {
        "sessionUpdate": "available_commands_update",
        "availableCommands": [
            {"name": name, "description": text} | ({"input": {"hint": hint}} if hint else {})
            for name, text, hint in COMMANDS
        ],
    }
