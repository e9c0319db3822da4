"""What ignore files say holds for all that is asked, whichever they are."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from filelock import FileLock
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.acting import actions, place
from tests.e2e.conftest import Start
from tests.e2e.editor import Editor
from tests.e2e.test_private_files import changed, definition, served, told, until_used
from tests.http_endpoint import Endpoint, stream
from tests.remote import DONE

__all__ = ["served"]
USES = """\
from helper import Helper


def used(number):
    return Helper().canary_helper(number).x
"""


async def begun(start: Start, served: Endpoint, root: Path, **options: object) -> Editor:
    remote = {"url": served.url, "dialect": "openai", "template": "qwen"}
    completion = {"latencyBudgetMs": 60000}
    return await start(
        arguments=(),
        options={"remote": remote, "completion": completion, **options},
        environment={"FIMBLE_CACHE": str(root.parent / "cache")},
        root_uri=root.as_uri(),
    )


def project(root: Path, name: str = "project") -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text(definition("helper"))
    return folder


async def offered(editor: Editor, root: Path) -> lsp.CodeAction:
    """To have a model mend a call of a function of another file."""
    uri = (root / "uses.py").as_uri()
    editor.open(USES, uri)
    fault = lsp.Diagnostic(place(4, 42, 43), "number has no x", lsp.DiagnosticSeverity.Error)
    found = await actions(editor, place(4, 42, 43), (fault,), uri=uri)
    [mend] = [each for each in found if each.title.startswith("Fix: ")]
    return mend


async def asked(editor: Editor, served: Endpoint, mend: lsp.CodeAction) -> str:
    """What a model is asked for an action."""
    answer = {"choices": [{"delta": {"content": "No."}, "finish_reason": "stop"}]}
    served.routes["/v1/chat/completions"] = stream(answer, DONE)
    count = len(served.requests)
    with contextlib.suppress(JsonRpcException):  # it may be out of date
        await editor.client.code_action_resolve_async(mend)
    del served.requests[:count]
    return told(served)


async def require_untold(editor: Editor, served: Endpoint, root: Path) -> None:
    """Nothing of a folder's file goes out when the user works in it."""
    uri = (root / "helper.py").as_uri()
    editor.open(definition("helper"), uri)
    assert await editor.items(3, 0, uri=uri) == []
    assert "canary_helper" not in told(served)


async def test_what_was_offered_before_tells_no_more_of_a_file(
    start: Start, served: Endpoint, tmp_path: Path
) -> None:
    root = project(tmp_path)
    editor = await begun(start, served, root)
    await until_used("Helper", editor, root, served)
    assert "def canary_helper" in await asked(editor, served, await offered(editor, root))
    mend = await offered(editor, root)
    [lock] = (tmp_path / "cache").rglob("*.build.lock")
    with FileLock(lock):  # so the index does not hear of it
        (root / ".gitignore").write_text("helper.py\n")
        changed(editor, root / ".gitignore")
        assert "def canary_helper" not in await asked(editor, served, mend)


async def test_an_editor_that_tells_of_no_change_is_not_relied_on(
    start: Start, served: Endpoint, tmp_path: Path
) -> None:
    root = project(tmp_path)
    editor = await begun(start, served, root)
    await until_used("Helper", editor, root, served)
    (root / ".gitignore").write_text("helper.py\n")
    assert "def canary_helper" not in await asked(editor, served, await offered(editor, root))


@pytest.mark.parametrize("file", [".gitignore", ".git/info/exclude"])
async def test_an_ignore_file_above_the_folder_is_heard_of(
    start: Start, served: Endpoint, tmp_path: Path, file: str
) -> None:
    (tmp_path / ".git" / "info").mkdir(parents=True)
    root = project(tmp_path)
    editor = await begun(start, served, root)
    await until_used("Helper", editor, root, served)
    (tmp_path / file).write_text("helper.py\n")
    uri = (tmp_path / file).as_uri()
    saved = lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(uri))
    editor.client.text_document_did_save(saved)
    assert "def canary_helper" not in await asked(editor, served, await offered(editor, root))


async def test_an_ignore_file_holds_where_nothing_is_indexed(
    start: Start, served: Endpoint, tmp_path: Path
) -> None:
    root = project(tmp_path)
    (root / ".fimbleignore").write_text("helper.py\n")
    editor = await begun(start, served, root, workspace={"index": False})
    await require_untold(editor, served, root)


async def test_an_ignore_file_holds_in_a_folder_beside_the_first(
    start: Start, served: Endpoint, tmp_path: Path
) -> None:
    root, other = project(tmp_path), project(tmp_path, "other")
    (other / ".fimbleignore").write_text("helper.py\n")
    editor = await begun(start, served, root)
    await require_untold(editor, served, other)
