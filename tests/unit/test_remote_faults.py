"""All that may go wrong with an endpoint, for every dialect, filling gaps and chatting.

Each is one clear sentence, within its time, without a storm of requests; the other feature goes on.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest

from lsp_server.engines.base import Delta, Finished, InfillRequest
from lsp_server.engines.chat import ChatRequest, Message
from lsp_server.engines.remote import sse
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.errors import RemoteError
from lsp_server.settings import ChatSettings, RemoteSettings
from tests.http_endpoint import STREAM, Endpoint, Handler, Request, endpoint, reply
from tests.strict_endpoints import STRICT, Strict, serve

CODE = "xyzzy_secret"
"""What no message may hold."""
GAP = InfillRequest(f"def {CODE}():\n    ", "\n", max_tokens=16)
ASKED = ChatRequest((Message("user", CODE),), 16)
SHORT = 0.3
"""Seconds: the patience where an answer never comes."""
HANG = 15.0
"""Seconds after which a request counts as hanging; a busy machine must not come near it."""


@dataclass(frozen=True)
class Fault:
    """What an endpoint does wrong, and what a user must be told; empty: it ends as it should."""

    says: str
    answer: Callable[[Strict, bool], bytes | Handler]
    """Given the dialect and whether it chats."""
    patience: float = 10.0


def whole(status: int, headers: str = "", body: object = None) -> Fault:
    error = body or {"error": {"message": CODE}, "detail": CODE}
    return Fault(
        f"({status})", lambda _strict, _chats: reply(error, status=status, headers=headers)
    )


def always(says: str, answer: bytes | Handler, patience: float = 10.0) -> Fault:
    return Fault(says, lambda _strict, _chats: answer, patience)


def event(strict: Strict, chats: bool, piece: str) -> bytes:
    """One event of a stream, without the head of the answer."""
    one = strict.chat_event(content=piece) if chats else strict.fim_event(piece)
    return strict.events(one).partition(b"\r\n\r\n")[2]


async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def stalled(strict: Strict, chats: bool) -> Handler:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM + event(strict, chats, "a"))
        await asyncio.Event().wait()

    return handler


def endless(piece: str) -> Callable[[Strict, bool], Handler]:
    """A model that writes the same for ever."""

    def answer(strict: Strict, chats: bool) -> Handler:
        async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(STREAM)
            while not writer.transport.is_closing():
                writer.write(event(strict, chats, piece) * 20)
                await writer.drain()
                await asyncio.sleep(0)

        return handler

    return answer


def cut(strict: Strict, chats: bool) -> bytes:
    return STREAM + event(strict, chats, "a") + event(strict, chats, "b")[:20]


def huge(strict: Strict, chats: bool) -> bytes:
    return STREAM + event(strict, chats, "long " * 50_000) * 40


def empty(strict: Strict, chats: bool) -> bytes:
    """The end of an answer and nothing before it."""
    return strict.chat() if chats else strict.completion()


def instead(line: bytes) -> Callable[[Strict, bool], bytes]:
    """A stream with one line of an event that is none."""

    def answer(strict: Strict, chats: bool) -> bytes:
        return STREAM + event(strict, chats, "a") + (b"" if strict.ndjson else b"data: ") + line

    return answer


NO_SERVER = "did not answer as a completion server"
HTML = b"<!DOCTYPE html><title>Sign in</title><p>" + CODE.encode()
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + HTML
FAULTS: dict[str, Fault] = {
    "401": whole(401),
    "402": whole(402),
    "403": whole(403),
    "404": whole(404),
    "429": whole(429, "Retry-After: 3\r\n"),
    "429 without a time": whole(429),
    "500": whole(500),
    "503": whole(503),
    "an error as html": whole(502, "Content-Type: text/html\r\n", HTML),
    "a slow first byte": always(f"did not answer within {SHORT} s", silent, SHORT),
    "a stall": Fault(f"did not answer within {SHORT} s", stalled, SHORT),
    "a cut stream": Fault("broke off its answer", cut),
    "no answer": always("broke off the connection", b""),
    "an empty body": always("sent an empty answer", STREAM),
    "an empty answer": Fault("", empty),
    "malformed JSON": Fault(NO_SERVER, instead(b'{"choices": [\n\n')),
    "JSON of another kind": Fault(NO_SERVER, instead(b"[1, 2]\n\n")),
    "an error within": Fault("failed while answering", instead(b'{"error": {"code": 1}}\n\n')),
    "a page": always(NO_SERVER, PAGE),
    "a line without end": always(NO_SERVER, STREAM + b"x" * (sse.MAX_LINE_BYTES + 70_000)),
    "a huge answer": Fault("", huge),
    "the same for ever": Fault("", endless("no ")),
    "nothing for ever": Fault("answers without an end", endless("")),
}
EVERY = pytest.mark.parametrize("strict", STRICT.values(), ids=STRICT.keys())
BOTH = pytest.mark.parametrize("chats", [False, True], ids=["fills gaps", "chats"])


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


def engine_at(url: str, strict: Strict, chats: bool, patience: float = 10.0) -> RemoteEngine:
    """With markers where there may be some, so that little is asked beforehand."""
    settings = RemoteSettings(
        url=url,
        dialect=strict.name,  # type: ignore[arg-type]
        template="qwen",
        timeout_seconds=10.0 if chats else patience,
    )
    chat = ChatSettings(timeout_seconds=patience if chats else 10.0)
    return RemoteEngine(settings, lambda _status: None, None, chat)


async def ask(engine: RemoteEngine, chats: bool) -> list[Any]:
    async with (
        asyncio.timeout(HANG),
        aclosing(engine.chat(ASKED) if chats else engine.infill(GAP)) as events,
    ):
        return [event async for event in events]


async def refusal(engine: RemoteEngine, chats: bool) -> str:
    with pytest.raises(RemoteError) as caught:
        await ask(engine, chats)
    return str(caught.value)


def is_clear(message: str, host: str) -> bool:
    """One or two sentences that name the host, and nothing of the user's or of the endpoint's."""
    assert host in message
    assert CODE not in message
    assert message[0] != " "
    assert message.endswith(".")
    assert "\n" not in message
    assert "{" not in message
    return len(message) < 300


# A connection that is given up while it is being made leaves a coroutine behind, in anyio.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@EVERY
@BOTH
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_a_fault(served: Endpoint, strict: Strict, chats: bool, fault: Fault) -> None:
    serve(served, strict)
    path = strict.chat_path if chats else strict.fim_path
    served.routes[path] = fault.answer(strict, chats)
    engine = engine_at(served.url, strict, chats, fault.patience)
    no_text_ends = strict.name == "llama-server" and fault is FAULTS["nothing for ever"]
    if fault.says and not (no_text_ends and not chats):
        message = await refusal(engine, chats)
        assert fault.says in message
        assert is_clear(message, served.url.removeprefix("http://"))
        asked = len(served.requests)
        assert len(served.bodies(path)) <= 2
        again = await asyncio.gather(*(refusal(engine, chats) for _ in range(20)))
        assert set(again) == {message}
        assert len(served.requests) == asked, "left alone"
    else:
        *pieces, finished = await ask(engine, chats)
        assert isinstance(finished, Finished)
        assert finished.reason == ("length" if pieces else "end")
        assert len(pieces) <= 16
    if fault.patience != SHORT:  # else the other may have no time on a busy machine
        other = await ask(engine, not chats)
        told = "".join(event.text for event in other if isinstance(event, Delta))
        assert told == ("ab" if chats else "one two")
    await engine.close()


async def _plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(reply({}, status=400))
    await writer.drain()
    writer.close()


@EVERY
@BOTH
async def test_nobody_listens(strict: Strict, chats: bool) -> None:
    with socket.socket() as taken:  # bound, but not listening
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        engine = engine_at(f"http://{host}", strict, chats)
        message = await refusal(engine, chats)
        assert f"No server answers at {host}" in message
        assert is_clear(message, host)
        await engine.close()


@EVERY
@BOTH
async def test_a_host_that_nobody_knows(
    strict: Strict, chats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []

    def unknown(*asked: object, **_how: object) -> None:
        looked_up.append(asked)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    engine = engine_at("http://nowhere.invalid", strict, chats)
    messages = {await refusal(engine, chats) for _ in range(20)}
    assert len(looked_up) == 1
    (message,) = messages
    assert "The host of nowhere.invalid is not known" in message
    assert is_clear(message, "nowhere.invalid")
    await engine.close()


@EVERY
@BOTH
async def test_no_secure_connection(strict: Strict, chats: bool) -> None:
    async with await asyncio.start_server(_plain, "127.0.0.1", 0) as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        engine = engine_at(f"https://{host}", strict, chats)
        message = await refusal(engine, chats)
        assert "There is no secure connection to" in message
        assert is_clear(message, host)
        await engine.close()


@EVERY
async def test_waiting_does_not_stop_the_other(served: Endpoint, strict: Strict) -> None:
    """A chat that hangs keeps no gap from being filled."""
    serve(served, strict)
    served.routes[strict.chat_path] = silent
    engine = engine_at(served.url, strict, chats=False)
    hanging = asyncio.create_task(ask(engine, chats=True))
    await asyncio.wait_for(_arrival(served, strict.chat_path), HANG)
    assert len(await ask(engine, chats=False)) > 1
    assert not hanging.done()
    hanging.cancel()
    await engine.close()


async def _arrival(served: Endpoint, path: str) -> None:
    while await served.arrived.get() != path:
        pass


def test_there_are_enough_cases() -> None:
    assert len(FAULTS) * len(STRICT) * 2 > 400
