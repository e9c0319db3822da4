"""What reaches an endpoint: no credential, and nothing goes to anybody else."""

from __future__ import annotations

import asyncio
import json
import random
import sysconfig
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lsp_server.agent.store import Store
from lsp_server.core.fim import Snippet
from lsp_server.engines.base import InfillRequest, Priority
from lsp_server.engines.chat import ChatRequest, Message, NativeCall
from lsp_server.engines.remote import sent
from lsp_server.engines.remote.asked import Asked
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.engines.remote.gate import gap
from lsp_server.engines.remote.http import Http
from lsp_server.errors import FimbleError
from lsp_server.settings import RemoteSettings
from lsp_server.workspace.masking import PLACEHOLDER, masked, placeholder, restored, spans
from tests.connections import Connections
from tests.http_endpoint import Endpoint, endpoint, reply, stream
from tests.planted import KINDS, Planted, planted, texts
from tests.remote import DONE, ask, choice, engine_for, pass_self_test, text_of

SEED = 8
PLANTED = planted(SEED, 200)
LONGEST_LEFT = 8
"""Characters of a secret that may be left in a row; a password of that length is no help."""


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        running.before_routes = lambda request: (
            pass_self_test(request) if request.path == "/v1/completions" else None
        )
        running.routes["/v1/completions"] = stream(choice("x"), DONE)
        running.routes["/v1/chat/completions"] = stream(said("x"), DONE)
        running.routes["/v1/models"] = reply({"data": [{"id": "coder"}]})
        yield running


def said(text: str) -> dict[str, object]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}


def leaves(value: Any) -> Iterator[str]:
    """All texts in a JSON value, those that hold JSON themselves read too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)


def is_left(secret: str, text: str) -> bool:
    size = LONGEST_LEFT
    return any(secret[i : i + size] in text for i in range(len(secret) - size + 1))


def left(found: list[Planted], told: list[str]) -> list[str]:
    """The kinds of those that stand in their text still."""
    return [each.kind for each, text in zip(found, told, strict=True) if is_left(each.secret, text)]


def as_infill(text: str, number: int) -> InfillRequest:
    """A gap whose text is before it, behind it, or another file's."""
    match number % 3:
        case 0:
            return InfillRequest(text, "\nend()\n", path="a.py")
        case 1:
            return InfillRequest("begin()\n", text, path="a.py")
        case _:
            return InfillRequest("x = 1\n", "", context=(Snippet("b.py", text),), path="a.py")


def as_chat(text: str, number: int) -> ChatRequest:
    """A chat in which the user, a tool, or the model in a call of a tool has said a text."""
    call = NativeCall("edit", json.dumps({"new": text}), "1")
    match number % 3:
        case 0:
            messages = [Message("user", text)]
        case 1:
            messages = [Message("assistant", "", (call,)), Message("tool", "done", call=call)]
        case _:
            messages = [Message("user", "?"), Message("assistant", f"It says:\n```\n{text}\n```")]
    return ChatRequest(tuple(messages), 8)


async def tell(engine: RemoteEngine, request: ChatRequest) -> None:
    async with aclosing(engine.chat(request)) as events:
        async for _ in events:
            pass


def test_there_are_25_kinds() -> None:
    assert len(KINDS) == 25
    assert {each.kind for each in PLANTED} == set(KINDS)


async def test_planted_secrets_are_masked(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_for(served, log="content")
    for number, text in enumerate(texts(PLANTED)):
        await ask(engine, as_infill(text, number))
        await tell(engine, as_chat(text, number))
    await engine.close()
    for path in ("/v1/completions", "/v1/chat/completions"):
        told = ["\n".join(leaves(body)) for body in served.bodies(path)]
        assert len(told) == len(PLANTED)
        assert left(PLANTED, told) == [], path
    noted = sent.read(sent.default_path())
    assert len(noted) >= 2 * len(PLANTED)
    assert sum(each.masked for each in noted) >= 2 * len(PLANTED)
    log = sent.default_path().read_text(encoding="utf-8")
    assert not [each.kind for each in PLANTED if is_left(each.secret, log)]


def test_planted_secrets_are_not_stored(tmp_path: Path) -> None:
    store = Store(tmp_path / "sessions.sqlite")
    session = store.create(tmp_path, "ask").id
    for each, text in zip(PLANTED, texts(PLANTED), strict=True):
        store.name(session, each.text)
        store.append(session, 1, "user", {"text": text})
        calls = [{"name": "edit", "arguments": json.dumps({"new": text}), "id": "1"}]
        store.append(session, 1, "assistant", {"text": "", "calls": calls, "prose": text})
    store.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode("utf-8", "replace")
    assert not [each.kind for each in PLANTED if is_left(each.secret, stored)]


def test_ordinary_files_have_none() -> None:
    """At most one of a hundred is thought to hold one; some hold samples of them."""
    endings = {".py", ".js", ".c", ".h", ".md", ".txt", ".toml", ".json", ".cfg", ".pyi", ".rst"}
    roots = [
        Path(sysconfig.get_path("purelib")),
        Path(sysconfig.get_path("stdlib")),
        *Path("/usr/lib").glob("python3*"),
    ]
    files = sorted(
        {
            path
            for root in roots
            for path in root.rglob("*")
            if path.suffix in endings and path.is_file() and path.stat().st_size < 200_000
        }
    )
    chosen = random.Random(SEED).sample(files, 1000)
    hit = [path for path in chosen if spans(path.read_text("utf-8", "replace"))]
    assert len(hit) <= 10, hit


async def test_nobody_else_is_asked(served: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """No redirect, proxy, address in a text or attempt to try a credential leads elsewhere."""
    others: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        others.append("connected")
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    elsewhere = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere)
    engine = engine_for(served)
    with Connections() as made:
        for number, text in enumerate(texts(PLANTED[:25])):
            await ask(engine, as_infill(f"{elsewhere}/a\n{text}", number))
        moved = reply({}, status=307, headers=f"Location: {elsewhere}/v1/completions\r\n")
        served.routes["/v1/completions"] = moved
        with pytest.raises(FimbleError):
            await ask(engine)
        await engine.close()
    server.close()
    assert others == []
    assert made == {("127.0.0.1", int(served.url.rpartition(":")[2]))}


SECRET = PLANTED[0].secret
LINE = f'token = "{SECRET}"'


async def test_every_request_is_masked_whoever_makes_it(served: Endpoint) -> None:
    http = Http(RemoteSettings(url=served.url))
    served.routes["/x"] = reply({})
    body = {"deep": [{"text": LINE, "numbers": [1, 2.5, True, None]}]}
    await http.post(f"{served.url}/x", body)
    served.routes["/x"] = stream({}, DONE)
    asked = Asked(f"{served.url}/x", body, max_tokens=8, priority=Priority.TYPING)
    async with aclosing(http.stream(asked)) as events:
        async for _ in events:
            break
    await http.close()
    expected = {"deep": [{"text": masked(LINE), "numbers": [1, 2.5, True, None]}]}
    assert served.bodies("/x") == [expected, expected]
    assert body["deep"][0]["text"] == LINE


async def test_what_was_sent_stays_the_beginning_of_what_is_sent(served: Endpoint) -> None:
    engine = engine_for(served)
    for typed in ("", "p", "pr", "print(1)"):
        await ask(engine, InfillRequest(f"{LINE}\n", "", middle=typed))
    await engine.close()
    prompts = [body["prompt"] for body in served.bodies("/v1/completions")]
    assert all(after.startswith(before) for before, after in pairwise(prompts))
    assert placeholder(SECRET) in prompts[0]


async def test_in_a_secret_nothing_is_asked(served: Endpoint) -> None:
    engine = engine_for(served)
    half = len(LINE) - 10
    assert await text_of(engine, InfillRequest(LINE[:half], LINE[half:])) == ""
    assert await text_of(engine, InfillRequest("", LINE[half:], middle=LINE[:half])) == ""
    assert served.bodies("/v1/completions") == []
    await engine.close()


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_an_answer_gets_the_gaps_own_secrets_back(served: Endpoint, size: int) -> None:
    other = PLANTED[3].secret
    words = f"M MASKED {placeholder(SECRET)}, {placeholder(other)} M"
    pieces = [words[i : i + size] for i in range(0, len(words), size)]
    served.routes["/v1/completions"] = stream(*map(choice, pieces), DONE)
    engine = engine_for(served)
    context = (Snippet("b.py", f'x = "{other}"'),)
    request = InfillRequest(f"{LINE}\n", "", max_tokens=500, context=context, path="a.py")
    assert await text_of(engine, request) == f"M MASKED {SECRET}, {placeholder(other)} M"
    await engine.close()


def test_parts_of_a_gap_keep_their_places() -> None:
    for first in range(len(LINE) + 1):
        for second in range(first, len(LINE) + 1):
            request = InfillRequest(LINE[:first], LINE[second:], middle=LINE[first:second])
            found = gap(request)
            start = LINE.index(SECRET)
            inside = start < second < start + len(SECRET)
            assert (found is None) == inside
            if found:
                hidden = found.request
                assert hidden.prefix + hidden.middle + hidden.suffix == masked(LINE)
                assert restored(hidden.prefix + hidden.middle, LINE) == LINE[:second]


async def test_control_tokens_stay_between_what_is_masked(served: Endpoint) -> None:
    http = Http(RemoteSettings(url=served.url))
    served.routes["/x"] = reply({})
    await http.post(f"{served.url}/x", {"prompt": 'password = "a1b2c3<|fim_suffix|>d4e5f6"'})
    (body,) = served.bodies("/x")
    assert "<|fim_suffix|>" in body["prompt"]
    assert "a1b2c3" not in body["prompt"]
    await http.close()


def test_masking_is_done_once() -> None:
    for each in PLANTED:
        text = masked(each.text)
        assert masked(text) == text
        assert restored(text, each.text) == each.text
        assert PLACEHOLDER.search(text)


async def test_the_event_loop_is_not_kept(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masking, writing JSON and noting are all done in other threads."""
    threads: set[int] = set()

    def note(text: str) -> list[tuple[int, int]]:
        threads.add(threading.get_ident())
        return spans(text)

    monkeypatch.setattr("lsp_server.workspace.masking.spans", note)
    engine = engine_for(served)
    await ask(engine, as_infill(LINE, 0))
    await tell(engine, as_chat(LINE, 0))
    await engine.close()
    assert threads
    assert threading.get_ident() not in threads
