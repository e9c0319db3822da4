"""Code actions as an editor asks for them and applies them."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types as lsp

from lsp_server.core.text import Encoding, Text
from tests.e2e.editor import URI, Editor


def place(line: int, start: int, end: int | None = None, last: int | None = None) -> lsp.Range:
    """From a column of a line to another, or to a column of another line."""
    ending = lsp.Position(line if last is None else last, start if end is None else end)
    return lsp.Range(lsp.Position(line, start), ending)


async def actions(
    editor: Editor,
    where: lsp.Range,
    diagnostics: tuple[lsp.Diagnostic, ...] = (),
    only: list[lsp.CodeActionKind] | None = None,
    uri: str = URI,
) -> list[lsp.CodeAction]:
    """What is offered at a place."""
    answer = await editor.client.text_document_code_action_async(
        lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(uri), where, lsp.CodeActionContext(diagnostics, only=only)
        )
    )
    return list(answer)


async def resolve(editor: Editor, action: lsp.CodeAction) -> lsp.CodeAction:
    resolved = await editor.client.code_action_resolve_async(action)
    assert isinstance(resolved, lsp.CodeAction)
    return resolved


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit makes of a text, and which version it is for."""

    text: str
    version: int | None


def edited(editor: Editor, text: str, edit: lsp.WorkspaceEdit | None) -> Edited:
    """Apply an edit as an editor does: all places are those of the text before it."""
    assert edit is not None
    assert edit.document_changes is not None
    [change] = edit.document_changes
    assert isinstance(change, lsp.TextDocumentEdit)
    encoding = Encoding(editor.initialized.capabilities.position_encoding or "utf-16")
    result = Text.of(text)
    for each in reversed(change.edits):
        assert isinstance(each, lsp.TextEdit | lsp.AnnotatedTextEdit)
        start, end = (
            result.point(position.line, position.character, encoding)
            for position in (each.range.start, each.range.end)
        )
        result = result.replace(start, end, each.new_text)
    return Edited(str(result), change.text_document.version)
