"""What is remembered of what was offered, and what of an action reaches the client."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types as lsp

from lsp_server.actions.action import Change, Edit, Repair
from lsp_server.actions.lightbulb import MAX_OFFERS, Lightbulb
from lsp_server.actions.resolve import repaired
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Encoding, Text
from lsp_server.edge import convert
from lsp_server.errors import DocumentChanged, UsageError
from tests.unit.actions.cases import indexed, request

MISSING = "x = «Path(1)\n"


def test_an_offer_is_chosen_by_its_number_until_the_document_changes() -> None:
    lightbulb = Lightbulb()
    asked = request(MISSING, "a.py")
    actions = lightbulb.look(asked)
    numbers = lightbulb.keep(actions, asked.snapshot)
    again = lightbulb.keep(actions, asked.snapshot)
    assert len({*numbers, *again}) == 2 * len(actions)
    assert lightbulb.chosen(numbers[0]).action is actions[0]
    other = request(MISSING, "b.py")
    lightbulb.keep(actions, other.snapshot)
    assert lightbulb.chosen(again[-1]).action is actions[-1]
    newer = request(MISSING, "a.py")  # the same words, but not the same text
    [*_, newest] = lightbulb.keep(actions, newer.snapshot)
    for number in (numbers[0], again[-1], 0, -1, None, "1", {"number": 1}):
        with pytest.raises(DocumentChanged, match="ask for the actions again"):
            lightbulb.chosen(number)
    lightbulb.forget(newer.snapshot.uri)
    with pytest.raises(DocumentChanged):
        lightbulb.chosen(newest)


def test_only_so_many_offers_are_kept() -> None:
    lightbulb = Lightbulb()
    asked = request(MISSING, "a.py")
    actions = lightbulb.look(asked)
    first, *_ = lightbulb.keep(actions, asked.snapshot)
    for _ in range(MAX_OFFERS):
        lightbulb.keep(actions, asked.snapshot)
    with pytest.raises(DocumentChanged):
        lightbulb.chosen(first)


def test_what_an_older_version_blames_is_looked_at_again() -> None:
    """The outline of before does not know the method that was added."""
    lightbulb = Lightbulb()
    before = "class A:\n    def close(self): ...\n\n\nA().close()\n"
    lightbulb.learn(request(before, "a.py"))
    after = before.replace("(self): ...", "(self): ...\n    def closer(self): ...").replace(
        "A().close", "A().«closer"
    )
    assert lightbulb.look(request(after, "a.py")) == []
    wrong = after.replace("«closer", "«closr")
    assert [each.title for each in lightbulb.look(request(wrong, "a.py"))] != []


def test_a_change_that_breaks_the_file_is_not_made() -> None:
    asked = request(MISSING, "a.py")
    broken = Repair((Edit(0, 1, "x = = ("),))
    with pytest.raises(UsageError, match="would not parse"):
        repaired(broken, asked.snapshot)


def test_names_of_the_workspace_that_are_known(tmp_path: Path) -> None:
    index = indexed(tmp_path, "workspace.txt")
    known = index.known_of(["Queue", "connect", "nowhere", *(f"x{n}" for n in range(1_000))])
    assert set(known) == {"Queue", "connect"}
    assert all(count > 0 for count in known.values())


@pytest.mark.parametrize(
    ("by_model", "annotated", "asks"),
    [
        (True, True, True),
        (True, False, False),
        (False, True, False),
    ],
)
def test_only_what_a_model_wrote_is_to_be_confirmed(
    by_model: bool, annotated: bool, asks: bool
) -> None:
    text = Text.of("é = 1\r\n😀 = a\r\n")
    snapshot = Snapshot("file:///a.py", 7, "python", text)
    start = len("é = 1\r\n😀 = ".encode())
    change = Change((Edit(0, 2, "e"), Edit(start, start + 1, "b")), by_model)
    edit = convert.workspace_edit(snapshot, change, Encoding.UTF16, annotated=annotated)
    assert edit.document_changes is not None
    [document] = edit.document_changes
    assert isinstance(document, lsp.TextDocumentEdit)
    assert document.text_document.version == 7
    first, second = document.edits
    assert not isinstance(first, lsp.SnippetTextEdit)
    assert not isinstance(second, lsp.SnippetTextEdit)
    assert first.range == lsp.Range(lsp.Position(0, 0), lsp.Position(0, 1))
    assert second.range == lsp.Range(lsp.Position(1, 5), lsp.Position(1, 6))
    assert isinstance(first, lsp.AnnotatedTextEdit) == asks
    annotations = edit.change_annotations or {}
    assert [each.needs_confirmation for each in annotations.values()] == [True] * asks
