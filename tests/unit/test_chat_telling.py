"""What a client is shown of events: whole updates, absolute paths, nothing that can't be seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lsp_server.agent.events import (
    Diff,
    Location,
    MessageChunk,
    PlanChanged,
    Question,
    Step,
    ToolStarted,
    ToolUpdated,
    TurnEnded,
)
from lsp_server.agent.history import LEFT
from lsp_server.agent.mentions import Mention, mentions
from lsp_server.agent.store import Entry
from lsp_server.edge.acp import shapes
from lsp_server.edge.chat.replay import replayed
from lsp_server.edge.chat.shapes import chosen
from lsp_server.edge.chat.telling import OUTPUT_CHARACTERS, PAUSE_SECONDS, Teller
from lsp_server.edge.chat.words import INTERRUPTED, RUNS, Command, command

ROOT = Path("/project")
HIDDEN = "a\x1b[2J\u202eb\u200b\u2028"
SHOWN = "a\\x1b[2J\\u202eb\\u200b\\u2028"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def teller(clock: Clock) -> Teller:
    return Teller(ROOT, clock)


def texts(payload: dict[str, Any] | None) -> list[str]:
    assert payload is not None
    return [each["content"]["text"] for each in payload["content"] if each["type"] == "content"]


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)


def test_output_grows_and_is_told_now_and_then(teller: Teller, clock: Clock) -> None:
    teller.payload(ToolStarted("1", "Run it", "execute"))
    teller.payload(ToolUpdated("1", "in_progress"))
    clock.now += PAUSE_SECONDS
    assert texts(teller.payload(ToolUpdated("1", "in_progress", "one\n"))) == ["one\n"]
    assert teller.payload(ToolUpdated("1", "in_progress", "two\n")) is None
    clock.now += PAUSE_SECONDS
    told = teller.payload(ToolUpdated("1", "in_progress", "three\n"))
    assert texts(told) == ["one\ntwo\nthree\n"]
    clock.now += PAUSE_SECONDS
    told = teller.payload(ToolUpdated("1", "in_progress", "x" * 2 * OUTPUT_CHARACTERS))
    assert [len(text) for text in texts(told)] == [OUTPUT_CHARACTERS]
    assert texts(teller.payload(ToolUpdated("1", "completed", "It ran."))) == ["It ran."]


def test_the_last_update_has_all_diffs_and_their_places(teller: Teller) -> None:
    teller.payload(ToolStarted("1", "Rename", "edit"))
    teller.payload(ToolUpdated("1", "in_progress", diff=Diff("a.py", "a\r\nb", "b")))
    told = teller.payload(ToolUpdated("1", "completed", "Done.", Diff("b.py", None, "new")))
    assert told is not None
    assert told["content"][1:] == [
        {"type": "diff", "path": "/project/a.py", "oldText": "a\nb", "newText": "b"},
        {"type": "diff", "path": "/project/b.py", "oldText": None, "newText": "new"},
    ]
    assert told["locations"] == [{"path": "/project/a.py"}, {"path": "/project/b.py"}]
    read = ToolUpdated("2", "completed", "text", locations=(Location("a.py", 7),))
    found = teller.payload(read)
    assert found is not None
    assert found["locations"] == [{"path": "/project/a.py", "line": 7}]


def test_nothing_hidden_reaches_a_screen(teller: Teller) -> None:
    question = Question("1", HIDDEN, HIDDEN, HIDDEN, Diff("a.py", HIDDEN, HIDDEN))
    said = [
        Entry(1, 1, "user", {"text": HIDDEN}),
        Entry(2, 1, "assistant", {"text": "", "prose": HIDDEN}),
        Entry(3, 1, "call", {"id": "1", "title": HIDDEN, "kind": "read"}),
        Entry(4, 1, "called", {"id": "1", "failed": False}),
        Entry(5, 1, "tool", {"text": HIDDEN, "subject": ""}),
    ]
    told = [
        teller.payload(MessageChunk(HIDDEN)),
        teller.payload(PlanChanged((Step(HIDDEN),))),
        teller.payload(ToolStarted("1", HIDDEN, "read")),
        teller.payload(ToolUpdated("1", "completed", HIDDEN, Diff("a.py", HIDDEN, HIDDEN))),
        teller.payload(TurnEnded("error", HIDDEN, (), HIDDEN)),
        teller.question(question),
        *(update for _, update in replayed(said).updates),
    ]
    found = list(leaves(told))
    assert sum(text.count(SHOWN) for text in found) == 17
    assert not any(character in text for text in found for character in "\x1b\u202e\u200b\u2028")


def test_a_call_that_was_never_answered_stays_pending() -> None:
    entries = [Entry(1, 1, "call", {"id": "1.1", "title": "Run it", "kind": "execute"})]
    ((_, update),) = replayed(entries).updates
    assert (update["sessionUpdate"], update["status"]) == ("tool_call", "pending")


def test_what_is_told_again_has_its_turn_and_the_latest_usage() -> None:
    def ended(number: int, turn: int, usage: dict[str, int] | None) -> Entry:
        return Entry(number, turn, "ended", {"reason": "end_turn", "files": [], "usage": usage})

    entries = [
        Entry(1, 1, "user", {"text": "one"}),
        Entry(2, 1, "ended", {"reason": "end_turn", "files": []}),  # of an older Fimble
        Entry(3, 2, "user", {"text": "two"}),
    ]
    assert [turn for turn, _ in replayed(entries).updates] == [1, 2, 2]
    assert replayed(entries).usage is None
    used = [{"used": 7, "size": 9}, {"used": 8, "size": 9}]
    entries += [ended(4, 2, used[0]), ended(5, 3, used[1]), ended(6, 4, None)]
    assert replayed(entries).usage == used[1]


def test_a_turn_that_did_not_end_by_itself_says_so() -> None:
    def user(number: int, turn: int) -> Entry:
        return Entry(number, turn, "user", {"text": "do"})

    def ended(number: int, turn: int, reason: str) -> Entry:
        return Entry(number, turn, "ended", {"reason": reason, "files": ["a.py"]})

    entries = [
        *(user(1, 1), ended(2, 1, "end_turn")),
        user(3, 2),  # of a server that was killed
        *(user(4, 3), ended(5, 3, "cancelled")),
        *(user(6, 4), ended(7, 4, LEFT)),
        user(8, 5),
    ]
    ends = [each for each in replayed(entries).updates if "stopReason" in each[1]]
    found = [(turn, end["stopReason"], end["files"], end.get("problem")) for turn, end in ends]
    assert found == [
        (2, "interrupted", [], INTERRUPTED),
        (3, "cancelled", ["a.py"], None),
        (4, "interrupted", ["a.py"], INTERRUPTED),
        (5, "interrupted", [], INTERRUPTED),
    ]
    *before, (turn, end) = replayed(entries, runs="elsewhere").updates
    assert before == replayed(entries).updates[:-1] == replayed(entries, runs="here").updates
    assert (turn, end["stopReason"], end["problem"]) == (5, "running", RUNS)


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ({"outcome": {"outcome": "selected", "optionId": "allow_once"}}, "allow_once"),
        ({"outcome": {"outcome": "selected", "optionId": "allow_always"}}, "reject_once"),
        ({"outcome": {"outcome": "cancelled"}}, "reject_once"),
        ({"outcome": "allow_once"}, "reject_once"),
        ("allow_once", "reject_once"),
        (None, "reject_once"),
    ],
)
def test_only_what_was_offered_is_chosen(answer: object, choice: str) -> None:
    assert chosen(answer, Question("1", "Write?", "")) == choice


def test_a_prompt_is_put_together() -> None:
    text = SimpleNamespace(type="text", text="mend")
    link = SimpleNamespace(type="resource_link", uri="file:///project/src/a%20b.py")
    inner = SimpleNamespace(uri="file:///elsewhere/c.md", text="```\ncode\n```")
    embedded = SimpleNamespace(type="resource", resource=inner)
    image = SimpleNamespace(type="image", data="AA==")
    assert shapes.said([text, link, embedded, image], ROOT) == (
        'mend\n@"src/a b.py"\n````/elsewhere/c.md\n```\ncode\n```\n````'
    )


@pytest.mark.parametrize("begun", ["see @a.py", "see @a.py\n```\nx = 1"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.py", "@property\n@secret.py\n"),
        ("@types/c.py", "x"),
        ("c.py", "```\n@secret.py\n````\n@secret.py"),
        ("c.py%0A@secret.py%60%60%60", "```\n@secret.py"),
    ],
)
def test_only_the_users_words_point_at_something(begun: str, name: str, text: str) -> None:
    own = SimpleNamespace(type="text", text=begun)
    inner = SimpleNamespace(uri=f"file:///project/{name}", text=text)
    embedded = SimpleNamespace(type="resource", resource=inner)
    link = SimpleNamespace(type="resource_link", uri="file:///project/docs/my%20file.md")
    prompt = shapes.said([own, embedded, link], ROOT)
    assert mentions(prompt) == [Mention("a.py"), Mention("docs/my file.md")]
    assert text in prompt


@pytest.mark.parametrize(
    "uri", ["file:///project/a%22%20@b.py", "file:///project/a%0A@b.py", "https://x.org/@b.py"]
)
def test_a_link_that_cant_be_pointed_at_is_quoted(uri: str) -> None:
    prompt = shapes.said([SimpleNamespace(type="resource_link", uri=uri)], ROOT)
    assert mentions(prompt) == []
    assert "@b.py" in prompt


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/undo", Command("undo", "")),
        (" /mode  plan ", Command("mode", "plan")),
        ("/undoing is hard", None),
        ("say /undo", None),
    ],
)
def test_commands_are_told_from_messages(text: str, said: Command | None) -> None:
    assert command(text) == said
