"""From the settings to engines, and to what the command line and the client are told of them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from lsp_server.cli import engine, main
from lsp_server.cli.own_settings import own_settings
from lsp_server.engines.open import open_engine
from lsp_server.errors import UnknownModel, UsageError
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
