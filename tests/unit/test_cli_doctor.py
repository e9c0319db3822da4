"""`fimble doctor`: what is printed, and what is remembered of a model that got small tasks."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_server.agent.commands.sandbox import find_sandbox
from lsp_server.agent.probe import remembered, tasks
from lsp_server.cli import doctor, main
from lsp_server.engines.chat import ChatInfo, ChatRequest
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from lsp_server.engines.remote import discovery
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.errors import ModelUnusable
from tests.unit.agent.probing import changed

IDENTITY = "doctor-test"


def say(request: ChatRequest) -> str:
    """Code where code is asked for; no word to the rest, but when no tool is needed."""
    said = request.messages[1].content
    edit = next((each for each in tasks.load().edits if each.say == said), None)
    if edit:
        return f"```python\n{changed(edit)}\n```"
    task = next((each for each in tasks.load().calls if each.say == said), None)
    return f"In words: {task.says}" if task and not task.wanted else ""


class BadChat(FakeEngine):
    async def chat_info(self) -> ChatInfo:
        raise ModelUnusable("It can't chat; choose another.")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    opened = FakeEngine([])
    opened.scripted_chat = ScriptedChat(say, ChatInfo("Some [model]", 4096, identity=IDENTITY))
    monkeypatch.setattr(doctor, "opener", lambda _options: lambda *_: RoleEngine.of("fake", opened))
    return opened


def test_the_scorecard_is_shown_and_remembered(
    capsys: pytest.CaptureFixture[str], engine: FakeEngine
) -> None:
    assert main(["doctor", "--endpoint", "x", "--probe"]) == 0
    shown = capsys.readouterr().out
    count = len(tasks.load().calls)
    right = sum(not task.wanted for task in tasks.load().calls)
    assert f"{right} of {count}" in shown
    assert "A fact in a prompt of so many tokens: 1,000 lost, 3,000 lost." in shown
    assert "Some [model] will be asked to call by JSON in a block of code." in shown
    assert "to edit" not in shown
    card = remembered.recall(remembered.default_folder(), IDENTITY)
    assert card is not None
    assert card.model == "Some [model]"


def test_the_scorecard_as_json(capsys: pytest.CaptureFixture[str], engine: FakeEngine) -> None:
    assert main(["doctor", "--endpoint", "x", "--probe", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [check["ok"] for check in told["checks"]] == [True, True, True]
    card = told["scorecard"]
    assert card["edits"]["function"]["right"] == card["edits"]["function"]["asked"] == 3
    assert card["edits"]["blocks"]["right"] == 0
    assert card["way"] in card["calls"]


def test_nothing_is_measured_that_was_not_asked_for(
    capsys: pytest.CaptureFixture[str], engine: FakeEngine
) -> None:
    assert main(["doctor", "--endpoint", "x", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scorecard"] is None


def test_a_model_that_cannot_chat_is_a_failed_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        doctor, "opener", lambda _options: lambda *_: RoleEngine.of("bad", BadChat([]))
    )
    assert main(["doctor", "--endpoint", "x", "--probe"]) == 1
    assert "FAIL It can't chat; choose another." in capsys.readouterr().out


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only folder with programs; it is empty."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))
    find_sandbox.cache_clear()
    yield tmp_path
    find_sandbox.cache_clear()


def put(program: Path, exit_code: int) -> Path:
    program.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    program.chmod(0o755)
    return program


def test_what_chats_lack_is_told_and_is_no_failure(
    capsys: pytest.CaptureFixture[str], engine: FakeEngine, programs: Path
) -> None:
    assert main(["doctor", "--endpoint", "x"]) == 0
    told = capsys.readouterr().out
    assert "note bubblewrap is not installed, so each command of a chat is asked about" in told
    assert "install the package bubblewrap" in told
    assert "note there is no ripgrep, so chats can't search files" in told
    assert "note there is no git" in told


def test_what_chats_have_is_told(
    capsys: pytest.CaptureFixture[str], engine: FakeEngine, programs: Path
) -> None:
    for name in ("bwrap", "rg", "git"):
        put(programs / name, exit_code=0)
    assert main(["doctor", "--endpoint", "x", "--json"]) == 0
    agent = json.loads(capsys.readouterr().out)["agent"]
    assert [each["ok"] for each in agent] == [True, True, True]
    for each, name in zip(agent, ("bwrap", "rg", "git"), strict=True):
        assert str(programs / name) in each["text"]


def test_a_sandbox_that_does_not_work_is_told(
    capsys: pytest.CaptureFixture[str], engine: FakeEngine, programs: Path
) -> None:
    broken = put(programs / "bwrap", exit_code=1)
    assert main(["doctor", "--endpoint", "x"]) == 0
    assert f"note {broken} does not work here, so each command" in capsys.readouterr().out


def test_where_there_can_be_no_chat_that_is_told(
    capsys: pytest.CaptureFixture[str], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.supports_dir_fd", set())
    assert main(["doctor", "--endpoint", "x"]) == 0
    assert "note Chats need Linux or macOS" in capsys.readouterr().out


def found(monkeypatch: pytest.MonkeyPatch, *servers: discovery.Server) -> None:
    """Have these servers run on this machine."""

    async def find(log: str) -> tuple[discovery.Server, ...]:
        return servers

    monkeypatch.setattr(discovery, "find", find)


def test_that_no_model_server_runs_is_a_note(
    capsys: pytest.CaptureFixture[str], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(monkeypatch)
    main(["doctor"])
    assert "note no model server was found on this machine" in capsys.readouterr().out
    main(["doctor", "--json"])
    assert json.loads(capsys.readouterr().out)["servers"] == []


def test_long_lists_of_models_are_cut(
    capsys: pytest.CaptureFixture[str], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tuple(discovery.Model(f"m [{number}]", False) for number in range(12))
    found(monkeypatch, discovery.Server("http://[::1]:8000", "vLLM", "vllm", models))
    main(["doctor"])
    told = capsys.readouterr().out
    assert "ok   vLLM at http://[::1]:8000 has m [0], m [1]," in told
    assert ", m [9] and 2 more; to use it, set fimble.remote.url to http://[::1]:8000" in told
    assert "`--endpoint 'http://[::1]:8000' --model 'm [0]'`" in told
