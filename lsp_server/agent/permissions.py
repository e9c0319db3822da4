"""Who decides that something may be done: the mode, what the user has said before, or he now.

    plan   reading only: no writes, no commands, no tools of other programs
    ask    reading is free; each edit and each command is asked about
    edit   edits are free too
    all    commands too, whatever their words, in the sandbox

In every mode what is protected is asked about each time, what is denied never runs, and without a
sandbox each command is asked about. "Always" is remembered for the workspace, as rules on the words
of commands; nobody but the user writes those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from lsp_server.agent.commands.policy import Judgement, judge
from lsp_server.agent.commands.rules import Decision, pattern_for
from lsp_server.agent.decisions import Decisions
from lsp_server.agent.events import Choice, Diff, Question
from lsp_server.errors import NotAllowed

Mode = Literal["plan", "ask", "edit", "all"]
Ask = Callable[[Question], Awaitable[Choice]]
"""Has the user decide; waits as long as he takes."""

_NO_WRITES = "This mode is for reading, so nothing is written."
_NO_COMMANDS = "This mode is for reading, so no command is run."
_NO_TOOLS = "This mode is for reading, so no tool of another program is called."
_SAY_INSTEAD = "Say what you would do instead."
_REJECTED = "The answer was no, so it is not done."
_ASK_INSTEAD = "Do something else, or ask what the user wants."
_ALONE = "It needs a yes, and nobody is there to be asked."
_FOREIGN = "It is a tool of another program, which no sandbox holds."
_UNBOXED = "There is no sandbox on this machine, so it would run with all your rights."


async def nobody(question: Question) -> Choice:  # noqa: ARG001 - see `Ask`
    """Answers where no user is there to be asked."""
    return "reject_once"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A command may run."""

    only_reads: bool
    """It can run on a workspace that can't be written."""


class Permissions:
    """Of one session. Methods raise NotAllowed for what may not be done."""

    def __init__(self, mode: Mode, decisions: Decisions, ask: Ask = nobody) -> None:
        self.mode = mode
        self._decisions = decisions
        self._ask = ask

    async def edit(self, call: str, diffs: Sequence[Diff], protected: Sequence[str]) -> None:
        """Have changes allowed. `protected`: why some are asked about always."""
        if self.mode == "plan":
            raise NotAllowed(_NO_WRITES, _SAY_INSTEAD)
        if self.mode in ("edit", "all") and not protected:
            return
        paths = ", ".join(diff.path for diff in diffs)
        reason = " ".join(protected) or "Edits are asked about in this mode."
        if self._ask is nobody:
            raise NotAllowed(f"{_ALONE} {reason}")
        for diff in diffs:
            question = Question(call, f"Write {diff.path}?", reason, paths, diff)
            if await self._ask(question) not in ("allow_once", "allow_always"):
                raise NotAllowed(_REJECTED, _ASK_INSTEAD)

    async def command(self, call: str, line: str, workspace: Path, *, sandboxed: bool) -> Allowed:
        """Have a command allowed."""
        if self.mode == "plan":
            raise NotAllowed(_NO_COMMANDS, _SAY_INSTEAD)
        judgement = await asyncio.to_thread(self._judged, line, workspace)
        if judgement.decision == "deny":
            raise NotAllowed(judgement.reason)
        if sandboxed and (judgement.decision == "allow" or self.mode == "all"):
            return Allowed(judgement.only_reads)
        reason = judgement.reason if sandboxed else f"{_UNBOXED} {judgement.reason}".strip()
        if self._ask is nobody:
            raise NotAllowed(f"{_ALONE} {reason}")
        answer = await self._ask(_about_command(call, line, reason, judgement))
        if answer in ("allow_always", "reject_always"):
            await asyncio.to_thread(self._remember, judgement, allow=answer == "allow_always")
        if answer in ("allow_once", "allow_always"):
            return Allowed(judgement.only_reads)
        raise NotAllowed(_REJECTED, _ASK_INSTEAD)

    async def tool(self, call: str, title: str, detail: str, rule: tuple[str, ...]) -> None:
        """Have a call of another program's tool allowed. `rule` is what "always" is for."""
        if self.mode == "plan":
            raise NotAllowed(_NO_TOOLS, _SAY_INSTEAD)
        rules = await asyncio.to_thread(self._decisions.rules)
        decided: Decision = next((each.decision for each in rules if each.pattern == rule), "ask")
        if decided == "ask":
            question = Question(call, title, _FOREIGN, detail, None, get_args(Choice))
            answer = await self._ask(question)
            decided = "allow" if answer in ("allow_once", "allow_always") else "deny"
            if answer in ("allow_always", "reject_always"):
                await asyncio.to_thread(self._decisions.remember, rule, decided)
        if decided != "allow":
            raise NotAllowed(_REJECTED, _ASK_INSTEAD)

    def _judged(self, line: str, workspace: Path) -> Judgement:
        return judge(line, self._decisions.rules(), workspace)

    def _remember(self, judgement: Judgement, *, allow: bool) -> None:
        for each in judgement.segments:
            if each.decision != "allow":
                self._decisions.remember(pattern_for(each.argv), "allow" if allow else "deny")


def _about_command(call: str, line: str, reason: str, judgement: Judgement) -> Question:
    choices: tuple[Choice, ...] = ("allow_once", "reject_once")
    parts = [" ".join(each.argv) for each in judgement.segments if each.decision != "allow"]
    if parts:
        rules = "; ".join(
            " ".join(pattern_for(each.argv))
            for each in judgement.segments
            if each.decision != "allow"
        )
        choices = ("allow_once", "allow_always", "reject_once", "reject_always")
        return Question(call, f"Run {line}", reason, f"Always is for: {rules}", None, choices)
    return Question(call, f"Run {line}", reason, "", None, choices)
