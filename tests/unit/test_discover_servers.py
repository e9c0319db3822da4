"""Model servers on this machine: which are found, and what is asked of whom."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from lsp_server.engines.remote import examine, sent
from lsp_server.engines.remote.discovery import Model, Server, find, usual_ports
from tests.http_endpoint import Endpoint, Request, dripping, endpoint, reply
from tests.strict_endpoints import MODEL, STRICT, serve

CODER = "qwen2.5-coder:7b"


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


def port_of(served: Endpoint) -> int:
    return int(served.url.rpartition(":")[2])


async def found_at(served: Endpoint) -> Server | None:
    servers = await find([port_of(served)])
    assert len(servers) <= 1
    return servers[0] if servers else None


def listing(owner: str, *names: str, **facts: Any) -> bytes:
    data = [{"id": name, "object": "model", "owned_by": owner, **facts} for name in names]
    return reply({"object": "list", "data": data})


def is_ollama(served: Endpoint, **shown: dict[str, Any]) -> None:
    """Have an endpoint answer as Ollama does. `shown` has what it tells of each model."""

    def show(request: Request) -> bytes | None:
        name = request.body["model"] if request.path == "/api/show" else ""
        return reply(shown[name]) if name else None

    served.before_routes = show
    served.routes["/api/version"] = reply({"version": "0.12.0"})
    served.routes["/v1/models"] = listing("library", *shown)


TITLES = {
    "llama-server": "llama-server",
    "ollama": "Ollama",
    "lm-studio": "LM Studio",
    "vllm": "vLLM",
    "sglang": "SGLang",
    "tgi": "Text Generation Inference",
    "openai": "OpenAI-compatible server",
}


@pytest.mark.parametrize("dialect", TITLES)
async def test_each_dialect_is_found(served: Endpoint, dialect: str) -> None:
    serve(served, STRICT[dialect])
    if dialect == "lm-studio":
        served.routes["/v1/models"] = listing("organization_owner", MODEL)
    model = Model("coder.gguf", False) if dialect == "llama-server" else Model(MODEL, True)
    assert await found_at(served) == Server(served.url, TITLES[dialect], dialect, (model,))
    assert {request.headers.get("authorization") for request in served.requests} == {None}


@pytest.mark.parametrize(
    ("owner", "title", "dialect"),
    [
        ("llama-swap", "llama-swap", "openai"),
        ("me", "llama-cpp-python", "llama-cpp-python"),
        ("llamacpp", "llama-server", "llama-server"),
    ],
)
async def test_kin_are_known_by_their_lists(
    served: Endpoint, owner: str, title: str, dialect: str
) -> None:
    served.routes["/api/version"] = reply({"version": "1", "commit": "c", "build_date": "d"})
    served.routes["/v1/models"] = listing(owner, "m", "Qwen2.5-Coder-1.5B")
    expected = (Model("Qwen2.5-Coder-1.5B", True), Model("m", False))
    assert await found_at(served) == Server(served.url, title, dialect, expected)


async def test_lm_studio_answers_questions_that_it_does_not_know_with_200(served: Endpoint) -> None:
    unknown = reply({"error": "Unexpected endpoint or method."})
    served.routes |= dict.fromkeys(("/props", "/api/version"), unknown)
    served.routes["/v1/models"] = listing("organization_owner", "a")
    served.routes["/api/v0/models"] = reply(
        {"data": [{"id": "a", "type": "llm"}, {"id": "b", "type": "embeddings"}]}
    )
    expected = Server(served.url, "LM Studio", "lm-studio", (Model("a", False),))
    assert await found_at(served) == expected


async def test_what_ollama_tells_of_its_models(served: Endpoint) -> None:
    completion = {"capabilities": ["completion", "tools"]}
    shown: dict[str, dict[str, Any]] = {
        "llama3.1:8b": completion,
        "private:1b": {"capabilities": ["completion", "insert"]},
        CODER: completion,
        "old:7b": {},
        "vectors:1b": {"capabilities": ["embedding"]},
        "nomic-embed-text:latest": {},
        "big:cloud": completion | {"remote_host": "https://host.example:443"},
        "big:too": completion | {"remote_model": "big"},
    }
    is_ollama(served, **shown)
    server = await found_at(served)
    assert server is not None
    assert server.models == (
        Model("private:1b", True),
        Model(CODER, True),
        Model("llama3.1:8b", False),
        Model("old:7b", False),
    )


async def test_models_of_other_machines_are_left_out(served: Endpoint) -> None:
    elsewhere = {"meta": {"llamaswap": {"peerID": "titan"}}}
    served.routes["/v1/models"] = listing("llama-swap", "coder", **elsewhere)
    assert await found_at(served) is None


@pytest.mark.parametrize("name", ["", "a\x1b[31mb", "a\nb", "x" * 300, "bge-m3", "my-reranker"])
async def test_models_that_cannot_be_offered_are_left_out(served: Endpoint, name: str) -> None:
    served.routes["/v1/models"] = listing("vllm", name, "good")
    server = await found_at(served)
    assert server is not None
    assert server.models == (Model("good", False),)


async def test_what_is_told_is_bounded(served: Endpoint) -> None:
    served.routes["/v1/models"] = listing("vllm", *map(str, range(1000)))
    server = await found_at(served)
    assert server is not None
    assert len(server.models) == examine.MAX_MODELS


def raw(answer: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
        len(answer),
        answer,
    )


NO_SERVERS = {
    "a web page": raw(b"<!doctype html><title>Jenkins</title>"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "bytes": bytes(range(256)) * 10,
    "an empty answer": b"",
    "another program's JSON": reply({"data": [{"id": 1}], "version": [], "models": {}}),
    "another program's list": reply({"data": [{"id": "volvo"}], "version": None}),
    "deep JSON": reply(b"[" * 100_000),
    "an empty list": reply({"object": "list", "data": []}),
    "a failure": reply({}, status=500),
    "a login": reply({}, status=401),
    "another version": reply({"version": "1.0"}),
}


@pytest.mark.parametrize("what", NO_SERVERS)
async def test_what_is_no_model_server_is_not_found(served: Endpoint, what: str) -> None:
    served.before_routes = lambda _request: NO_SERVERS[what]
    assert await found_at(served) is None


async def test_a_huge_answer_is_not_read(served: Endpoint) -> None:
    small = b'{"data": [{"id": "good", "owned_by": "vllm"}]}'
    served.routes["/v1/models"] = reply(small + b" " * (examine.MAX_ANSWER_BYTES - len(small)))
    assert await found_at(served) is not None
    served.routes["/v1/models"] = reply(small + b" " * examine.MAX_ANSWER_BYTES)
    assert await found_at(served) is None

    async def flood(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while not writer.transport.is_closing():
            writer.write(b" " * 65536)
            await writer.drain()

    served.routes["/props"] = flood
    assert await found_at(served) is None


async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("ways", [hang, dripping(b" ")])
async def test_who_hangs_keeps_nobody_waiting_for_long(served: Endpoint, ways: Any) -> None:
    """The bounds end it; the test's own is far longer. And the other server is found."""
    served.routes["/props"] = ways
    async with endpoint() as other:
        other.routes["/v1/models"] = listing("vllm", "good")
        async with asyncio.timeout(60):
            servers = await find([port_of(served), port_of(other)])
    assert [server.url for server in servers] == [other.url]


@pytest.mark.parametrize(("each", "together"), [(0.2, 600), (600, 0.2)])
async def test_answers_are_bounded_one_by_one_and_together(
    served: Endpoint, each: float, together: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "ANSWER_SECONDS", each)
    monkeypatch.setattr(examine, "MOST_SECONDS", together)
    served.routes["/props"] = hang
    async with asyncio.timeout(15):
        assert await found_at(served) is None


async def test_a_socket_that_nobody_answers_at() -> None:
    """It takes connections, as the system does for a program that is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with asyncio.timeout(60):
            assert await find([listening.getsockname()[1]]) == ()


async def test_nothing_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert await find([port]) == ()
    assert await find([]) == ()


async def test_a_redirect_is_not_followed(served: Endpoint) -> None:
    async with endpoint() as elsewhere:
        elsewhere.routes["/v1/models"] = listing("vllm", "good")
        moved = reply({}, status=307, headers=f"Location: {elsewhere.url}/v1/models\r\n")
        served.before_routes = lambda _request: moved
        assert await found_at(served) is None
        assert elsewhere.requests == []


async def test_no_proxy_is_asked(served: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    async with endpoint() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        served.routes["/v1/models"] = listing("vllm", "good")
        assert await found_at(served) is not None
        assert proxy.requests == []


@asynccontextmanager
async def at_ipv6() -> AsyncIterator[Endpoint]:
    served = Endpoint()
    try:
        server = await asyncio.start_server(served.serve, "::1", 0)
    except OSError:
        pytest.skip("there is no IPv6 here")
    served.url = f"http://[::1]:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield served


async def test_the_other_address_is_asked_where_the_first_refuses() -> None:
    async with at_ipv6() as served:
        served.routes["/v1/models"] = listing("vllm", "good")
        server = await found_at(served)
        assert server is not None
        assert server.url == served.url


USUAL = (11434, 8080, 1234, 8000, 30000)
HOSTS = {
    "": 11434,
    "127.0.0.1": 11434,
    "127.0.0.1:7000": 7000,
    "0.0.0.0": 11434,
    "0.0.0.0:7000": 7000,
    ":7000": 7000,
    "localhost:7000": 7000,
    "[::1]:7000": 7000,
    "::1": 11434,
    "http://127.0.0.1:7000/": 7000,
    "http://localhost": 80,
    "https://localhost:7000": 11434,
    "192.0.2.7:7000": 11434,
    "gpu.example:7000": 11434,
    "http://gpu.example": 11434,
    "localhost.gpu.example:7000": 11434,
    "127.0.0.1:99999": 11434,
    "127.0.0.1:x": 11434,
    "[": 11434,
    "http://user@gpu.example:7000": 11434,
}


@pytest.mark.parametrize("host", HOSTS)
def test_where_ollama_was_told_to_listen(host: str) -> None:
    assert usual_ports({"OLLAMA_HOST": host}) == (HOSTS[host], *USUAL[1:])


def test_the_usual_ports() -> None:
    assert usual_ports({}) == USUAL
    assert usual_ports({"OLLAMA_HOST": "127.0.0.1:8080"}) == USUAL[1:]


async def test_what_is_asked_is_noted_where_that_is_wanted(served: Endpoint) -> None:
    is_ollama(served, **{CODER: {}})
    await find([port_of(served)], "content")
    host = served.url.removeprefix("http://")
    noted = [each.kind for each in sent.read(sent.default_path()) if each.host == host]
    asked = ["GET /props", "GET /api/version", "GET /v1/models", "POST /api/show"]
    assert noted == asked
