"""What was sent is noted as the user wants it, and nothing is sent that can't be."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.cli import main
from lsp_server.engines.remote import address, sent
from lsp_server.engines.remote.http import Http
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings
from tests.http_endpoint import Endpoint, endpoint, reply

CODE = "def f(): return 'a name of the users'"
HOST = address.parse("http://host", "fimble.remote")
SECRET = "gh" + "p_" + "a1B2" * 9


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path / "state"))
    return sent.default_path()


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        running.routes |= {"/v1/models": reply({}), "/v1/completions": reply({})}
        yield running


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def is_private(path: Path) -> bool:
    return sys.platform == "win32" or stat.S_IMODE(path.stat().st_mode) == 0o600


async def send(served: Endpoint, **settings: object) -> None:
    http = Http(RemoteSettings(url=served.url, **settings))  # type: ignore[arg-type]
    await http.get(f"{served.url}/v1/models")
    await http.post(f"{served.url}/v1/completions", {"prompt": f"{CODE} # {SECRET}"})
    await http.close()


async def test_nothing_is_kept_by_default(served: Endpoint, path: Path) -> None:
    await send(served)
    assert not path.parent.exists()
    assert main(["log"]) == 0


async def test_sizes(served: Endpoint, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await send(served, log="sizes")
    first, second = sent.read(path)
    assert (first.kind, first.bytes, first.masked, first.content) == ("GET /v1/models", 0, 0, None)
    assert (second.kind, second.masked, second.content) == ("POST /v1/completions", 1, None)
    assert second.bytes == len(json.dumps(served.bodies("/v1/completions")[0]))
    assert second.host == served.url.removeprefix("http://")
    assert CODE not in text_of(path)
    assert main(["log"]) == 0
    shown = capsys.readouterr().out
    assert second.host in shown
    assert "a name of the users" not in shown


async def test_content(served: Endpoint, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await send(served, log="content")
    content = sent.read(path)[1].content
    assert content is not None
    assert json.loads(content) == served.bodies("/v1/completions")[0]
    assert CODE in content
    assert SECRET not in text_of(path)
    assert is_private(path)
    assert main(["log", "--content", "--last", "1"]) == 0
    assert CODE in capsys.readouterr().out
    assert main(["log", "--json"]) == 0
    assert [json.loads(line)["masked"] for line in capsys.readouterr().out.splitlines()] == [0, 1]
    assert main(["log", "--clear"]) == 0
    assert sent.read(path) == []
    assert SECRET not in "".join(each.read_text() for each in path.parent.iterdir())


def test_the_size_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent, "MAX_BYTES", 10_000)
    monkeypatch.setattr(sent, "MAX_CONTENT", 1000)
    for number in range(100):
        body = f"{number} {'é' * 2000}".encode()
        sent.note(HOST, "POST", "http://host/x", body, keep_content=True)
    kept = sent.read(path)
    assert sum(each.stat().st_size for each in path.parent.iterdir()) < 35_000
    assert [each.bytes for each in kept[-2:]] == [4003, 4003]
    assert len(kept) > 2
    assert kept[-1].content == f"99 {'é' * 997}"


async def test_what_cannot_be_noted_is_not_sent(served: Endpoint, path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(RemoteError, match=r"^Nothing was sent to .*\.log to off\.$"):
        await send(served, log="sizes")
    assert served.requests == []
    await send(served)
    assert len(served.requests) == 2


def test_what_steers_a_terminal_is_shown_as_text(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent.note(replace(HOST, host="h\x1b[2J"), "POST", "http://h/x", b"\x1b[2J", keep_content=True)
    for options in ([], ["--content"]):
        assert main(["log", *options]) == 0
        assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_a_wrong_number_is_refused(number: str) -> None:
    with pytest.raises(SystemExit):
        main(["log", "--last", number])
