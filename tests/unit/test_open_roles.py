"""From the settings to engines, and to what the command line and the client are told of them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from lsp_server.cli import complete, engine, main
from lsp_server.cli.own_settings import own_settings
from lsp_server.engines.base import EngineInfo
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.open import open_engine
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.engines.roles.order import Member
from lsp_server.errors import FimbleError, RemoteError, UnknownModel, UsageError
from lsp_server.settings import Settings, parse

CLOSED = "http://127.0.0.1:1"


def names(**raw: object) -> list[tuple[str, str]]:
    settings, problems = parse(raw)
    assert not problems
    opened = open_engine(settings, lambda _status: None)
    return [(health.role, health.name) for health in opened.health()]


def test_without_roles_one_engine_does_all() -> None:
    assert names() == [("fim", "local"), ("chat", "local")]
    assert names(remote={"url": CLOSED}) == [("fim", "remote"), ("chat", "remote")]


def test_roles_name_engines_in_their_order() -> None:
    endpoints = {"office": {"url": CLOSED}, "cloud": {"url": CLOSED}}
    roles = {"fim": ["office", "local", "office"], "chat": ["cloud", "qwen2.5-coder-0.5b"]}
    assert names(endpoints=endpoints, roles=roles) == [
        ("fim", "office"),
        ("fim", "local"),
        ("chat", "cloud"),
        ("chat", "qwen2.5-coder-0.5b"),
    ]


async def test_a_name_that_is_nothing_is_told() -> None:
    settings, _ = parse({"endpoints": {"office": {"url": CLOSED}}, "roles": {"fim": ["ofice"]}})
    engine = open_engine(settings, lambda _status: None)
    with pytest.raises(UnknownModel, match=r"ofice.*no endpoint, either; there are: office"):
        await engine.info()
    await engine.close()


async def test_what_is_wrong_with_an_engine_is_told() -> None:
    settings, _ = parse(
        {
            "model": "missing.gguf",
            "endpoints": {"office": {"url": CLOSED}},
            "roles": {"fim": ["office", "local"]},
        }
    )
    engine = open_engine(settings, lambda _status: None)
    told = [(health.role, health.name, health.state) for health in await engine.look()]
    assert told == [("fim", "office", "down"), ("fim", "local", "down"), ("chat", "local", "down")]
    office, local, _ = engine.health()
    assert "No server answers at 127.0.0.1:1" in office.message
    assert "missing.gguf" in local.message
    await engine.close()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path))
    return tmp_path / "settings.json"


def test_the_command_line_has_settings_of_its_own(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert own_settings() == Settings()
    config.write_text(json.dumps({"model": "other", "colour": 1}))
    assert own_settings().model == "other"
    assert "fimble.colour is not a setting" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_settings_that_can_not_be_read_are_told(config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises(UsageError, match="is not JSON"):
        own_settings()


def test_the_doctor_looks_at_each_engine(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    endpoints = {"office": {"url": CLOSED}, "cloud": {"url": "http://127.0.0.1:2"}}
    config.write_text(
        json.dumps({"endpoints": endpoints, "roles": {"fim": ["office"], "chat": ["cloud"]}})
    )
    assert main(["doctor", "--json"]) == 1
    checks = json.loads(capsys.readouterr().out)["checks"]
    failed = [check["text"] for check in checks if not check["ok"]]
    assert len(failed) == 3
    assert failed[1].startswith("office, which fills gaps: No server answers at 127.0.0.1:1")
    assert failed[2].startswith("cloud, which answers chats: No server answers at 127.0.0.1:2")


@pytest.mark.parametrize("url", [CLOSED, "http://127.0.0.1:2"])
def test_the_key_of_an_endpoint_goes_to_no_other(
    config: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    opened: list[Settings] = []

    def open_engine(settings: Settings, *_: object) -> None:
        opened.append(settings)

    monkeypatch.setattr(engine, "open_engine", open_engine)
    config.write_text(json.dumps({"remote": {"url": CLOSED, "apiKey": "env:KEY"}}))
    options = argparse.Namespace(script=None, model="coder", endpoint=url)
    engine.opener(options)(own_settings(), lambda _status: None, lambda *_: None)
    remote = opened[0].remote
    assert (remote.url, remote.model) == (url, "coder")
    assert remote.api_key == ("env:KEY" if url == CLOSED else "")


def test_an_endpoint_is_named_on_the_command_line_by_its_name_or_its_address(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Settings] = []
    monkeypatch.setattr(engine, "open_engine", lambda settings, *_: opened.append(settings))
    config.write_text(json.dumps({"endpoints": {"office": {"url": CLOSED, "apiKey": "env:KEY"}}}))
    for named in ("office", CLOSED):
        options = argparse.Namespace(script=None, model="", endpoint=named)
        engine.opener(options)(own_settings(), lambda _status: None, lambda *_: None)
        assert opened[-1].engines("fim") == opened[-1].engines("chat") == ("office",)
        assert opened[-1].endpoints["office"].api_key == "env:KEY"


def test_settings_may_be_those_of_an_editor(config: Path) -> None:
    config.write_text(json.dumps({"fimble": {"model": "other"}}))
    assert own_settings().model == "other"


def test_the_doctor_names_what_is_asked_for_nothing(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoints = {"office": {"url": CLOSED}, "cloud": {"url": CLOSED}}
    roles = {"fim": "cloud", "chat": "cloud"}
    config.write_text(json.dumps({"endpoints": endpoints, "roles": roles}))
    main(["doctor", "--json"])
    notes = [each["text"] for each in json.loads(capsys.readouterr().out)["agent"]]
    assert [note for note in notes if "asked for nothing" in note] == [
        "office is asked for nothing; name it in fimble.roles.fim or fimble.roles.chat"
    ]


def test_who_stood_in_for_whom_is_told(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    scripted = RoleEngine(
        [_member("office", RemoteError("It is gone.")), _member("spare", None)],
        [_member("spare", None)],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(complete, "opener", lambda _options: lambda *_: scripted)
        assert main(["complete", f"{file}:1"]) == 0
    assert "spare stands in for office: It is gone." in capsys.readouterr().err


def _member(name: str, trouble: FimbleError | None) -> Member:
    class Scripted(FakeEngine):
        async def info(self) -> EngineInfo:
            if trouble:
                raise trouble
            return await super().info()

    return Member(name, Scripted([]), False)
