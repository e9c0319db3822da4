"""Whether a command line may run: allow, ask or deny.

Allowed without a question are only programs that are known to do nothing but read, with options
that are known to, of files of the workspace (`programs.toml`), and what the user's rules allow. The
most restrictive command of a line decides. A line that isn't plain is never allowed unasked.

This is a judgement of words: what a program does, and what a link points to a moment later, it
can't know. So even what is allowed runs in the sandbox, and where there is none, ask for all.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.agent.commands import deny
from lsp_server.agent.commands.environment import search_path
from lsp_server.agent.commands.parse import NotPlain, Segment, parse
from lsp_server.agent.commands.paths import expand, is_under, why_not_read
from lsp_server.agent.commands.programs import paths_read
from lsp_server.agent.commands.rules import ORDER, Decision, Rule, decide

_UNKNOWN = "It isn't known to do nothing but read."


@dataclass(frozen=True, slots=True)
class Judged:
    """One command of a line."""

    argv: tuple[str, ...]
    """Its words, file name patterns replaced by the names."""
    decision: Decision
    reason: str
    """One sentence; empty if it is allowed."""
    only_reads: bool
    """Whether it is a program that changes nothing, so that it can run on a read-only workspace."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What may be done with a line."""

    decision: Decision
    reason: str
    """One sentence for whoever is asked; empty if it is allowed."""
    segments: tuple[Judged, ...] = ()
    """Empty if the line isn't plain: no rule can be made of it."""

    @property
    def only_reads(self) -> bool:
        """Whether all of it can run on a read-only workspace."""
        return bool(self.segments) and all(each.only_reads for each in self.segments)


def judge(line: str, rules: Sequence[Rule], workspace: Path) -> Judgement:
    """Judge a line that would run in the workspace's folder.

    It looks files up: call it in a thread, and right before the line runs.
    """
    if never := deny.why_never(line):
        return Judgement("deny", never)
    segments = parse(line)
    if isinstance(segments, NotPlain):
        return Judgement("ask", segments.reason)
    workspace = workspace.resolve()
    folder, moved = _entered(segments, workspace)
    judged = [Judged(segments[0].argv, "allow", "", True)] if moved else []
    judged += [_judge(each, rules, folder, workspace) for each in segments[moved:]]
    worst = max(judged, key=lambda each: ORDER.index(each.decision))
    return Judgement(worst.decision, worst.reason, tuple(judged))


def _entered(segments: Sequence[Segment], workspace: Path) -> tuple[Path, bool]:
    """The folder that the commands run in, and whether the first is a `cd` into it.

    Only if nothing runs when it fails: after `;` or `||` the rest would run where it began.
    """
    first, rest = segments[0], segments[1:]
    if first.argv[0] != "cd" or len(first.argv) != 2 or first.patterns or not rest:
        return workspace, False
    if rest[0].join != "&&" or any(each.join not in ("&&", "|") for each in rest):
        return workspace, False
    folder = workspace / first.argv[1]
    if first.argv[1].startswith("-") or not folder.is_dir():
        return workspace, False
    if why_not_read(first.argv[1], workspace, workspace):
        return workspace, False
    return folder.resolve(), True


def _judge(segment: Segment, rules: Sequence[Rule], folder: Path, workspace: Path) -> Judged:
    argv: list[str] = []
    for at, word in enumerate(segment.argv):
        words = expand(word, folder) if at in segment.patterns else [word]
        if words is None:
            return Judged(segment.argv, "ask", f"{word} stands for too many files.", False)
        argv += words
    never = deny.why_never_run(argv, folder, workspace)
    if never:
        return Judged(tuple(argv), "deny", never, False)
    ruled = decide(argv, rules)
    unknown = _why_unknown(argv, folder, workspace)
    if ruled in ("ask", "deny"):
        reason = f"A rule of this workspace says to {'ask' if ruled == 'ask' else 'refuse'} it."
        return Judged(tuple(argv), ruled, reason, False)
    if unknown and ruled is None:
        return Judged(tuple(argv), "ask", unknown, False)
    return Judged(tuple(argv), "allow", "", unknown is None)


def _why_unknown(argv: Sequence[str], folder: Path, workspace: Path) -> str | None:
    """Why a command isn't known to do nothing but read files of the workspace."""
    paths = paths_read(argv)
    if paths is None:
        return _UNKNOWN
    if argv[0] == "git" and folder != workspace:
        return "A folder inside may be a repository of its own, with its own settings."
    program = shutil.which(argv[0], path=search_path(os.environ))
    if program and is_under(program, workspace):
        return "The program is one of the workspace's own files."
    return next(filter(None, (why_not_read(word, folder, workspace) for word in paths)), None)
