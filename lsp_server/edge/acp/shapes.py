"""What the Agent Client Protocol's requests hold, and what its answers look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsp_server import __version__
from lsp_server.agent.events import StopReason
from lsp_server.agent.mentions import mention, open_fence
from lsp_server.agent.store import Stored
from lsp_server.core.uris import path_of
from lsp_server.edge.chat.shapes import MODES

PROTOCOL_VERSION = 1
MODE = "mode"
"""Id of the one configuration option."""
_UNFIT = re.compile(r"[`\r\n]")
"""What a line that begins a fence can't hold."""


def initialized() -> dict[str, Any]:
    """The answer to `initialize`. No login is needed, so none is offered."""
    return {
        "protocolVersion": PROTOCOL_VERSION,
        "agentInfo": {"name": "fimble", "title": "Fimble", "version": __version__},
        "agentCapabilities": {
            "loadSession": True,
            "promptCapabilities": {"image": False, "audio": False, "embeddedContext": True},
            "mcpCapabilities": {"http": False, "sse": False},
            "sessionCapabilities": {
                name: {} for name in ("list", "resume", "close", "delete", "fork")
            },
        },
        "authMethods": [],
    }


def opened(stored: Stored) -> dict[str, Any]:
    """What is told of a session that was begun or opened."""
    modes = [
        {"id": mode, "name": name, "description": text} for mode, (name, text) in MODES.items()
    ]
    return {
        "sessionId": stored.id,
        "modes": {"currentModeId": stored.mode, "availableModes": modes},
        "configOptions": options(stored.mode),
    }


def options(mode: str) -> list[dict[str, Any]]:
    """The configuration options: clients that know these don't look at the modes."""
    return [
        {
            "type": "select",
            "id": MODE,
            "name": "Mode",
            "category": "mode",
            "description": "What is done without asking.",
            "currentValue": mode,
            "options": [
                {"value": value, "name": name, "description": text}
                for value, (name, text) in MODES.items()
            ],
        }
    ]


def mode_changes(mode: str) -> list[dict[str, Any]]:
    """The updates that tell of another mode."""
    return [
        {"sessionUpdate": "current_mode_update", "currentModeId": mode},
        {"sessionUpdate": "config_option_update", "configOptions": options(mode)},
    ]


def stop_reason(reason: StopReason) -> str:
    """The protocol's word. After its `refusal` clients forget the prompt, and we don't."""
    return "max_turn_requests" if reason == "refusal" else reason


def said(blocks: Sequence[Any], root: Path) -> str:
    """The text of a prompt: linked files are named as mentions, embedded ones are quoted.

    A quotation is a fence, in which nothing is a mention: only the user points at something.
    """
    return "\n".join(filter(None, (_said(block, root) for block in blocks)))


def _said(block: Any, root: Path) -> str:
    if block.type == "text":
        fence = open_fence(block.text)  # what follows is not part of that
        return f"{block.text}\n{fence}" if fence else str(block.text)
    if block.type == "resource_link":
        name = _name(block.uri, root)
        try:
            return mention(name) if path_of(block.uri) else _quoted("", name)
        except ValueError:
            return _quoted("", name)
    text = getattr(getattr(block, "resource", None), "text", None)
    if text is None:
        return ""  # pictures and sound, which were not announced
    return _quoted(_name(block.resource.uri, root), text)


def _quoted(name: str, text: str) -> str:
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{_UNFIT.sub('?', name)}\n{text}\n{fence}"


def _name(uri: str, root: Path) -> str:
    path = path_of(uri)
    if path is None:
        return uri
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
