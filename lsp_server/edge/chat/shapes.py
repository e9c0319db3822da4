"""What both protocols say in the same words. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lsp_server.agent.display import visible
from lsp_server.agent.events import Choice, Question
from lsp_server.agent.store import Stored

if TYPE_CHECKING:
    from lsp_server.agent.permissions import Mode

MODES: dict[Mode, tuple[str, str]] = {
    "plan": ("Plan", "Reads only: changes nothing, runs nothing."),
    "ask": ("Ask", "Asks before each edit and each command."),
    "edit": ("Edit", "Edits without asking; asks before commands."),
    "all": ("All", "Edits, and runs commands in the sandbox, without asking."),
}
"""Name and description of what is done without asking."""

_CHOICES: dict[Choice, str] = {
    "allow_once": "Allow",
    "allow_always": "Always allow",
    "reject_once": "Reject",
    "reject_always": "Always reject",
}


def info(stored: Stored) -> dict[str, Any]:
    """A session in a list."""
    when = datetime.fromtimestamp(stored.updated, UTC).isoformat()
    told = {"sessionId": stored.id, "cwd": stored.workspace, "updatedAt": when}
    return told | ({"title": visible(stored.title, keep="")} if stored.title else {})


def title(stored: Stored) -> dict[str, Any]:
    """A session's name as an update; it has one from its first turn on."""
    told = info(stored)
    shown = {"title": told.get("title", ""), "updatedAt": told["updatedAt"]}
    return {"sessionUpdate": "session_info_update"} | shown


def permission(session: str, question: Question, call: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a request for permission."""
    options = [
        {"optionId": choice, "name": _CHOICES[choice], "kind": choice}
        for choice in question.choices
    ]
    return {"sessionId": session, "toolCall": call, "options": options}


def chosen(answer: object, question: Question) -> Choice:
    """What the user has chosen; what is not among the choices, or no choice, is a no."""
    outcome = answer.get("outcome") if isinstance(answer, dict) else None
    option = outcome.get("optionId") if isinstance(outcome, dict) else None
    found: Choice | None = next((each for each in question.choices if each == option), None)
    return found or "reject_once"
