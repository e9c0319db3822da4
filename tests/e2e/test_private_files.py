"""Ignored files and files with credentials never reach an endpoint, whichever way is tried."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.acp_client import call
from tests.e2e.acting import actions, place
from tests.e2e.chatting import Chat
from tests.e2e.conftest import Start
from tests.e2e.editor import AUTOMATIC, INVOKED, Editor
from tests.e2e.test_model_actions import run
from tests.http_endpoint import Endpoint, Request, endpoint, reply, stream
from tests.remote import DONE, choice, pass_self_test

TOKEN = "gh" + "p_" + "a1B2" * 9
BODY = "MIIEpAIBAAKCAQEA" * 4


def definition(name: str) -> str:
    return (
        f"class {name.capitalize()}:\n    def canary_{name}(self, number):\n        return number\n"
    )


PRIVATE = {
    ".env": "CANARY_ENV=1\n" + definition("env"),
    "server.pem": f"canary_pem\n-----BEGIN PRIVATE KEY-----\n{BODY}\n",
    "id_rsa": f"canary_rsa\n{BODY}\n",
    "credentials.json": '{"canary_credentials": 1}\n',
    "ignored.py": definition("ignored"),
    "local/deep.py": definition("deep"),
    "leaky.py": f"# {TOKEN}\n" + definition("leaky"),
}
"""Each has a word in it that no prompt may have."""
IGNORED = "ignored.py\nlocal/\n"
CANARY = re.compile(r"canary_(?!helper)\w+", re.IGNORECASE)
USES = """\
from helper import Helper
from ignored import Ignored
from leaky import Leaky
from local.deep import Deep
from other import Other

{name} = {kind}()
{name}."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    files = PRIVATE | {".gitignore": IGNORED, "helper.py": definition("helper"), ".git/HEAD": ""}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        running.before_routes = lambda request: (
            pass_self_test(request) if request.path == "/v1/completions" else None
        )
        running.routes["/v1/models"] = reply({"data": [{"id": "coder", "max_model_len": 32768}]})
        running.routes["/v1/completions"] = stream(choice("answered()"), DONE)
        yield running


@pytest.fixture
async def editor(start: Start, root: Path, served: Endpoint, tmp_path: Path) -> Editor:
    remote = {"url": served.url, "dialect": "openai", "template": "qwen"}
    return await start(
        arguments=(),
        options={"remote": remote, "completion": {"latencyBudgetMs": 60000}},
        environment={"FIMBLE_CACHE": str(tmp_path / "cache")},
        root_uri=root.as_uri(),
    )


def told(served: Endpoint) -> str:
    return "\n".join(json.dumps(request.body, ensure_ascii=False) for request in served.requests)


def canaries(served: Endpoint) -> set[str]:
    return set(CANARY.findall(told(served)))


async def test_completion(editor: Editor, root: Path, served: Endpoint) -> None:
    """Neither as the document, nor as a piece of the index, an open document or a recent edit."""
    for name, text in PRIVATE.items():
        uri = (root / name).as_uri()
        editor.open(text, uri)
        for trigger in (INVOKED, AUTOMATIC):
            if name != "leaky.py":  # of which only the credential is kept back
                assert await editor.items(0, 2, trigger, uri) == []
        editor.edit(0, 0, 0, "# x\n", uri)
    assert served.bodies("/v1/completions") == []
    await until_used("Helper", editor, root, served)
    for kind in ("Ignored", "Leaky", "Deep"):
        await use(kind, 0, editor, root)
    assert canaries(served) == set()


async def until_used(kind: str, editor: Editor, root: Path, served: Endpoint) -> None:
    """Complete a member until its class is shown: until the folder has been read."""
    async with asyncio.timeout(60):
        for number in itertools.count():
            await use(kind, number, editor, root)
            if f"canary_{kind.lower()}" in told(served):
                break


async def use(kind: str, number: int, editor: Editor, root: Path) -> None:
    """Complete a member of a class of another file."""
    text = USES.format(name=f"a_{kind.lower()}", kind=kind)
    uri = (root / f"uses_{kind}_{number}.py").as_uri()
    editor.open(text, uri)
    await editor.items(text.count("\n"), len(text.rpartition("\n")[2]), uri=uri)


async def test_a_document_with_a_credential_is_sent_without_it(
    editor: Editor, root: Path, served: Endpoint
) -> None:
    uri = (root / "leaky.py").as_uri()
    editor.open(PRIVATE["leaky.py"], uri)
    assert await editor.items(3, 0, uri=uri)
    assert "canary_leaky" in told(served)
    assert TOKEN not in told(served)


async def test_what_is_ignored_from_now_on_is_sent_no_more(
    editor: Editor, root: Path, served: Endpoint
) -> None:
    uri = (root / "helper.py").as_uri()
    editor.open(definition("helper"), uri)
    await editor.items(3, 0, uri=uri)
    assert "canary_helper" in told(served)
    ignore_helper(editor, root)
    count = len(served.requests)
    for number in range(3):
        editor.edit(0, 0, 0, "# more\n", uri)
        assert await editor.items(number + 4, 0, uri=uri) == []
    assert len(served.requests) == count


async def test_what_is_ignored_from_now_on_is_not_shown_beside_other_files(
    editor: Editor, root: Path, served: Endpoint
) -> None:
    """Not while the index still knows of it, nor as an open document later."""
    uri = (root / "helper.py").as_uri()
    editor.open(definition("helper"), uri)
    editor.edit(2, 0, 0, " ", uri)  # what is changed is shown, wherever it is
    await until_used("Helper", editor, root, served)
    count = len(served.requests)
    ignore_helper(editor, root)
    (root / "other.py").write_text(definition("other"))
    changed(editor, root / "other.py")
    await use("Helper", 1000, editor, root)
    await until_used("Other", editor, root, served)
    await use("Helper", 1001, editor, root)
    del served.requests[:count]
    assert canaries(served) == {"canary_other"}
    assert "canary_helper" not in told(served)


def ignore_helper(editor: Editor, root: Path) -> None:
    (root / ".fimbleignore").write_text("helper.py\n")
    changed(editor, root / ".fimbleignore")


def changed(editor: Editor, path: Path) -> None:
    event = lsp.FileEvent(path.as_uri(), lsp.FileChangeType.Created)
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))


async def test_actions(editor: Editor, root: Path, served: Endpoint) -> None:
    """Neither what is explained or mended, nor what diagnostics and errors are about."""
    answers = stream(
        {"choices": [{"delta": {"content": "It is so."}, "finish_reason": "stop"}]}, DONE
    )
    served.routes["/v1/chat/completions"] = answers
    for name, text in PRIVATE.items():
        uri = (root / name).as_uri()
        editor.open(text, uri)
        fault = lsp.Diagnostic(place(0, 0, 4), "it is wrong", lsp.DiagnosticSeverity.Error)
        for more in ({}, {"message": "it is wrong"}):
            given = {"uri": uri, "range": place(0, 0, 4), **more}
            command = lsp.Command("", "fimble.explain", arguments=[given])
            with pytest.raises(JsonRpcException):
                await run(editor, command)
        for offered in await actions(editor, place(0, 0, 4), (fault,), uri=uri):
            if isinstance(offered, lsp.CodeAction) and offered.edit is None:
                with pytest.raises(JsonRpcException):
                    await editor.client.code_action_resolve_async(offered)
    trace = "\n".join(f'  File "{root / name}", line 2, in canary' for name in PRIVATE)
    trace = f"Traceback (most recent call last):\n{trace}\nNameError: name 'x' is not defined\n"
    command = lsp.Command("", "fimble.explainError", arguments=[{"text": trace}])
    assert await run(editor, command) == "It is so."
    assert "NameError" in told(served)
    assert canaries(served) == set()


async def test_chat(editor: Editor, root: Path, served: Endpoint) -> None:
    """Neither by mentions nor by any tool that reads, searches or lists."""
    calls = [
        *(call("read", path=name) for name in (*PRIVATE, "helper.py")),
        call("search", pattern="canary", text="canary", query="canary"),
        call("outline", path="ignored.py"),
        call("git", what="diff"),
        call("run", command="cat ignored.py"),
        "Done.",
    ]

    async def answer(request: Request, writer: Any) -> None:
        text = calls.pop(0) if calls else "Done."
        delta = {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}
        writer.write(stream(delta, DONE))

    served.routes["/v1/chat/completions"] = answer
    for name in PRIVATE:
        editor.open(PRIVATE[name], (root / name).as_uri())
    chat = Chat(editor, ["reject_once"])
    session = await chat.begin("ask")
    mentions = " ".join(f"@{name}" for name in (*PRIVATE, "helper.py"))
    ended = await chat.prompt(session, f"What is in {mentions}?")
    assert ended["stopReason"] == "end_turn"
    assert len(served.bodies("/v1/chat/completions")) > len(PRIVATE)
    assert "canary_helper" in told(served)
    assert canaries(served) <= {"canary_leaky"}  # which search finds, beside the credential
    assert TOKEN not in told(served)
    assert [each["toolCall"]["title"] for each in chat.asked] == ["Run cat ignored.py"]
