"""`fimble acp`: the chat over this process's standard streams, until the client closes them."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from acp.agent.router import build_agent_router
from acp.connection import Connection
from acp.exceptions import RequestError
from acp.meta import AGENT_METHODS
from acp.router import MessageRouter
from acp.schema import DeleteSessionRequest
from pydantic import ValidationError

from lsp_server.edge.acp.agent import INTERNAL_ERROR, FimbleAgent, Peer
from lsp_server.edge.acp.transport import MAX_LINE_BYTES, Lines
from lsp_server.engines.chat import FullEngine
from lsp_server.errors import FimbleError, UsageError, describe

logger = logging.getLogger(__name__)

INVALID_PARAMS = -32602

Handler = Callable[[str, Any, bool], Awaitable[Any]]


async def serve(engine: FullEngine) -> None:
    """Serve one client. Standard output carries the protocol and nothing else from now on."""
    reader, writer = await _streams()
    peer = Peer()
    agent = FimbleAgent(engine, peer)
    connection = Connection(handler(agent), Lines(reader, writer), listening=False)
    peer.request, peer.notify = connection.send_request, connection.send_notification
    try:
        await connection.main_loop()
    finally:
        await agent.end()
        await connection.close()
        await engine.close()


def handler(agent: FimbleAgent) -> Handler:
    """What the SDK calls for each message. What goes wrong reaches the client as a sentence.

    The SDK would log its text, which may hold the user's code.
    """
    router: MessageRouter = build_agent_router(agent, use_unstable_protocol=True)  # type: ignore[arg-type]
    router.route_request(  # the SDK knows its shape and has no route for it
        AGENT_METHODS["session_delete"], DeleteSessionRequest, agent, "delete_session"
    )

    async def handle(method: str, params: Any, is_notification: bool) -> Any:
        try:
            return await router(method, params, is_notification)
        except RequestError as error:
            refusal = error
        except ValidationError:
            what = f"The parameters of {method} are not what the protocol says."
            refusal = RequestError(INVALID_PARAMS, what)
        except FimbleError as error:
            code = INVALID_PARAMS if isinstance(error, UsageError) else INTERNAL_ERROR
            refusal = RequestError(code, str(error))
        except Exception as error:
            logger.error("%s failed: %s", method, describe(error))
            kind = type(error).__name__
            what = f"Fimble failed on {method} ({kind}); this is a bug, its log says where."
            refusal = RequestError(INTERNAL_ERROR, what)
        if is_notification:
            logger.warning("a notification was ignored: %s", refusal)
            return None
        raise refusal from None

    return handle


async def _streams() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Standard input, and standard output kept for ourselves: what prints goes to the errors.

    Raises UsageError if they are no pipes.
    """
    for stream in (sys.stdin, sys.stdout):
        mode = os.fstat(stream.fileno()).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stream.isatty()):
            raise UsageError("An editor starts `fimble acp` and talks to it through pipes.")
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(MAX_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb", 0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader())  # gives the writer its `drain`
    transport, _ = await loop.connect_write_pipe(lambda: protocol, output)
    return reader, asyncio.StreamWriter(transport, protocol, None, loop)
