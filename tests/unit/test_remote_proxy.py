"""Proxies, of the settings and of the environment."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator

import pytest

from lsp_server.settings import BROKEN_PROXY
from tests.http_endpoint import Endpoint, endpoint, reply, stream
from tests.proxy import proxy
from tests.remote import DONE, choice, engine_for, refusal, text_of
from tests.tls import HOST, Authority

WHERE = "fimble.endpoints.office"
KEY = "s3cret"


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Endpoint]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("TEST_KEY", KEY)
    async with endpoint() as running:
        running.routes["/v1/completions"] = stream(choice("x"), DONE)
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


async def test_a_proxy_leads_to_a_host_over_tls(served: Endpoint, authority: Authority) -> None:
    async with authority.serving(served) as port, proxy(port) as way:
        engine = engine_for(
            served,
            url=f"https://{HOST}",
            proxy=way.url,
            ca_file=str(authority.file),
            api_key="env:TEST_KEY",
        )
        assert await text_of(engine) == "x"
        await engine.close()
    assert set(way.asked) == {f"CONNECT {HOST}:443"}
    assert KEY not in "".join(way.heads)
    assert {request.headers["authorization"] for request in served.requests} == {f"Bearer {KEY}"}


async def test_a_proxy_over_tls_is_trusted_as_the_endpoint_is(
    served: Endpoint, authority: Authority
) -> None:
    async with (
        authority.serving(served) as port,
        proxy(port, authority.context) as way,
    ):
        engine = engine_for(
            served, url=f"https://{HOST}", proxy=way.url, ca_file=str(authority.file)
        )
        assert await text_of(engine) == "x"
        await engine.close()
        engine = engine_for(served, url=f"https://{HOST}", proxy=way.url)
        assert "There is no secure connection" in await refusal(engine)
    assert set(way.asked) == {f"CONNECT {HOST}:443"}


async def test_the_environment_names_a_proxy(
    served: Endpoint, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"url": f"https://{HOST}", "ca_file": str(authority.file)}
    async with authority.serving(served) as port, proxy(port) as way, proxy(port) as other:
        monkeypatch.setenv("HTTPS_PROXY", way.url.replace("://", "://me:pa55word@"))
        engine = engine_for(served, **settings)
        assert await text_of(engine) == "x"
        await engine.close()
        assert set(way.asked) == {f"CONNECT {HOST}:443"}
        assert "Proxy-Authorization: Basic" in way.heads[0]
        way.asked.clear()
        monkeypatch.setenv("NO_PROXY", HOST)
        engine = engine_for(served, proxy=other.url, **settings)
        assert await text_of(engine) == "x"
        await engine.close()
    assert way.asked == []
    assert set(other.asked) == {f"CONNECT {HOST}:443"}, "that of the settings counts"


async def test_this_machine_is_reached_through_a_proxy_of_the_settings_alone(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxy(port_of(served.url)) as way:
        monkeypatch.setenv("HTTP_PROXY", way.url)
        monkeypatch.setenv("ALL_PROXY", way.url)
        engine = engine_for(served)
        assert await text_of(engine) == "x"
        await engine.close()
        assert way.asked == []
        engine = engine_for(served, proxy=way.url)
        assert await text_of(engine) == "x"
        await engine.close()
        assert way.asked[-1] == f"POST {served.url}/v1/completions"


@pytest.mark.parametrize("secure", [True, False])
async def test_a_key_goes_to_a_proxy_elsewhere_only_within_tls(
    served: Endpoint, secure: bool
) -> None:
    settings = {"proxy": "http://proxy.invalid:3128", "where": WHERE}
    url = served.url.replace("http:", "https:") if secure else served.url
    host = served.url.removeprefix("http://")
    message = await refusal(engine_for(served, url=url, api_key="env:TEST_KEY", **settings))
    if secure:
        assert message.startswith("The proxy on the way")
    else:
        assert message == (
            f"What {WHERE}.apiKey refers to would travel to {host} unencrypted; use https in "
            f"{WHERE}.url, or leave {WHERE}.apiKey empty."
        )


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (
            reply({}, status=403),
            f"The proxy of {WHERE}.proxy refuses to connect to {HOST} (403); see its log.",
        ),
        (
            reply({}, status=407),
            f"Fimble can't reach {HOST}: the proxy wants a user name and a password; put its "
            "address with them into the environment variable HTTPS_PROXY, and leave "
            f"{WHERE}.proxy empty.",
        ),
        (b"nonsense\r\n\r\n", f"{HOST} broke off the connection; try again."),
    ],
)
async def test_a_proxy_that_refuses(served: Endpoint, refused: bytes, says: str) -> None:
    async with proxy(9) as way:
        way.refusal = refused
        engine = engine_for(served, url=f"https://{HOST}", proxy=way.url, where=WHERE)
        assert await refusal(engine) == says


async def test_a_proxy_for_plain_http_that_wants_to_know_who_asks(served: Endpoint) -> None:
    async with proxy(9) as way:
        way.refusal = reply({}, status=407)
        message = await refusal(engine_for(served, url=f"http://{HOST}", proxy=way.url))
    assert message.startswith(f"{HOST} can't be reached (407): the proxy wants a user name")


@pytest.mark.parametrize("of_settings", [True, False])
async def test_a_proxy_that_is_not_there(
    served: Endpoint, of_settings: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:  # bound, but not listening
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        if not of_settings:
            monkeypatch.setenv("HTTPS_PROXY", url)
        engine = engine_for(
            served, url=f"https://{HOST}", proxy=url if of_settings else "", where=WHERE
        )
        name = f"{WHERE}.proxy" if of_settings else "HTTPS_PROXY"
        assert await refusal(engine) == (
            f"The proxy on the way to {HOST} does not answer; start it, or correct {name}."
        )


async def test_socks_needs_a_package(served: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    engine = engine_for(served, proxy="socks5://127.0.0.1:9", where=WHERE)
    assert await refusal(engine) == (
        "A SOCKS proxy needs the Python package socksio; install it with `pip install "
        f"'httpx[socks]'`, or name another proxy in {WHERE}.proxy."
    )


async def test_a_proxy_of_the_environment_that_is_none(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://me:pa55word@proxy")
    message = await refusal(engine_for(served, url=f"https://{HOST}"))
    assert message.startswith("The address of a proxy is not valid; correct the environment")
    assert "pa55word" not in message


async def test_nothing_goes_past_a_proxy_that_was_named_wrongly(served: Endpoint) -> None:
    told = await refusal(engine_for(served, proxy=BROKEN_PROXY))
    assert "fimble.remote.proxy" in told
    assert served.requests == []
