"""Each workflow from the words of a request to the files on the disk, with a scripted model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lsp_server.agent import desk
from lsp_server.agent.agent import Agent
from lsp_server.agent.events import Choice, Question, ToolUpdated
from lsp_server.agent.workflows import repair, work
from lsp_server.engines.chat import ChatRequest
from lsp_server.engines.fake_chat import ChatReply
from lsp_server.workspace.extract import extract
from lsp_server.workspace.walk import look
from tests.unit.agent.workflows.conftest import Project, ended, titles

FIXED = "\n    return rounded(sum(prices))\n"
RIGHT = "\n    return a + b\n"
WORSE = "\n    return rounded(min(prices))\n"


def bodies(*texts: str) -> Callable[[ChatRequest], str]:
    """A model that writes these bodies one after the other, and then nothing."""
    left = iter(texts)
    return lambda request: request.begun + next(left, "")


async def yes(_: Question) -> Choice:
    return "allow_once"


async def test_where_something_is_needs_no_model(project: Project) -> None:
    events = await project.ask("Where is Basket defined?")
    assert "`Basket` is defined at shop/prices.py:14" in ended(events).answer
    assert ended(events).reason == "end_turn"


async def test_who_uses_something_needs_no_model(project: Project) -> None:
    answer = ended(await project.ask("Who calls put_in?")).answer
    assert "shop/bill.py:15 in `bill`" in answer
    assert "shop/prices.py:20" in answer.split("used at")[0]
    assert answer.index("shop/bill.py") < answer.index("tests/test_prices.py")


async def test_a_description_is_looked_up_and_the_model_chooses(project: Project) -> None:
    asked: list[ChatRequest] = []

    def script(request: ChatRequest) -> str:
        asked.append(request)
        return "1" if request.grammar else "It rounds to two digits."

    events = await project.ask("Which function rounds an amount to cents?", script)
    assert "`rounded` at shop/prices.py:4" in ended(events).answer
    assert "It rounds to two digits." in ended(events).answer
    assert "4: def rounded(amount):" in asked[-1].messages[-1].content
    starts = {request.messages[0].content for request in asked}
    assert len(starts) == 1  # evaluated once


@pytest.mark.parametrize(
    "text", ["What does @shop/bill.py do?", "Explain @shop/bill.py", "@shop/bill.py:8-10 and this?"]
)
async def test_what_is_pointed_at_is_what_is_asked_about(project: Project, text: str) -> None:
    asked: list[ChatRequest] = []

    def script(request: ChatRequest) -> str:
        asked.append(request)
        return "It writes bills."

    events = await project.ask(text, script)
    assert ended(events).answer == "It writes bills."
    assert 'return f"{name}: {cents(amount)}"' in asked[-1].messages[-1].content
    assert "What things cost" not in asked[-1].messages[-1].content


@pytest.fixture
def by_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults are mended by the model alone."""
    monkeypatch.setattr(repair, "MUTATED", 0)


async def test_a_small_fault_is_mended_without_the_model(project: Project) -> None:
    events = await project.ask("tests/test_prices.py::test_total fails, fix it", bodies(WORSE))
    assert "sum(prices)" in project.text("shop/prices.py")
    assert titles(events).count("Rewrite total") == 1  # only what is good is ever written
    assert sum("with a try at shop/prices.py" in title for title in titles(events)) > 2


async def test_of_several_faults_each_is_mended(project: Project) -> None:
    path = project.root / "shop" / "prices.py"
    path.write_text(path.read_text().replace("round(amount, 2)", "round(amount, 3)"))
    events = await project.ask("tests/test_prices.py fails, fix it", bodies(WORSE))
    assert "round(amount, 2)" in project.text("shop/prices.py")
    assert "sum(prices)" in project.text("shop/prices.py")
    assert ended(events).answer.count("passes now") == 2
    assert "Still failing" not in ended(events).answer


async def test_a_test_that_passes_alone_is_left_alone(project: Project) -> None:
    path = project.root / "tests" / "test_prices.py"
    shared = "import builtins\n\n\ndef test_first():\n    builtins.seen = 1\n\n\n"
    last = "\n\ndef test_alone():\n    assert not hasattr(builtins, 'seen')\n"
    path.write_text(shared + path.read_text().replace("== 6", "== 5") + last)
    before = project.texts()
    events = await project.ask("tests/test_prices.py fails, fix it", bodies(FIXED))
    assert "test_alone fails only together with others" in ended(events).answer
    assert project.texts() == before


@pytest.mark.parametrize("tests", ["none", "broken"])
@pytest.mark.parametrize(
    "request_",
    ["total in shop/prices.py is wrong, fix it", "Fix the sum: the first price is left out"],
)
async def test_without_tests_that_run_what_is_meant_is_changed(
    project: Project, tests: str, request_: str
) -> None:
    path = project.root / "tests" / "test_prices.py"
    if tests == "none":
        path.unlink()
        project.index.remove(["tests/test_prices.py"])
    else:
        (project.root / "conftest.py").write_text("raise SystemExit(3)\n")
    script = bodies("1", FIXED) if request_.startswith("Fix") else bodies(FIXED)
    events = await project.ask(request_, script)
    assert "sum(prices))" in project.text("shop/prices.py")
    assert "I changed `total`" in ended(events).answer


async def test_a_usual_word_is_a_name_where_the_file_is_named(project: Project) -> None:
    (project.root / "tests" / "test_prices.py").unlink()
    path = project.root / "shop" / "sums.py"
    path.write_text("def add(a, b):\n    return a - b\n")
    found = look(project.root, "shop/sums.py")
    assert found is not None
    project.index.update([extract(found, path.read_bytes())])
    events = await project.ask("In @shop/sums.py the function add is wrong, fix it", bodies(RIGHT))
    assert path.read_text() == "def add(a, b):\n    return a + b\n"
    assert not any(title.startswith("Run") for title in titles(events))


@pytest.mark.usefixtures("by_model")
async def test_one_that_is_not_mended_is_named(project: Project) -> None:
    path = project.root / "shop" / "prices.py"
    path.write_text(path.read_text().replace("round(amount, 2)", "round(amount, 3)"))
    right = "\n    return round(amount, 2)\n"
    events = await project.ask("tests/test_prices.py fails, fix it", bodies(right))
    assert "round(amount, 2)" in project.text("shop/prices.py")
    assert "Still failing: tests/test_prices.py::test_total." in ended(events).answer


@pytest.mark.usefixtures("by_model")
async def test_a_fault_is_mended_where_the_test_goes(project: Project) -> None:
    events = await project.ask(
        "tests/test_prices.py::test_total fails, fix it", bodies(WORSE, "", "", FIXED.strip())
    )
    assert "return rounded(sum(prices))" in project.text("shop/prices.py")
    assert ended(events).changed == ("shop/prices.py",)
    assert "the test passes now" in ended(events).answer
    assert titles(events).count("Rewrite total") == 1


@pytest.mark.usefixtures("by_model")
async def test_without_a_sandbox_a_bad_try_is_written_and_put_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "find_sandbox", lambda: None)
    project.agent = Agent(
        project.engine, project.root, project.index, ask=yes, places=project.places
    )
    events = await project.ask(
        "tests/test_prices.py::test_total fails, fix it", bodies(WORSE, "", "", FIXED.strip())
    )
    assert "return rounded(sum(prices))" in project.text("shop/prices.py")
    assert ended(events).changed == ("shop/prices.py",)
    assert titles(events).count("Put shop/prices.py back") == 1
    assert titles(events).count("Rewrite total") == 2
    await project.agent.close()


@pytest.mark.usefixtures("by_model")
async def test_the_user_is_asked_about_what_is_good_only(project: Project) -> None:
    asked: list[str] = []

    async def ask(question: Question) -> Choice:
        asked.append(question.title)
        return "allow_once"

    project.agent = Agent(
        project.engine, project.root, project.index, ask=ask, places=project.places
    )
    await project.ask(
        "tests/test_prices.py::test_total fails, fix it",
        bodies(WORSE, "", "", FIXED.strip()),
        mode="ask",
    )
    assert "return rounded(sum(prices))" in project.text("shop/prices.py")
    assert [title for title in asked if "prices.py" in title and "pytest" not in title] == [
        "Write shop/prices.py?"
    ]
    assert len([title for title in asked if "pytest" in title]) == len({*asked} - {asked[-1]})
    await project.agent.close()


@pytest.mark.usefixtures("by_model")
async def test_what_cannot_be_mended_is_left_as_it_was(project: Project) -> None:
    before = project.texts()
    events = await project.ask("test_total fails", bodies(WORSE, WORSE))
    assert project.texts() == before
    assert ended(events).changed == ()
    assert "nothing was changed" in ended(events).answer


@pytest.mark.usefixtures("by_model")
async def test_a_copy_and_code_left_out_are_no_tries(project: Project) -> None:
    copy = "\n    return rounded(sum(prices[1:]))\n"
    elided = "\n    # ... rest of the code\n    return 6\n"
    events = await project.ask("test_total fails", bodies(copy, copy, elided, copy.strip()))
    assert not any(title.startswith("Rewrite") for title in titles(events))
    assert project.text("shop/prices.py").count("prices[1:]") == 1


async def test_renamed_in_all_the_ways_it_is_imported(project: Project) -> None:
    events = await project.ask("Rename rounded to to_cents")
    assert ended(events).changed == ("shop/bill.py", "shop/prices.py", "tests/test_prices.py")
    bill = project.text("shop/bill.py")
    assert "import to_cents as cents" in bill
    assert "prices.to_cents(basket.cost())" in bill
    assert "shop.prices.to_cents(0)" in bill
    assert '"shop.prices.to_cents"' in project.text("tests/test_prices.py")
    assert not any(
        "rounded(" in text.replace("test_rounded", "") for text in project.texts().values()
    )


async def test_the_next_turn_knows_what_was_renamed(project: Project) -> None:
    await project.ask("Rename rounded to to_cents")
    answer = ended(await project.ask("Where is to_cents defined?")).answer
    assert "`to_cents` is defined at shop/prices.py:4" in answer


async def test_a_reexport_is_renamed_too(project: Project) -> None:
    await project.ask("rename the class Basket to Trolley")
    assert 'import Trolley, total\n\n__all__ = ["Trolley", "total"]' in project.text(
        "shop/__init__.py"
    )
    assert "basket = Trolley()" in project.text("tests/test_prices.py")


async def test_a_member_is_renamed_if_no_other_type_has_it(project: Project) -> None:
    await project.ask("Rename the method Basket.put_in to add_price")
    assert "basket.add_price(0)" in project.text("shop/bill.py")
    assert "def add_price(self" in project.text("shop/prices.py")


async def test_a_name_that_is_taken_is_refused(project: Project) -> None:
    before = project.texts()
    events = await project.ask("Rename rounded to total")
    assert project.texts() == before
    assert "is defined already, at shop/prices.py:9" in ended(events).answer


async def test_a_parameter_with_a_body_that_uses_it(project: Project) -> None:
    begun: list[str] = []

    def script(request: ChatRequest) -> str:
        begun.append(request.begun)
        unused = "\n    return round(amount, 2)\n"
        return request.begun + (
            unused if len(begun) == 1 else "\n    return round(amount, digits)\n"
        )

    events = await project.ask("Add a parameter `digits` with default 2 to rounded", script)
    assert begun[0].endswith('def rounded(amount, digits=2):\n    """Round an amount to cents."""')
    assert "    return round(amount, digits)\n" in project.text("shop/prices.py")
    assert "has `digits` now" in ended(events).answer


async def test_what_the_model_writes_behind_the_function_is_left_out(project: Project) -> None:
    more = "\n    return round(amount, digits)\n\n\ndef total(prices):\n    return 0\n"
    await project.ask("Add a parameter `digits` with default 2 to rounded", bodies(more))
    assert "    return round(amount, digits)\n" in project.text("shop/prices.py")
    assert "return 0" not in project.text("shop/prices.py")


async def test_callers_pass_a_new_argument(project: Project) -> None:
    await project.ask(
        "Add a parameter `digits` with default 2 to rounded and have the callers pass digits=2",
        bodies("\n    return round(amount, digits)\n"),
    )
    assert "rounded(sum(self.prices), digits=2)" in project.text("shop/prices.py")
    assert "prices.rounded(basket.cost(), digits=2)" in project.text("shop/bill.py")
    assert "rounded(1.234)" in project.text("tests/test_prices.py")


async def test_a_parameter_whose_body_fails_is_taken_out_again(project: Project) -> None:
    before = project.texts()
    events = await project.ask(
        "Add a parameter `digits` with default 2 to rounded",
        bodies("\n    return round(amount, digits + 3)\n"),
    )
    assert project.texts() == before
    assert ended(events).changed == ()


async def test_a_change_that_breaks_tests_is_tried_again(project: Project) -> None:
    wrong = "def rounded(amount):\n    return round(value, 2)\n"
    breaking = "def rounded(amount):\n    return int(amount)\n"
    right = "def rounded(amount):\n    return round(float(amount), 2)\n"
    events = await project.ask("Change `rounded` to take text, too", [wrong, breaking, right])
    assert "round(float(amount), 2)" in project.text("shop/prices.py")
    runs = [title for title in titles(events) if "with a try" in title]
    assert len(runs) == 2  # the first names what nothing defines
    assert titles(events).count("Rewrite rounded") == 1


async def test_a_test_keeps_the_checks_that_hold(project: Project) -> None:
    def script(request: ChatRequest) -> str:
        return request.begun + (
            "\n    assert rounded(2.345) == 9\n    assert rounded(1.5) == 1.5\n"
        )

    events = await project.ask("Write a test for rounded", script)
    text = project.text("tests/test_prices.py")
    assert "def test_rounded_2():\n    assert rounded(1.5) == 1.5\n" in text
    assert "== 9" not in text
    assert ended(events).changed == ("tests/test_prices.py",)


async def test_a_test_has_the_line_ends_of_its_file(project: Project) -> None:
    path = project.root / "tests" / "test_prices.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    await project.ask("Write a test for total", bodies(
        "\r\n    assert total([1]) == 9\r\n    with pytest.raises(TypeError):\n        total(1)\n"
        "    assert total([0, 2]) == 2"
    ))  # fmt: skip
    data = path.read_bytes()
    assert b"    assert total([0, 2]) == 2\r\n" in data
    assert b"== 9" not in data  # the line that failed was found
    assert b"import pytest\r\n" in data
    assert data.count(b"\r") == data.count(b"\r\n") == data.count(b"\n")


async def test_a_test_uses_the_name_as_it_is_imported(project: Project) -> None:
    body = "\n    assert shop.prices.total([0, 2]) == 2\n    assert prices.total([0, 3]) == 3\n"
    await project.ask("Write a test for total", bodies(body))
    text = project.text("tests/test_prices.py")
    assert "assert shop.prices.total([0, 2]) == 2\n    assert total([0, 3]) == 3" in text
    assert "from shop.prices import total\n" in text


async def test_a_test_without_checks_is_none(project: Project) -> None:
    before = project.texts()
    await project.ask("Write a test for total", bodies("\n    pass\n"))
    assert project.texts() == before


async def test_a_command_is_run_as_it_is(project: Project) -> None:
    events = await project.ask("run `echo hello`")
    assert titles(events) == ["Run echo hello"]
    assert "hello\nExit status 0." in ended(events).answer


async def test_nothing_is_written_or_run_where_only_reading_is_allowed(project: Project) -> None:
    before = project.texts()
    for request in ("Rename rounded to to_cents", "run `touch made`", "test_total fails"):
        events = await project.ask(request, bodies(FIXED), mode="plan")
        assert ended(events).answer.startswith("This mode is for reading, so ")
        assert "Say what" not in ended(events).answer
        failed = [e for e in events if isinstance(e, ToolUpdated) and e.status == "failed"]
        assert failed
    assert project.texts() == before


async def test_a_model_that_is_too_slow_leaves_nothing_behind(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "GRACE_SECONDS", 1 - work.SECONDS)  # tries begin, and end at once
    before = project.texts()
    slow = ChatReply("\n    return 1\n", seconds_per_token=60.0)
    events = await project.ask("Change `rounded` to return 1", [slow])
    assert "too slow" in ended(events).answer
    assert project.texts() == before


async def test_a_turn_that_is_cancelled_leaves_no_half_of_an_edit(project: Project) -> None:
    before = project.texts()

    def script(request: ChatRequest) -> str:
        assert project.session
        project.session.cancel()
        return request.begun + "\n    return round(amount, digits)\n"

    events = await project.ask("Add a parameter `digits` with default 2 to rounded", script)
    assert ended(events).reason == "cancelled"
    assert project.texts() == before


async def test_what_was_done_can_be_undone(project: Project) -> None:
    before = project.texts()
    await project.ask("Rename rounded to to_cents")
    assert project.texts() != before
    [session] = project.agent.store.sessions(project.root)
    await project.agent.undo(session.id)
    assert project.texts() == before
