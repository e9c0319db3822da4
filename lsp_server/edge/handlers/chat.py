"""`fimble/chat/*`: sessions and turns of the agent."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lsp_server.agent.display import visible
from lsp_server.completion.project import path_in
from lsp_server.edge.chat import review, words
from lsp_server.edge.chat.shapes import MODES, info
from lsp_server.edge.chat.telling import ended
from lsp_server.edge.diagnostics import described
from lsp_server.edge.params import fields, number, optional_texts, plain, text
from lsp_server.edge.server import FimbleServer
from lsp_server.errors import UsageError

if TYPE_CHECKING:
    from lsp_server.edge.chat.room import Opened


async def begin(server: FimbleServer, params: Any) -> dict[str, Any]:
    """A new session."""
    mode = text(params, "mode") if "mode" in fields(params) else "ask"
    return _opened(await (await server.chat.room()).begin(mode))


async def listed(server: FimbleServer, _params: Any) -> dict[str, Any]:
    """The folder's sessions."""
    return {
        "sessions": [info(each) for each in await (await server.chat.room()).records.sessions()]
    }


async def resume(server: FimbleServer, params: Any) -> dict[str, Any]:
    """A session as it was left, with what was said in it."""
    room, session = await server.chat.room(), text(params, "session")
    opened = await room.open(session)
    past = await room.records.history(session, runs=opened.runs)
    said = [{"turn": turn, "event": update} for turn, update in past.updates]
    return _opened(opened) | {"history": said, "usage": past.usage}


async def fork(server: FimbleServer, params: Any) -> dict[str, Any]:
    """A new session with another's turns."""
    room = await server.chat.room()
    return _opened(await room.fork(text(params, "session"), number(params, "turn")))


async def delete(server: FimbleServer, params: Any) -> None:
    """Forget a session."""
    await (await server.chat.room()).delete(text(params, "session"))


async def export(server: FimbleServer, params: Any) -> dict[str, Any]:
    """All of a session."""
    return await (await server.chat.room()).records.export(text(params, "session"))


async def prompt(server: FimbleServer, params: Any) -> dict[str, Any]:
    """A turn; answered when it has ended."""
    session, said = text(params, "session"), text(params, "text")
    room = await server.chat.room()
    return ended(await room.turn(session, said))


async def cancel(server: FimbleServer, params: Any) -> None:
    """End the turn that runs; its prompt is then answered."""
    (await server.chat.room()).cancel(text(params, "session"))


async def set_mode(server: FimbleServer, params: Any) -> None:
    """What is done without asking."""
    await (await server.chat.room()).set_mode(text(params, "session"), text(params, "mode"))


async def trust(server: FimbleServer, params: Any) -> None:
    """Whether the folder's own files have a say."""
    trusted = fields(params).get("trusted")
    if not isinstance(trusted, bool):
        raise UsageError("The parameter trusted must be true or false.")
    await (await server.chat.room()).trust(trusted)


async def mentions(server: FimbleServer, params: Any) -> dict[str, Any]:
    """What the user may mean by what he has typed behind an `@`."""
    room, typed = await server.chat.room(), text(params, "text")
    uris = [snapshot.uri for snapshot in reversed(server.session.documents.snapshots())]
    opened = await asyncio.to_thread(lambda: [path_in(room.root, uri) for uri in uris])
    return {"items": [asdict(offer) for offer in await room.offers.of(typed, opened)]}


async def changes(server: FimbleServer, params: Any) -> dict[str, Any]:
    """What a turn changed, or the latest that changed something."""
    room = await server.chat.room()
    found = await room.changes(text(params, "session"), number(params, "turn"))
    return await asyncio.to_thread(review.told, found, room.root)


async def undo(server: FimbleServer, params: Any) -> dict[str, Any]:
    """Take back a turn, or the latest that changed something, or some files of it."""
    room = await server.chat.room()
    paths = optional_texts(params, "paths")
    undone = await room.undo(text(params, "session"), number(params, "turn"), paths)
    told = {"files": list(undone.paths), "merged": list(undone.merged)}
    return told | {"message": visible(words.undone(undone), keep="")}


def did_publish_diagnostics(server: FimbleServer, params: Any) -> None:
    """What the client's other servers say of an open document; of others it is passed over."""
    found = plain(params)
    uri, diagnostics = fields(found).get("uri"), fields(found).get("diagnostics")
    if not isinstance(uri, str) or not isinstance(diagnostics, list):
        return
    try:
        snapshot = server.session.documents.get(uri)
    except UsageError:
        return
    name = uri.rpartition("/")[2]
    server.chat.diagnostics.publish(uri, described(diagnostics, name, snapshot.text))


def _opened(opened: Opened) -> dict[str, Any]:
    modes = [{"id": id, "name": name, "description": said} for id, (name, said) in MODES.items()]
    return info(opened.stored) | {
        "mode": opened.stored.mode,
        "modes": modes,
        "notes": list(opened.notes),
        "trust": opened.waits,
    }
