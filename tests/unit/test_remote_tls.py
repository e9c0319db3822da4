"""Certificates of an endpoint: whom the user trusts, over real TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.http_endpoint import Endpoint, endpoint, stream
from tests.remote import DONE, choice, engine_for, refusal, text_of
from tests.tls import Authority

WHERE = "fimble.endpoints.office"


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        running.routes["/v1/completions"] = stream(choice("x"), DONE)
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def test_the_users_own_authority_is_trusted(served: Endpoint, authority: Authority) -> None:
    async with authority.serving(served) as port:
        url = f"https://127.0.0.1:{port}"
        engine = engine_for(served, url=url, ca_file=str(authority.file))
        assert await text_of(engine) == "x"
        await engine.close()
        message = await refusal(engine_for(served, url=url, where=WHERE))
    assert message == (
        f"There is no secure connection to 127.0.0.1:{port}: nobody who is trusted vouches for the "
        f"certificate; check {WHERE}.url, or name your own authority in {WHERE}.caFile."
    )


async def test_another_authority_is_of_no_use(
    served: Endpoint, authority: Authority, tmp_path: Path
) -> None:
    async with authority.serving(served) as port:
        engine = engine_for(
            served, url=f"https://127.0.0.1:{port}", ca_file=str(Authority(tmp_path).file)
        )
        assert "nobody who is trusted vouches" in await refusal(engine)
    assert served.requests == []


async def test_the_certificate_must_be_for_that_host(
    served: Endpoint, authority: Authority
) -> None:
    async with authority.serving(served) as port:
        engine = engine_for(served, url=f"https://localhost:{port}", ca_file=str(authority.file))
        assert "There is no secure connection to localhost" in await refusal(engine)


async def test_the_usual_authorities_are_trusted_besides(
    served: Endpoint, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ssl.SSLContext] = []
    threads: list[threading.Thread] = []
    create = httpx.create_ssl_context

    def noted(*, trust_env: bool) -> ssl.SSLContext:
        made.append(create(trust_env=trust_env))
        threads.append(threading.current_thread())
        return made[-1]

    monkeypatch.setattr(httpx, "create_ssl_context", noted)
    engine = engine_for(served, url="https://127.0.0.1:9", ca_file=str(authority.file))
    assert "No server answers" in await refusal(engine)
    usual = create(trust_env=False).cert_store_stats()["x509_ca"]
    assert [each.cert_store_stats()["x509_ca"] for each in made] == [usual + 1]
    assert threading.main_thread() not in threads, "it takes tens of ms"


async def test_plain_http_needs_no_certificates(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**how: bool) -> ssl.SSLContext:
        raise AssertionError

    monkeypatch.setattr(httpx, "create_ssl_context", fail)
    engine = engine_for(served, ca_file="/nowhere")
    assert await text_of(engine) == "x"
    await engine.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "caFile can't be read (No such file or directory); correct it."),
        (b"", "caFile holds no certificate in PEM; name a file that does."),
        (b"not a certificate\n", "caFile holds no certificate in PEM; name a file that does."),
        (b"\x30\x82\x01\x9b\x00\xff", "caFile holds no certificate in PEM; name a file that does."),
    ],
)
async def test_a_file_that_is_of_no_use(
    served: Endpoint, tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_bytes(content)
    engine = engine_for(served, url="https://127.0.0.1:9", ca_file=str(file), where=WHERE)
    assert await refusal(engine) == f"{WHERE}.{says}"


async def test_a_folder_or_half_a_path(served: Endpoint, tmp_path: Path) -> None:
    engine = engine_for(served, url="https://127.0.0.1:9", ca_file=str(tmp_path))
    assert "fimble.remote.caFile can't be read" in await refusal(engine)
    engine = engine_for(served, url="https://127.0.0.1:9", ca_file="authority.pem")
    assert "fimble.remote.caFile must be a whole path" in await refusal(engine)


async def test_a_path_in_the_users_home(
    served: Endpoint, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(authority.file.parent))
    monkeypatch.setenv("USERPROFILE", str(authority.file.parent))
    async with authority.serving(served) as port:
        engine = engine_for(
            served, url=f"https://127.0.0.1:{port}", ca_file=f"~/{authority.file.name}"
        )
        assert await text_of(engine) == "x"
        await engine.close()


@pytest.mark.parametrize("ca_file", ["~nobody-of-that-name/x.pem", "/a\0b"])
async def test_what_is_no_path_at_all(served: Endpoint, ca_file: str) -> None:
    engine = engine_for(served, url="https://127.0.0.1:1", ca_file=ca_file, where=WHERE)
    assert (await refusal(engine)).startswith(f"{WHERE}.caFile ")


async def test_the_environments_certificates_may_be_missing(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
    told = await refusal(engine_for(served, url="https://endpoint.invalid"))
    assert "SSL_CERT_FILE" in told


async def test_a_host_that_can_not_be_read(served: Endpoint) -> None:
    told = await refusal(engine_for(served, url="http://xn--.x"))
    assert told == "fimble.remote.url is not a valid address; correct it."
