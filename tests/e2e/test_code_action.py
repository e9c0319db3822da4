"""`textDocument/codeAction` and `codeAction/resolve` over a real connection, without a model."""

from __future__ import annotations

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.acting import actions, edited, place, resolve
from tests.e2e.editor import Editor

pytestmark = pytest.mark.asyncio(loop_scope="module")

MISSING = 'import re\n\nx = Path("a"), re\n'
MENDED = 'import re\nfrom pathlib import Path\n\nx = Path("a"), re\n'


def units(editor: Editor, text: str) -> int:
    encoding = editor.initialized.capabilities.position_encoding
    return len(text.encode()) if encoding == "utf-8" else len(text.encode("utf-16-le")) // 2


async def test_the_server_says_which_kinds_it_has(shared: Editor) -> None:
    provider = shared.initialized.capabilities.code_action_provider
    assert isinstance(provider, lsp.CodeActionOptions)
    assert provider.resolve_provider
    assert list(provider.code_action_kinds or ()) == ["quickfix", "refactor.rewrite", "source"]


async def test_a_fix_is_offered_and_resolved(shared: Editor) -> None:
    shared.open(MISSING)
    action, *_ = await actions(shared, place(2, 5))
    assert (action.title, action.kind) == ("Import `Path` from pathlib", "quickfix")
    assert action.is_preferred
    if action.edit is None:  # the client asks later
        action = await resolve(shared, action)
    result = edited(shared, MISSING, action.edit)
    assert (result.text, result.version) == (MENDED, 1)
    assert action.edit is not None
    assert action.edit.change_annotations is None  # rules need no confirmation


async def test_a_diagnostic_tells_the_place_and_is_named_as_mended(shared: Editor) -> None:
    text = "def f(values):\n    return values.appendd(1)\n"
    shared.open(text)
    told = lsp.Diagnostic(
        place(1, 18, 25), 'Cannot access attribute "appendd" for class "list[int]"'
    )
    [action] = await actions(shared, place(1, 20), (told,), only=[lsp.CodeActionKind.QuickFix])
    assert action.title == "Change `appendd` to `append`"
    assert list(action.diagnostics or ()) == [told]


@pytest.mark.parametrize("head", ["é = ", "😀 = ", 'x = "é😀é"; y = '])
async def test_columns_are_counted_in_the_units_agreed_on(shared: Editor, head: str) -> None:
    text = f"length = 1\nif length:\n    '{head}'; z = lenght + 1\n"
    shared.open(text)
    [action] = await actions(shared, place(2, units(shared, f"    '{head}'; z = len")))
    if action.edit is None:
        action = await resolve(shared, action)
    assert edited(shared, text, action.edit).text == text.replace("lenght", "length")


async def test_line_ends_are_kept(shared: Editor) -> None:
    text = MISSING.replace("\n", "\r\n")
    shared.open(text)
    action, *_ = await actions(shared, place(2, 5))
    if action.edit is None:
        action = await resolve(shared, action)
    assert edited(shared, text, action.edit).text == MENDED.replace("\n", "\r\n")


async def test_only_the_kinds_that_are_asked_for(shared: Editor) -> None:
    shared.open(MISSING)
    assert await actions(shared, place(2, 5), only=[lsp.CodeActionKind.Refactor]) == []
    assert await actions(shared, place(2, 5), only=[lsp.CodeActionKind.QuickFix])


async def test_what_the_settings_leave_out_is_not_offered(shared: Editor) -> None:
    shared.open(MISSING)
    for off in ({"disabled": ["repair"]}, {"enabled": False}):
        shared.configure({"fimble": {"actions": off}})
        offered = await actions(shared, place(2, 5), only=[lsp.CodeActionKind.QuickFix])
        assert offered == []
    shared.configure({"fimble": {"actions": {}}})
    assert await actions(shared, place(2, 5), only=[lsp.CodeActionKind.QuickFix])


async def test_what_makes_no_sense_is_offered_nothing(shared: Editor) -> None:
    shared.open("x = 1\n" * 5_000)
    assert await actions(shared, place(0, 0, 0, 4_999)) == []
    shared.open("Path('a')\n", "file:///project/notes.md", "markdown")
    assert await actions(shared, place(0, 1), uri="file:///project/notes.md") == []
    shared.open("def (((:\n  \0 '''\n")
    assert await actions(shared, place(0, 4)) == []
    shared.open("")
    assert await actions(shared, place(3, 9)) == []
    told = lsp.Diagnostic(place(7, 3, 1, 9), '"x" is not defined', code="x")
    assert await actions(shared, place(9, 9, 0, 0), (told,)) == []


async def test_a_document_that_is_not_open_is_named(shared: Editor) -> None:
    shared.open(MISSING)
    shared.close()
    with pytest.raises(JsonRpcException, match=r"example\.py is not open in this server") as caught:
        await actions(shared, place(2, 5))
    assert caught.value.code == lsp.LSPErrorCodes.RequestFailed


@pytest.mark.parametrize("data", [None, 0, 10**9, "x", {"a": 1}])
async def test_an_action_that_was_never_offered_is_refused(shared: Editor, data: object) -> None:
    shared.open(MISSING)
    with pytest.raises(JsonRpcException, match="ask for the actions again") as caught:
        await resolve(shared, lsp.CodeAction("Rob a bank", data=data))
    assert caught.value.code == lsp.LSPErrorCodes.ContentModified
