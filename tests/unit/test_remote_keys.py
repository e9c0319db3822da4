"""Keys and headers of an endpoint, by reference: they arrive, and are seen nowhere else."""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lsp_server.cli import main
from lsp_server.engines.remote import backoff, keyring_entries, sent
from lsp_server.errors import RemoteError
from tests.http_endpoint import Endpoint, endpoint, reply, stream
from tests.keyrings import ABSENT, LOCKED, TURNED_OFF, InMemory, used
from tests.remote import DONE, ask, choice, engine_for, refusal, text_of
from tests.tls import HOST

KEY, TEAM, COOKIE = "s3cret-key", "s3cret-team", "s3cret-cookie"
WHERE = "fimble.endpoints.office"
INSTEAD = "keep the key in an environment variable (`env:NAME`)."


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        running.routes["/v1/completions"] = stream(choice("x"), DONE)
        yield running


@pytest.fixture
def entries() -> Iterator[InMemory]:
    backend = InMemory()
    backend.entries["fimble", "office"] = KEY
    backend.entries["other", "elsewhere"] = KEY
    with used(backend):
        yield backend


async def test_a_key_of_the_keyring(served: Endpoint, entries: InMemory) -> None:
    engine = engine_for(served, api_key="keyring:office")
    assert await text_of(engine) == "x"
    assert await text_of(engine) == "x"
    await engine.close()
    assert {request.headers["authorization"] for request in served.requests} == {f"Bearer {KEY}"}
    assert entries.asked == ["office"], "once"


async def test_headers(
    served: Endpoint, entries: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_COOKIE", f"{COOKIE}\n")
    headers = {
        "api-key": "keyring:office",
        "Cookie": "env:TEST_COOKIE",
        "X-Team": "tools & more",
        "user-agent": "ours/1",
    }
    engine = engine_for(served, headers=headers)
    assert await text_of(engine) == "x"
    await engine.close()
    for request in served.requests:
        assert request.headers["api-key"] == KEY
        assert request.headers["cookie"] == COOKIE
        assert request.headers["x-team"] == "tools & more"
        assert request.headers["user-agent"] == "ours/1"
        assert "authorization" not in request.headers
    assert served.requests[-1].headers["content-type"] == "application/json"


async def test_a_header_counts_more_than_the_key(served: Endpoint, entries: InMemory) -> None:
    entries.entries["fimble", "basic"] = "Basic bWU6cGFzcw=="
    engine = engine_for(
        served, api_key="keyring:office", headers={"authorization": "keyring:basic"}
    )
    await ask(engine)
    await engine.close()
    assert served.requests[-1].headers["authorization"] == "Basic bWU6cGFzcw=="


@pytest.mark.parametrize(
    "settings",
    [{"api_key": "env:TEST_KEY"}, {"headers": {"X-Team": "env:TEST_KEY"}}],
)
async def test_what_is_referred_to_never_travels_in_the_clear(
    served: Endpoint, settings: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    message = await refusal(engine_for(served, url=f"http://{HOST}", where=WHERE, **settings))
    name = "apiKey" if "api_key" in settings else "headers.X-Team"
    assert message == (
        f"What {WHERE}.{name} refers to would travel to {HOST} unencrypted; use https in "
        f"{WHERE}.url, or leave {WHERE}.{name} empty."
    )


async def test_variables_that_hold_no_key(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    headers = {"api-key": "env:TEST_KEY"}
    assert await refusal(engine_for(served, headers=headers, where=WHERE)) == (
        f"The environment variable TEST_KEY, which {WHERE}.headers.api-key names, is not set; set "
        "it and restart the editor."
    )
    monkeypatch.setenv("TEST_KEY", f"{KEY}\r\nX-Other: 1")
    assert await refusal(engine_for(served, headers=headers)) == (
        "What stands in the environment variable TEST_KEY is no valid API key; correct it."
    )


async def test_a_keyring_that_does_not_help(served: Endpoint, entries: InMemory) -> None:
    async def told(reference: str = "keyring:office") -> str:
        return await refusal(engine_for(served, api_key=reference))

    assert await told("keyring:elsewhere") == (
        "The keyring has no entry elsewhere of Fimble; make it with `fimble key set elsewhere`."
    )
    entries.failure = LOCKED
    assert await told() == "The keyring is locked; unlock it and try again."
    entries.failure = OSError(f"no bus, {KEY}")
    assert await told() == f"The keyring failed (OSError); see to it, or {INSTEAD}"
    with used(ABSENT):
        assert await told() == f"There is no keyring on this system that Fimble can use; {INSTEAD}"
    with used(TURNED_OFF):
        assert "has no entry office" in await told()
    assert served.requests == []


async def test_the_library_is_not_there(served: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert await refusal(engine_for(served, api_key="keyring:office")) == (
        "Fimble needs the Python package keyring to ask the keyring; install it with `pip install "
        f"'fimble[keyring]'`, or {INSTEAD}"
    )


async def test_a_keyring_that_waits_for_its_user(
    served: Endpoint, entries: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring_entries, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(backoff, "PAUSES_SECONDS", (0.0,))
    entries.unlocked.clear()
    engine = engine_for(served, api_key="keyring:office")
    for _ in range(2):
        with pytest.raises(RemoteError, match=r"did not answer within 0\.05 s; unlock it and try"):
            await ask(engine)
    assert entries.asked == ["office"], "the desktop asks once"
    monkeypatch.setattr(keyring_entries, "PATIENCE_SECONDS", 60.0)
    waiting = asyncio.create_task(text_of(engine))
    entries.unlocked.set()
    assert await waiting == "x"
    await engine.close()


async def test_a_key_that_is_refused_is_read_anew(
    served: Endpoint, entries: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "PAUSES_SECONDS", (0.0,))
    served.before_routes = lambda request: (
        reply({"error": KEY}, status=401)
        if request.headers["authorization"] != "Bearer new"
        else None
    )
    engine = engine_for(served, api_key="keyring:office")
    with pytest.raises(RemoteError) as caught:
        await ask(engine)
    host = served.url.removeprefix("http://")
    assert (
        str(caught.value) == f"{host} refused the API key (401); check the keyring's entry office."
    )
    entries.entries["fimble", "office"] = "new"
    served.routes["/v1/completions"] = stream(choice("x"), DONE)
    assert await text_of(engine) == "x"
    await engine.close()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, f"into the keyring, and say where it is in {WHERE}.apiKey."),
        ({"api_key": "keyring:office"}, "check the keyring's entry office."),
        ({"headers": {"api-key": "keyring:office"}}, f"check {WHERE}.headers."),
        ({"headers": {"X-Team": "plain"}}, f"say where it is in {WHERE}.apiKey."),
    ],
)
async def test_who_is_refused_is_told_where_to_look(
    served: Endpoint, entries: InMemory, settings: dict[str, object], says: str
) -> None:
    served.before_routes = lambda _request: reply({}, status=403)
    message = await refusal(engine_for(served, where=WHERE, **settings))
    assert message.endswith(says)


async def test_what_is_secret_is_nowhere_to_be_seen(
    served: Endpoint,
    entries: InMemory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not in logs of any library, not in what is noted, nor in errors with all that led to them."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TEST_COOKIE", COOKIE)
    headers = {"Cookie": "env:TEST_COOKIE", "X-Team": TEAM}
    engine = engine_for(served, api_key="keyring:office", headers=headers, log="content")
    seen = [repr(engine), repr(vars(engine)["_settings"])]
    assert await text_of(engine) == "x"
    for answer in (reply({"error": KEY}, status=401), reply(b"<p>" + COOKIE.encode()), b""):
        served.routes["/v1/completions"] = answer
        other = engine_for(served, api_key="keyring:office", headers=headers, log="content")
        with pytest.raises(RemoteError) as caught:
            await ask(other)
        seen += traceback.format_exception(caught.value)
        await other.close()
    await engine.close()
    assert any(COOKIE in request.headers["cookie"] for request in served.requests)
    seen.append(sent.default_path().read_text(encoding="utf-8"))
    assert '"content"' in seen[-1]
    assert main(["log", "--content"]) == 0
    assert main(["log", "--json"]) == 0
    seen += [*capfd.readouterr(), caplog.text]
    assert "receive_response_headers" in caplog.text, "libraries have logged all they can"
    for secret in (KEY, TEAM, COOKIE):
        assert not any(secret in each for each in seen), secret
