"""What the runner is told, and what it tells: apart from it, which needs a POSIX system."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from lsp_server.agent.commands.limits import Limits


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run."""

    line: str
    workspace: str
    cwd: str
    sandbox: str | None
    """Bubblewrap's path."""
    writable: bool
    limits: Limits
    instead: Mapping[str, str] = field(default_factory=dict)
    """Files of the workspace, and what the command sees in their places; for the sandbox."""

    def to_json(self) -> str:
        """As the runner reads it."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    exit_status: int = -1
    """As a shell tells it: 128 and more for a signal."""
    exceeded: str = ""
    """Which limit ended it: "memory" or "processes"; empty if none did."""
    appeared: Sequence[str] = ()
    """Protected files that a sandboxed command has made, relative to the workspace."""
    error: str = ""
    """Why it was not run: a sentence."""
