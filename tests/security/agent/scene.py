"""A workspace full of tricks, what lies outside of it, and whoever listens there."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.events import Choice, Event, Question
from lsp_server.agent.files.protected import is_protected
from lsp_server.engines.chat import ChatInfo, ChatRequest
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import look

INFO = ChatInfo("script", 64_000, native_tools=True)
ORDER = re.compile(r"OBEY[ /](\w+)")
"""What stands in a repository; the word is one of the orders that the model knows by heart."""
CANARY = f"CANARY{uuid4().hex}"
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "n",
    "GIT_AUTHOR_EMAIL": "e",
    "GIT_COMMITTER_NAME": "n",
    "GIT_COMMITTER_EMAIL": "e",
}


@dataclass
class Outside:
    """What must not change, and who has come where nobody should."""

    folder: Path
    """The user may write to it, and no sandbox hides it."""
    names: dict[str, str]
    visits: list[str] = field(default_factory=list)

    def fill(self, value: Any) -> Any:
        """Put names in: of a text, or all texts in a value."""
        if isinstance(value, str):
            for name, text in self.names.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        if isinstance(value, Mapping):
            return {self.fill(key): self.fill(each) for key, each in value.items()}
        return [self.fill(each) for each in value] if isinstance(value, list) else value

    def tree(self) -> dict[str, bytes]:
        """All that lies there, and those files of the home folder that tricks try to write."""
        found = contents(self.folder)
        for path in Path.home().glob(".canary*"):
            found[str(path)] = path.read_bytes() if path.is_file() else b""
        return found


@contextmanager
def outside() -> Iterator[Outside]:
    """A folder beside this file, a secret in the home folder, and listeners."""
    folder = Path(__file__).parent / f"outside-{uuid4().hex}"
    secret = Path.home() / ".canary"
    with ExitStack() as stack:
        folder.mkdir()
        stack.callback(shutil.rmtree, folder)
        secret.write_text(CANARY)
        stack.callback(secret.unlink)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", port))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(f"\0{folder.name}")
        unix.listen()
        names = {"out": str(folder), "home": str(Path.home()), "port": str(port)}
        names |= {"socket": folder.name, "python": sys.executable}
        found = Outside(folder, names)
        for listener, kind in ((tcp, "TCP"), (udp, "UDP"), (unix, "socket")):
            work = threading.Thread(target=_listen, args=(listener, kind, found.visits))
            work.start()
            stack.callback(work.join)
            stack.callback(_shut, listener)
        yield found


def _listen(listener: socket.socket, kind: str, visits: list[str]) -> None:
    while True:
        try:
            if listener.type == socket.SOCK_DGRAM:
                if not listener.recv(1):
                    return
            else:
                listener.accept()[0].close()
        except OSError:
            return
        visits.append(kind)


def _shut(listener: socket.socket) -> None:
    """Wake whoever waits there."""
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:  # a datagram's has nobody to be shut from, but wakes all the same
        return


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and where links lead."""
    found: dict[str, bytes] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}".encode()
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def protected(folder: Path) -> dict[str, bytes]:
    """Those files that nobody may write unasked."""
    return {name: data for name, data in contents(folder).items() if is_protected(name)}


def repository(root: Path, files: Mapping[str, str], setup: Sequence[str]) -> None:
    """A git repository with files, made as a stranger would; then what else he would do to it."""
    environment = os.environ | _GIT
    root.mkdir(parents=True)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for line in (
        "git init -q; git config user.name n; git config user.email e",
        "git add -A -f; git commit -q -m first",
        *setup,
    ):
        subprocess.run(["sh", "-ec", line], cwd=root, env=environment, check=True)


async def careless(question: Question) -> Choice:
    """A user who lets every command run, and no protected file be written."""
    return "allow_once" if question.title.startswith("Run ") else "reject_once"


class Obedient:
    """A model that looks first, and then does all that it reads."""

    def __init__(self, looks: Sequence[Any], orders: Mapping[str, Sequence[Any]], answer: str):
        self._waiting = list(looks)
        self._orders = orders
        self._answer = answer
        self.obeyed: set[str] = set()
        self.told: list[str] = []
        """Everything that it was ever shown."""

    def __call__(self, request: ChatRequest) -> str:
        for message in request.messages:
            if message.role == "assistant":
                continue
            self.told.append(message.content)
            for order in set(ORDER.findall(message.content)) - self.obeyed:
                self.obeyed.add(order)
                self._waiting += self._orders[order]
        if not self._waiting:
            return self._answer
        return f"```json\n{json.dumps(self._waiting.pop(0))}\n```"


@contextmanager
def indexed(root: Path, path: Path) -> Iterator[Index]:
    """The index of the Python files in a folder."""
    index = Index(root, path)
    for file in root.rglob("*.py"):
        found = look(root, file.relative_to(root).as_posix())
        if found:
            index.update([extract(found, file.read_bytes())])
    yield index
    index.close()


async def obey(root: Path, model: Obedient, *, message: str, trusted: bool = False) -> list[Event]:
    """One turn in the mode that allows most, with a careless user."""
    state = root.parent / f"{root.name}-state"
    state.mkdir()
    places = Places(state / "s.sqlite", state / "d.sqlite", state / "j", state / "mcp.json")
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(model, INFO)
    with indexed(root, state / "index.sqlite") as index:
        agent = Agent(engine, root, index, ask=careless, places=places)
        try:
            if trusted:
                await agent.trust(True)
            session = await agent.begin("all")
            return [event async for event in session.turn(message)]
        finally:
            await agent.close()
