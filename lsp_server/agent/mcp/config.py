"""Which servers there are: the user's own file, and `.mcp.json` of a folder that he trusts.

    {"mcpServers": {"files": {"command": "npx", "args": ["server-filesystem", "/srv"]},
                    "notes": {"url": "https://notes.example/mcp", "headers": {"X-Key": "..."}}}}

Nothing in it is expanded: no variable of the user's goes to an address that a repository names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_NAME = re.compile(r"[A-Za-z0-9-]{1,32}")
MAX_SERVERS = 16


@dataclass(frozen=True, slots=True)
class Server:
    """A program to start, or an address to talk to."""

    name: str
    folder: Path
    """Where its process runs."""
    command: tuple[str, ...] = ()
    """The program and its arguments; empty for an address."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def digest(self) -> str:
        """Tells it from any other, also one of the same name."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def parse(text: str, where: str, folder: Path) -> tuple[list[Server], list[str]]:
    """The servers that a file names, and one sentence for each that can't be understood.

    `where` is what the file is called in them, `folder` where its programs run. An empty text
    names none.
    """
    if not text.strip():
        return [], []
    try:
        found = json.loads(text)["mcpServers"].items()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [], [f'{where} is not {{"mcpServers": {{...}}}} in JSON; correct it.']
    servers: list[Server] = []
    problems: list[str] = []
    for name, given in found:
        server = _server(name, given, folder)
        if server is None:
            problems.append(f"{where}: the server {name[:40]!r} is not understood; correct it.")
        elif len(servers) == MAX_SERVERS:
            problems.append(f"{where}: only the first {MAX_SERVERS} servers are used.")
            break
        else:
            servers.append(server)
    return servers, problems


def both(
    own: str, theirs: str, where: tuple[str, str], root: Path
) -> tuple[list[Server], list[str]]:
    """The servers of the user's own file, and of a trusted folder's.

    The user's run in his home folder: in the workspace, a program such as `npx` would start what
    lies there. Of two of one name the user's is meant.
    """
    mine, problems = parse(own, where[0], Path.home())
    found, more = parse(theirs, where[1], root)
    taken = {server.name for server in mine}
    return [*mine, *(each for each in found if each.name not in taken)], [*problems, *more]


def _server(name: str, given: Any, folder: Path) -> Server | None:
    if not _NAME.fullmatch(name) or not isinstance(given, dict):
        return None
    command, url = given.get("command", ""), given.get("url", "")
    arguments = given.get("args", [])
    environment, headers = given.get("env", {}), given.get("headers", {})
    if not isinstance(arguments, list) or bool(command) == bool(url):
        return None
    texts = [command, url, *arguments]
    for mapping in (environment, headers):
        if not isinstance(mapping, dict):
            return None
        texts += [*mapping, *mapping.values()]
    if not all(isinstance(each, str) and "\0" not in each for each in texts):
        return None
    if url and not _is_address(url):
        return None
    started = (command, *arguments) if command else ()
    return Server(name, folder, started, environment, url, headers)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
