"""What is worked out for the user to look at: nothing is written, and tests see it all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lsp_server.agent import draft as module
from lsp_server.agent.agent import open_journal
from lsp_server.agent.decisions import Decisions
from lsp_server.agent.draft import Draft, Task
from lsp_server.agent.events import Event, ToolStarted
from lsp_server.engines.fake_chat import ChatScript, ScriptedChat
from lsp_server.errors import AgentError
from tests.unit.agent.test_open_documents import Editor
from tests.unit.agent.workflows.conftest import SMALL, Project
from tests.unit.agent.workflows.test_flows import FIXED, bodies

CHECKS = "\n    assert line('a', 1.234) == 'a: 1.23'\n"


@pytest.fixture
async def editor() -> Editor:
    return Editor()


@pytest.fixture
async def draft(project: Project, editor: Editor) -> AsyncIterator[Draft]:
    journal = open_journal(project.root, project.places)
    decisions = Decisions(project.places.decisions, project.root)
    yield Draft(journal, project.index, decisions, editor)
    journal.ledger.close()


async def drafted(
    project: Project, draft: Draft, does: Task, subject: str, script: ChatScript = ()
) -> tuple[str, list[str]]:
    """What is said and done."""
    events: list[Event] = []
    project.engine.scripted_chat = ScriptedChat(script, SMALL)
    before = project.texts()
    said = await module.drafted(draft, project.engine, does, subject, "Do it.", events.append)
    assert project.texts() == before
    return said, [event.title for event in events if isinstance(event, ToolStarted)]


async def test_the_tests_of_a_function_pass(project: Project, draft: Draft) -> None:
    said, done = await drafted(project, draft, "pass", "total")
    [change] = draft.changes
    assert change.path == "shop/prices.py"
    assert change.text == change.file.text.replace("prices[1:]", "prices")
    assert said == "I rewrote `total` (shop/prices.py:9); the test passes now."
    assert any("with a try at shop/prices.py" in title for title in done)


async def test_a_test_passes_by_its_id(project: Project, draft: Draft) -> None:
    await drafted(project, draft, "pass", "tests/test_prices.py::test_total", bodies(FIXED))
    assert [change.path for change in draft.changes] == ["shop/prices.py"]


async def test_what_is_not_saved_counts(project: Project, draft: Draft, editor: Editor) -> None:
    saved = project.text("shop/prices.py")
    editor.texts["shop/prices.py"] = mended = saved.replace("prices[1:]", "prices")
    said, _ = await drafted(project, draft, "pass", "total")
    assert said == "These tests pass already, so nothing was changed."
    editor.texts["shop/prices.py"] = mended.replace("sum(prices)", "max(prices)")
    await drafted(project, draft, "pass", "total", bodies(FIXED))
    assert [change.text for change in draft.changes] == [mended]


async def test_of_several_faults_each_is_mended(
    project: Project, draft: Draft, editor: Editor
) -> None:
    saved = project.text("shop/prices.py")
    editor.texts["shop/prices.py"] = saved.replace("round(amount, 2)", "round(amount, 1)")
    await drafted(project, draft, "pass", "total")
    [change] = draft.changes
    assert change.file.text == editor.texts["shop/prices.py"]
    assert change.text == saved.replace("prices[1:]", "prices")


async def test_a_test_goes_into_a_new_file(project: Project, draft: Draft) -> None:
    wrong = "    assert line('b', 1) == 'c'\n"
    said, _ = await drafted(project, draft, "write", "line", bodies(CHECKS + wrong))
    [change] = draft.changes
    assert change.is_new
    assert change.path == "tests/test_bill.py"
    assert change.text == f"from shop.bill import line\n\n\ndef test_line():{CHECKS}"
    assert (
        said == "I wrote `test_line` in tests/test_bill.py for `line` (shop/bill.py:8); it passes."
    )


async def test_what_fails_is_told(project: Project, draft: Draft) -> None:
    wrong = bodies(*["\n    assert line('a', 1) == 2\n"] * 5)
    said, _ = await drafted(project, draft, "write", "line", wrong)
    assert said.startswith("No test that I wrote passes, so nothing was changed.")
    said, _ = await drafted(project, draft, "pass", "line")
    assert said == "No test is about `line`."
    assert draft.changes == ()


async def test_what_is_protected_is_not_drafted(project: Project, draft: Draft) -> None:
    with pytest.raises(AgentError, match="can't be tried without writing it"):
        await draft.land("1", [draft.new(".vscode/settings.json", "{}\n")])
    with pytest.raises(AgentError, match="would not parse"):
        await draft.land("1", [draft.new("a.py", "def (\n")])
    assert draft.changes == ()


async def test_without_a_sandbox_nothing_is_run(
    project: Project, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft, "sandbox", lambda: None)
    said, _ = await drafted(project, draft, "pass", "total")
    assert "nobody is there to be asked" in said
    assert draft.changes == ()


async def test_what_tests_say_of_another_text(project: Project, draft: Draft) -> None:
    project.engine.scripted_chat = ScriptedChat((), SMALL)
    path, text = "shop/prices.py", project.text("shop/prices.py")
    mended = text.replace("prices[1:]", "prices")
    for changed, failed in ((None, 1), (mended, 0), (mended.replace("sum", "max"), 1)):
        outcome = await module.tested(draft, project.engine, "total", path, changed)
        assert outcome is not None
        assert len(outcome.failed) == failed
    assert await module.tested(draft, project.engine, "line", "shop/bill.py", None) is None
    assert project.text(path) == text
