"""`fimble chat`: the agent in a terminal, interactive or for one message (`-p`)."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from pathlib import Path

from lsp_server.agent.agent import Agent, Places, checked_mode, delete, open_journal
from lsp_server.agent.claims import claimed, default_folder
from lsp_server.agent.display import visible
from lsp_server.agent.events import Event, TurnEnded
from lsp_server.agent.files.undo import Undone, undo
from lsp_server.agent.permissions import nobody
from lsp_server.agent.session import Session
from lsp_server.agent.store import Store, Stored, check_folder
from lsp_server.cli import complain
from lsp_server.cli.chat_folder import Reading, interrupts
from lsp_server.cli.chat_lines import Lines
from lsp_server.cli.chat_screen import Screen, as_json
from lsp_server.cli.engine import leave, opener
from lsp_server.cli.own_settings import own_settings
from lsp_server.cli.status import shown_status
from lsp_server.edge.chat import words
from lsp_server.engines.local.engine import not_counted
from lsp_server.errors import FimbleError, UsageError
from lsp_server.workspace.index import Index

MODES = {"read": "plan", "edit": "edit", "all": "all"}
"""What `--approve` says is done without asking."""
NOT_ENDED = 1
"""Exit code of a turn that did not end by itself."""
_HELP = (
    "/undo takes back the latest turn that changed something, /retry sends your last message "
    "again, /mode MODE changes what is asked about, /trust lets the folder's own files count "
    "(/trust off: no longer), /exit ends.\n"
)


def run(options: argparse.Namespace) -> int:
    """Chat; 0 only if the last turn ended by itself."""
    if options.list or {options.export, options.delete, options.undo} != {None}:
        return _stored(options)
    if options.json and options.prompt is None:
        raise UsageError("--json is for one message; give it with -p.")
    if options.prompt is not None and not options.prompt.strip():
        raise UsageError("The message is empty; say what you want behind -p.")
    return asyncio.run(_chat(options))


def _stored(options: argparse.Namespace) -> int:
    places = Places.usual()
    store = Store(places.sessions)
    try:
        if options.export is not None:
            print(json.dumps(store.export(options.export), indent=2))
        elif options.delete is not None:
            asyncio.run(delete(options.delete, places))
        elif options.undo is not None:
            print(_undone(asyncio.run(_undo_all(store.get(options.undo), places))))
        else:
            for each in store.sessions(Path(options.cwd).resolve()):
                print(f"{each.id}  {each.mode:5}  {visible(each.title, keep='')}")
    finally:
        store.close()
    return 0


async def _undo_all(stored: Stored, places: Places) -> Undone:
    """Take back what a session has changed that nobody runs. Raises Claimed and UndoRefused."""
    check_folder(stored)
    async with claimed(default_folder(), stored.id):
        return undo(open_journal(Path(stored.workspace), places), stored.id)


async def _chat(options: argparse.Namespace) -> int:
    root = Path(options.cwd)
    lines = Lines()
    screen = Screen(lines)
    asks = options.prompt is None
    async with AsyncExitStack() as ends:
        with shown_status() as on_status:
            engine = opener(options)(own_settings(), on_status, not_counted)
            ends.push_async_callback(leave, engine)
            agent = Agent(engine, root, Index(root), ask=screen.ask if asks else nobody)
            ends.push_async_callback(agent.close)
            await engine.chat_info()
            reading = Reading(root, on_status)
            ends.push_async_callback(reading.close)
            unread = await reading.wait(interruptible=asks)
        if unread:
            complain(unread)
        await _settle_trust(agent, options, lines)
        mode = MODES[options.approve] if options.approve else ("ask" if asks else "plan")
        async with _claimed_session(agent, options.resume, mode) as session:
            found = await agent.recovered(session.stored.id)
            interrupted = words.interrupted(session.interrupted)
            for note in (*words.half_done(found), *interrupted, *session.notes):
                complain(note)
            if not asks:
                ended = await _turn(session, options.prompt, screen, as_lines=options.json)
                return 0 if ended.reason == "end_turn" else NOT_ENDED
            if interrupted:
                complain("/retry sends its message again.")
            return await _converse(agent, session, screen, lines)


@asynccontextmanager
async def _claimed_session(agent: Agent, resumed: str | None, mode: str) -> AsyncIterator[Session]:
    """The session to chat in. One that another process runs is left as it is. Raises Claimed.

    What was once done without asking is not for ever: the mode is that of this command.
    """
    if resumed is None:
        session = await agent.begin(mode)
        async with claimed(default_folder(), session.stored.id):
            yield session
    else:
        stored = await asyncio.to_thread(agent.store.get, resumed)
        async with claimed(default_folder(), stored.id):
            yield await agent.resume(stored.id, mode)


def _undone(what: Undone) -> str:
    return visible(words.undone(what), keep="")


async def _settle_trust(agent: Agent, options: argparse.Namespace, lines: Lines) -> None:
    """Ask whether the folder is trusted, if there is something to ask and somebody to answer."""
    if options.trust:
        await agent.trust(True)
    own = await agent.own_files()
    if own.is_decided:
        return
    if options.prompt is not None or not sys.stdin.isatty():
        complain(f"{own.unheard}: it is not trusted; --trust lets it.")
        return
    print(f"{own.names} of this folder may tell the model what to do and name programs to start.")
    with suppress(EOFError):
        answer = await lines.ask("Trust this folder? [y/N] ")
        await agent.trust(answer.strip().lower() in ("y", "yes"))


async def _turn(
    session: Session, text: str, screen: Screen, *, as_lines: bool = False
) -> TurnEnded:
    """One turn, which Ctrl-C ends."""
    last: Event | None = None
    with interrupts(session.cancel):
        async with aclosing(session.turn(text)) as events:
            async for last in events:
                (as_json if as_lines else screen.show)(last)
    assert isinstance(last, TurnEnded)
    return last


async def _converse(agent: Agent, session: Session, screen: Screen, lines: Lines) -> int:
    print(f"Session {session.stored.id}, mode {session.stored.mode}. {_HELP}")
    reason = "end_turn"
    while True:
        try:
            line = (await lines.ask("> ")).strip()
        except EOFError:
            break
        command, _, rest = line.partition(" ")
        if command in ("/exit", "/quit"):
            break
        try:
            if command == "/retry" and session.asked:
                reason = (await _turn(session, session.asked, screen)).reason
            elif command.startswith("/"):
                session = await _obeyed(agent, session, command, rest.strip())
            elif line:
                reason = (await _turn(session, line, screen)).reason
        except FimbleError as error:  # a word that is wrong ends no chat
            complain(str(error))
    return 0 if reason == "end_turn" else NOT_ENDED


async def _obeyed(agent: Agent, session: Session, command: str, rest: str) -> Session:
    """Do what a command says; the session to go on with. Raises FimbleError."""
    if command == "/undo":
        print(_undone(await agent.undo_latest(session.stored.id)))
    elif command == "/mode":
        name = rest.lower()
        return await agent.resume(session.stored.id, checked_mode(MODES.get(name, name)))
    elif command == "/retry":
        raise UsageError("There is no message to send again; write one.")
    elif command == "/trust" and rest in ("", "off"):
        await agent.trust(not rest)
        session = await agent.resume(session.stored.id)
        for note in session.notes:
            complain(note)
    else:
        print(_HELP)
    return session
