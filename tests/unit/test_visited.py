"""Definitions of other files that the user was at: which are shown, and what they give way to."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.completion.freeze import CONTEXT_PART, Freezer
from lsp_server.completion.pieces import WORTH_ADDING, Piece, tokens
from lsp_server.completion.project import Project
from lsp_server.completion.sendable import Sendable
from lsp_server.completion.session import Spot, TypingSession
from lsp_server.completion.visited import MOST, MOST_LINES
from lsp_server.completion.window import token_budget
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text
from lsp_server.core.tokens import estimate
from lsp_server.edge.documents import Documents
from lsp_server.engines.fake import FakeEngine
from lsp_server.settings import CompletionSettings
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import Found

PAY = """\
class Till:
    def __init__(self, day): ...

    def charge(self, order, currency):
        checked = order.total
        rounded = checked.round(2)
        converted = rounded.to(currency)
        self.total += converted
        return order


def refund(order, reason):
    return None
"""
CHARGE, REFUND = 3, 12
"""Rows in them."""
SHOWN = {
    "charge": "class Till:\n    def charge(self, order, currency): ...",
    "refund": "def refund(order, reason): ...",
}
KEY = "AKIA" + "QYLPMN5HHHFPZAM2"


class Workspace:
    """An index, documents that are open, and one that is completed at its end."""

    def __init__(self, root: Path) -> None:
        self.index = Index(root, root / "index.sqlite")
        self.documents = Documents()

    def uri(self, path: str) -> str:
        return (self.index.root / path).as_uri()

    def visit(self, path: str, text: str, *rows: int, saved: bool = True) -> None:
        data = text.encode()
        if saved:
            assert self.index.update([extract(Found(path, 1, len(data)), data)])
        self.documents.open(self.uri(path), "python", 1, text)
        for row in rows:
            self.documents.visit(self.uri(path), row)

    def project(self) -> Project:
        return Project.of(self.index.root, self.index, lambda: True, self.documents)

    def document(self, text: str) -> Snapshot:
        syntax = Syntax.parse(text, "python")
        return Snapshot(self.uri("main.py"), 1, "python", Text.of(text), syntax)

    async def pieces(self, text: str = "total = ") -> list[Piece]:
        document = self.document(text)
        rows = range(len(document.text.lines))
        return await self.project().needed(document, document.text.end, rows)

    async def weights(self, text: str) -> dict[str, float]:
        return {piece.name: piece.weight for piece in await self.pieces(text)}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


async def test_the_latest_comes_first_and_all_behind_what_is_needed(workspace: Workspace) -> None:
    workspace.visit("pay.py", PAY, REFUND, CHARGE)
    workspace.visit("client.py", "class Client:\n    def fetch(self): ...\n")
    text = "from client import Client\n" + "\n" * 50 + "total = "
    first, *others = await workspace.pieces(text)
    assert first.name == "Client"
    assert {piece.name: piece.text for piece in others} == SHOWN
    assert [piece.name for piece in others] == ["charge", "refund"]
    assert max(piece.weight for piece in others) < WORTH_ADDING


async def test_one_that_is_used_and_comes_from_nowhere_counts(workspace: Workspace) -> None:
    workspace.visit("pay.py", PAY, REFUND, CHARGE)
    weights = await workspace.weights("done = refund(")
    assert weights["refund"] > WORTH_ADDING > weights["charge"]
    for given in ("def refund(): ...\n", "from other import refund\n"):
        assert (await workspace.weights(f"{given}done = refund("))["refund"] < WORTH_ADDING


async def test_it_counts_where_it_is_imported(workspace: Workspace) -> None:
    workspace.visit("shop/pay.py", PAY, REFUND)
    weights = [
        (await workspace.weights(f"from shop.{name} import "))["refund"] for name in ("pay", "a")
    ]
    assert weights[0] > WORTH_ADDING > weights[1]


async def test_what_is_needed_anyway_is_not_shown_twice(workspace: Workspace) -> None:
    workspace.visit("pay.py", PAY, CHARGE)
    [piece] = await workspace.pieces("from pay import Till\nTill.")
    assert piece.text.count("charge") == 1


async def test_code_that_is_shown_as_it_was_changed_needs_no_header(workspace: Workspace) -> None:
    workspace.visit("pay.py", PAY, REFUND)
    workspace.documents.edits.note(workspace.uri("pay.py"), CHARGE, CHARGE, 1)
    [code, header] = await workspace.pieces("def charge(till, order, currency):\n    ")
    assert code.code
    assert header.text == SHOWN["refund"]
    workspace.documents.visit(workspace.uri("pay.py"), CHARGE)
    [code, header] = await workspace.pieces("def charge(till, order, currency):\n    ")
    assert (code.code, header.name) == (True, "refund")


async def test_where_nothing_is_defined_there_is_nothing_to_show(workspace: Workspace) -> None:
    workspace.visit("pay.py", f"import till\n\n\n{PAY}", 0)
    assert await workspace.pieces() == []


async def test_where_the_user_is_in_the_same_file_is_no_other_place(workspace: Workspace) -> None:
    workspace.visit("main.py", PAY, REFUND)
    assert await workspace.pieces(PAY) == []


async def test_files_that_may_not_be_shown_are_not(workspace: Workspace) -> None:
    workspace.visit("new.py", PAY, CHARGE, saved=False)
    workspace.visit("key.py", f"{PAY}\nKEY = '{KEY}'\n", CHARGE)
    assert await workspace.pieces() == []
    workspace.visit("pay.py", PAY, CHARGE)
    assert len(await workspace.pieces()) == 1
    workspace.documents.close(workspace.uri("pay.py"))
    assert await workspace.pieces() == []


async def test_few_are_shown_and_little_of_each(workspace: Workspace) -> None:
    for number in range(MOST + 2):
        methods = "".join(f"    def m{number}_{each}(self): ...\n" for each in range(30))
        workspace.visit(f"f{number}.py", f"class C{number}:\n{methods}", 0)
    pieces = await workspace.pieces()
    assert [piece.name for piece in pieces] == [f"C{MOST + 1 - each}" for each in range(MOST)]
    assert {len(piece.text.split("\n")) for piece in pieces} == {MOST_LINES}


@pytest.mark.parametrize("needs", [0, 40])
async def test_they_stay_within_the_part_for_other_files(workspace: Workspace, needs: int) -> None:
    """And get nothing of it if it is used up by what the cursor needs."""
    members = "".join(f"    def member_{each}(self, value: int): ...\n" for each in range(needs))
    workspace.visit("client.py", f"class Client:\n{members}    def last(self): ...\n")
    for number in range(MOST):
        header = "def " + f"{'long' * 30}_{number}(order, reason):\n    return None\n"
        workspace.visit(f"f{number}.py", header, 0)
    document = workspace.document("from client import Client\n\nclient = Client()\nclient.")
    engine = FakeEngine([])
    budget = token_budget(await engine.info(), seconds=1, max_tokens=3300)
    settings = CompletionSettings(max_tokens=3300)
    spot = Spot(TypingSession(engine), document, document.text.end, settings)
    anchor = await Freezer(engine, Sendable(engine, None), project=workspace.project()).anchor(
        spot, 1
    )
    shown = {snippet.path for snippet in anchor.context}
    assert tokens(anchor.context, estimate) <= CONTEXT_PART * budget
    assert "client.py" in shown
    assert bool(shown & {f"f{number}.py" for number in range(MOST)}) == (not needs)
