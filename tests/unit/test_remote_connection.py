"""The remote engine: addresses, keys, proxies and connections."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_server.engines.remote import address
from tests.http_endpoint import Endpoint, Request, endpoint, reply, stream
from tests.remote import DONE, ask, choice, engine_for, refusal, text_of

SELF_SIGNED = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTnxlBL+8R8xCAtUK
2m93p3uUmgRnI06ioAvwAeJxLwShRANCAAQ9V3Qjt4CwiXsJ9MELagsvtOzcaOvk
fykKYsaplwoIB1k49V/lBnbxU1MU2nWBNiZpRMEOw5Nx1xiFLCu9CbmE
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUIVAfrThLXGy3bWdlGr1ThGJBbdEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAwMzAzMloYDzIxMjYxMDMw
MDAzMDMyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ9V3Qjt4CwiXsJ9MELagsvtOzcaOvkfykKYsaplwoIB1k49V/lBnbx
U1MU2nWBNiZpRMEOw5Nx1xiFLCu9CbmEo28wbTAdBgNVHQ4EFgQUZTaUJPS+voxk
Ggrbl5RMZqnJ/YAwHwYDVR0jBBgwFoAUZTaUJPS+voxkGgrbl5RMZqnJ/YAwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgC1yXXvKP0BUuHDzfEQBrR3suH0XULqiQPdb3JHTgIzwCIQCk
FEnROrcw/xDLv77z5ZLcWq7Z/Y3v5H4R/CF8k0rU8g==
-----END CERTIFICATE-----
"""
"""For 127.0.0.1, until the year 2126. The key was made for this test and guards nothing."""


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


async def test_refused_and_unknown_hosts(served: Endpoint) -> None:
    engine = engine_for(served, url="http://127.0.0.1:9/v1")
    assert "No server answers at 127.0.0.1:9;" in await refusal(engine)
    engine = engine_for(served, url="http://nowhere.invalid")
    assert "The host of nowhere.invalid is not known" in await refusal(engine)


async def test_plain_http_is_no_secure_connection(served: Endpoint) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply({}, status=400))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        message = await refusal(engine_for(served, url=f"https://127.0.0.1:{port}"))
    assert f"There is no secure connection to 127.0.0.1:{port}" in message


async def test_answers_that_end_by_themselves_come_over_one_connection(served: Endpoint) -> None:
    events = (choice("a"), choice("", "stop"), DONE)
    lines = "".join(f"data: {e if isinstance(e, str) else json.dumps(e)}\n\n" for e in events)
    served.routes["/v1/completions"] = reply(lines.encode())  # a whole answer, kept alive
    engine = engine_for(served)
    await engine.info()
    served.ended.clear()
    assert [await text_of(engine) for _ in range(3)] == ["a"] * 3
    assert not served.ended.is_set()
    await engine.close()


async def test_what_comes_after_the_end_is_not_waited_for(served: Endpoint) -> None:
    async def on_and_on(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(stream(choice("a", "stop"), DONE))
        await asyncio.Event().wait()

    served.routes["/v1/completions"] = on_and_on
    engine = engine_for(served)
    assert await text_of(engine) == "a"
    await engine.close()


async def test_a_kept_connection_that_the_server_closed_is_replaced(served: Endpoint) -> None:
    answers = [b"", stream(choice("x"), DONE)]

    async def close_once(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    served.routes["/v1/completions"] = close_once
    engine = engine_for(served)
    assert await text_of(engine) == "x"
    await engine.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    served: Endpoint, tmp_path: Path
) -> None:
    pem = tmp_path / "certificate.pem"
    pem.write_text(SELF_SIGNED)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    async with await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        message = await refusal(engine_for(served, url=f"https://127.0.0.1:{port}"))
    assert f"There is no secure connection to 127.0.0.1:{port}" in message
    assert served.requests == []


async def test_no_proxy_on_this_machine(served: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    served.routes["/v1/completions"] = stream(choice("x"), DONE)
    engine = engine_for(served)
    assert await text_of(engine) == "x"
    await engine.close()


async def test_the_key_is_sent_and_never_told(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TEST_KEY", "s3cret\n")
    served.routes["/v1/completions"] = stream(choice("x"), DONE)
    engine = engine_for(served, api_key="env:TEST_KEY")
    await ask(engine)
    assert {request.headers["authorization"] for request in served.requests} == {"Bearer s3cret"}
    served.routes["/v1/completions"] = reply({"error": "s3cret"}, status=401)
    message = await refusal(engine)
    assert "check the environment variable TEST_KEY" in message
    assert "s3cret" not in message + caplog.text
    assert "def f" not in caplog.text


@pytest.mark.parametrize(
    ("url", "key", "says"),
    [
        ("http://127.0.0.1:9", "", "TEST_KEY, which fimble.remote.apiKey names, is not set"),
        ("http://127.0.0.1:9", "a\nb", "TEST_KEY is no valid API key"),
        ("http://nowhere.invalid", "k", "would travel to nowhere.invalid unencrypted"),
        ("", "k", "must be an address such as"),
        ("localhost:8080", "k", "must be an address such as"),
        ("ftp://host/v1", "k", "must be an address such as"),
        ("http://host\x1b[2J", "k", "is not a valid address"),
        ("https://me:pass@host/v1", "k", "must not hold a user name"),
        ("https://host/v1?key=1", "k", "must not hold a user name"),
    ],
)
async def test_settings_that_can_not_be_used(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch, url: str, key: str, says: str
) -> None:
    monkeypatch.setenv("TEST_KEY", key)
    assert says in await refusal(engine_for(served, url=url, api_key="env:TEST_KEY"))


@pytest.mark.parametrize(
    ("url", "root", "v1"),
    [
        ("http://h:8080", "http://h:8080", "http://h:8080/v1"),
        ("http://h:8080/", "http://h:8080", "http://h:8080/v1"),
        ("https://h/v1/", "https://h", "https://h/v1"),
        ("https://h/beta", "https://h/beta", "https://h/beta"),
        ("https://h/up/coder/v1", "https://h/up/coder", "https://h/up/coder/v1"),
    ],
)
def test_bases(url: str, root: str, v1: str) -> None:
    parsed = address.parse(url, "fimble.remote")
    assert (parsed.root, parsed.v1) == (root, v1)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:80", True),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
    ],
)
def test_loopback(url: str, loopback: bool) -> None:
    assert address.parse(url, "fimble.remote").loopback is loopback


def test_httpx_is_not_loaded_before_the_first_request() -> None:
    code = (
        "import sys, lsp_server.engines.remote as r, lsp_server.settings as s;"
        "r.open_remote(s.RemoteSettings(url='http://127.0.0.1:9'), print);"
        "sys.exit('httpx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
