"""Code actions that a model works out, over a real connection, with the scripted engine."""

from __future__ import annotations

import ast
import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.acting import actions, edited, place, resolve
from tests.e2e.editor import URI, Editor, connect

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "import os\n\n\ndef é(a):\r\n    return a.b  # 😀\r\n\n\nprint(os.name, é(1))\n"
MENDED = TEXT.replace("a.b", "a.c")
NOT_MENDED = "The model found nothing that holds, so nothing was changed."


def said(code: str, when: str, **more: Any) -> dict[str, Any]:
    return {"chat": f"```python\n{code}\n```", "when": f"\n{when}\n", **more}


EDITS: dict[int, list[lsp.WorkspaceEdit]] = {}
"""What each client was asked to do."""
CHAT = (
    *(said("def é(a):\n    return a.c  # 😀", "mend it") for _ in range(4)),
    *(said("def é(a):\n    return nothing", "never") for _ in range(6)),
    *(said("def é(a):\n    return " + "a, " * 900, "slow", seconds_per_token=0.05) for _ in "12"),
    *(said("def é(a):\n    return (", "crash", crash=True) for _ in "12"),
    *({"chat": "It *gives* `b`.\n", "when": "return a.b  # 😀\n```\n\nExplain"} for _ in "12"),
    *({"chat": "```python\ndef é(a: Path) -> Path:\n```", "when": "the header of"} for _ in "12"),
    *({"chat": '```python\ndef é(a):\n    """Give `b`."""', "when": "docstring"} for _ in "12"),
    *(said("def é(b):\n    return b.c", "rename a to b") for _ in "12"),
    *(said("def é(b):\n    return nothing", "make it worse") for _ in "123456"),
    *({"chat": "An import.", "when": "import os"} for _ in "12"),
    *({"chat": "It is odd.", "when": "\nodd\nmessage\n"} for _ in "12"),
    *({"chat": "words " * 900, "when": "slow()", "seconds_per_token": 0.05} for _ in "1234"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, profile: str) -> Any:
    path = tmp_path_factory.mktemp("script") / "script.json"
    path.write_text(json.dumps(CHAT))
    environment = {"FIMBLE_CACHE": str(path.parent)}
    editor = await connect(["--script", str(path)], profile, environment=environment)

    def apply(params: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
        EDITS.setdefault(id(editor), []).append(params.edit)
        return lsp.ApplyWorkspaceEditResult(applied=True)

    editor.client.feature(lsp.WORKSPACE_APPLY_EDIT)(apply)
    yield editor
    await editor.end()


async def offered(editor: Editor, message: str) -> lsp.CodeAction:
    """The fix of a diagnostic at `a.b`."""
    editor.open(TEXT)
    told = lsp.Diagnostic(place(4, 11, 14), message)
    [action] = await actions(editor, place(4, 12), (told,), only=[lsp.CodeActionKind.QuickFix])
    assert action.title == f"Fix: {message}"
    assert list(action.diagnostics or ()) == [told]
    assert not action.is_preferred
    assert action.edit is None
    return action


async def test_a_fix_is_written_checked_and_to_be_confirmed(shared: Editor) -> None:
    action = await resolve(shared, await offered(shared, "mend it"))
    result = edited(shared, TEXT, action.edit)
    assert (result.text, result.version) == (MENDED, 1)
    assert action.edit is not None
    able = shared.initialized.capabilities.position_encoding == lsp.PositionEncodingKind.Utf16
    annotations = action.edit.change_annotations or {}
    assert [each.needs_confirmation for each in annotations.values()] == [True] * able
    await shared.until(lambda: any(shared.client.progress_reports.values()))
    begins = [
        report
        for reports in shared.client.progress_reports.values()
        for report in reports
        if isinstance(report, lsp.WorkDoneProgressBegin)
    ]
    assert [(each.message, each.cancellable) for each in begins] == [("Fix: mend it", True)]


async def test_if_no_try_is_good_it_says_so_and_changes_nothing(shared: Editor) -> None:
    action = await resolve(shared, await offered(shared, "never"))
    assert action.edit is None
    await shared.until(lambda: NOT_MENDED in shared.shown)


async def test_an_engine_that_fails_is_one_sentence(shared: Editor) -> None:
    action = await offered(shared, "crash")
    with pytest.raises(JsonRpcException, match="The scripted engine crashed") as caught:
        await resolve(shared, action)
    assert caught.value.code == lsp.LSPErrorCodes.RequestFailed


async def test_a_cancelled_fix_ends_and_leaves_nothing_behind(shared: Editor) -> None:
    action = await offered(shared, "slow")
    sending = shared.client.protocol.send_request_async(
        lsp.CODE_ACTION_RESOLVE, action, "to-cancel"
    )
    request = asyncio.ensure_future(sending)
    await asyncio.sleep(0)
    shared.client.cancel_request(lsp.CancelParams("to-cancel"))
    with pytest.raises((JsonRpcException, asyncio.CancelledError)):
        await request
    action = await resolve(shared, await offered(shared, "mend it"))
    assert edited(shared, TEXT, action.edit).text == MENDED


async def test_a_fix_for_a_text_that_is_gone_is_given_up(shared: Editor) -> None:
    action = await offered(shared, "slow")
    request = asyncio.ensure_future(resolve(shared, action))
    await asyncio.sleep(0)
    shared.edit(0, 0, 0, "#", URI)
    with pytest.raises(JsonRpcException, match="has changed meanwhile") as caught:
        await request
    assert caught.value.code == lsp.LSPErrorCodes.ContentModified


async def explanation(editor: Editor, where: lsp.Range, *told: lsp.Diagnostic) -> lsp.Command:
    found: Any = await actions(editor, where, told, only=[lsp.CodeActionKind.Source])
    # The client takes an action that has a command for a command, and that for its name.
    return lsp.Command(**ast.literal_eval(found[0].command))


def page(shown: lsp.ShowDocumentParams) -> tuple[str, int]:
    """What a file that was shown says, and who else may read it."""
    path = Path(shown.uri.removeprefix("file://"))
    return path.read_text(), path.stat().st_mode & 0o077


async def run(editor: Editor, command: lsp.Command, msg_id: str | None = None) -> Any:
    params = lsp.ExecuteCommandParams(command.command, arguments=command.arguments)
    return await editor.client.protocol.send_request_async(
        lsp.WORKSPACE_EXECUTE_COMMAND, params, msg_id
    )


async def test_code_is_explained_in_a_page(shared: Editor) -> None:
    shared.open(TEXT)
    command = await explanation(shared, place(4, 12))
    assert command.title == "Explain `é`"
    assert await run(shared, command) == "It *gives* `b`."
    await shared.until(lambda: shared.client.shown_documents)
    shown = shared.client.shown_documents.pop()
    assert page(shown) == ("# example.py\n\nIt *gives* `b`.\n", 0)
    assert not shown.take_focus


async def test_a_selection_and_a_diagnostic_are_explained(shared: Editor) -> None:
    shared.open(TEXT)
    selected = await explanation(shared, place(0, 0, 9, 0))
    assert selected.title == "Explain the selection"
    assert await run(shared, selected) == "An import."
    told = lsp.Diagnostic(place(4, 11, 14), "odd\nmessage")
    diagnosed = await explanation(shared, place(4, 12), told)
    assert diagnosed.title == "Explain: odd message"
    assert await run(shared, diagnosed) == "It is odd."


async def test_an_explanation_can_be_cancelled(shared: Editor) -> None:
    shared.open("def slow():\n    pass\n")
    command = await explanation(shared, place(1, 4))
    request = asyncio.ensure_future(run(shared, command, "explain"))
    await asyncio.sleep(0)
    shared.client.cancel_request(lsp.CancelParams("explain"))
    with pytest.raises((JsonRpcException, asyncio.CancelledError)):
        await request


async def test_an_explanation_can_be_cancelled_where_its_progress_shows(shared: Editor) -> None:
    shared.open("def slow():\n    pass\n")
    command = await explanation(shared, place(1, 4))
    known = set(shared.client.progress_reports)
    request = asyncio.ensure_future(run(shared, command))

    def shown() -> list[int | str]:
        reports = shared.client.progress_reports
        return [token for token in reports if token not in known and reports[token]]

    await shared.until(shown)
    [token] = shown()
    shared.client.window_work_done_progress_cancel(lsp.WorkDoneProgressCancelParams(token))
    with pytest.raises(JsonRpcException, match="was cancelled"):
        await request
    await shared.until(lambda: len(shared.client.progress_reports[token]) > 1)
    ended = shared.client.progress_reports[token][-1]
    assert isinstance(ended, lsp.WorkDoneProgressEnd)


LONG = "x = 1\n" * 5_000


@pytest.mark.parametrize(
    ("text", "where", "sentence"),
    [
        (None, place(0, 0), "is not open in this server"),
        (LONG, place(0, 0, 0, 4_999), "too much to explain"),
        ("\n\n", place(0, 0), "no code here to explain"),
        ("x = '\0'\n", place(0, 0, 5), "This is no text"),
        (TEXT, {"start": 1}, "range must be a range"),
    ],
)
async def test_what_can_not_be_explained_is_said_in_a_sentence(
    shared: Editor, text: str | None, where: object, sentence: str
) -> None:
    shared.open(text or "")
    if text is None:
        shared.close()
    else:
        assert await actions(shared, place(0, 0), only=[lsp.CodeActionKind.Source]) == []
    command = lsp.Command("", "fimble.explain", arguments=[{"uri": URI, "range": where}])
    with pytest.raises(JsonRpcException, match=sentence):
        await run(shared, command)


async def rewriting(editor: Editor, title: str) -> lsp.CodeAction:
    """What is offered in the function under a title."""
    found = await actions(editor, place(4, 12), only=[lsp.CodeActionKind.RefactorRewrite])
    [action] = [each for each in found if each.title == title]
    return action


async def test_types_are_added(shared: Editor) -> None:
    text = TEXT.replace(".b  #", "  #")
    shared.open(text)
    action = await resolve(shared, await rewriting(shared, "Add types to `é`"))
    expected = text.replace("(a):", "(a: Path) -> Path:").replace(
        "import os\n", "import os\nfrom pathlib import Path\n"
    )
    assert edited(shared, text, action.edit).text == expected


async def test_a_function_is_documented(shared: Editor) -> None:
    shared.open(TEXT)
    action = await rewriting(shared, "Document `é`")
    action = await resolve(shared, action)
    expected = TEXT.replace("(a):\r\n", '(a):\n    """Give `b`."""\r\n')
    assert edited(shared, TEXT, action.edit).text == expected


async def rewritten(editor: Editor, instruction: object) -> tuple[bool, list[lsp.WorkspaceEdit]]:
    """Whether it says that it was done, and what the client was asked to do."""
    editor.open(TEXT)
    argument = {"uri": URI, "range": place(4, 12), "instruction": instruction}
    command = lsp.Command("", "fimble.rewrite", arguments=[argument])
    done = await run(editor, command)
    return done, EDITS.pop(id(editor), [])


async def test_code_is_rewritten_as_is_said(shared: Editor) -> None:
    done, [edit] = await rewritten(shared, "rename a to b")
    assert done
    expected = TEXT.replace("(a):", "(b):").replace("a.b  # 😀", "b.c")
    assert edited(shared, TEXT, edit).text == expected


async def test_a_rewrite_that_does_not_hold_is_not_made(shared: Editor) -> None:
    assert await rewritten(shared, "make it worse") == (False, [])
    await shared.until(lambda: NOT_MENDED in shared.shown)
    for instruction, sentence in ((" ", "Say what to change"), (None, "must be a text")):
        with pytest.raises(JsonRpcException, match=sentence):
            await rewritten(shared, instruction)
