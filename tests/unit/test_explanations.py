"""An explanation as a client's chat is told of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lsp_server.edge import explanations
from lsp_server.edge.explanations import PAUSE_SECONDS, Explanation
from lsp_server.errors import UsageError


class Client:
    """Keeps what it is told; its clock stands still unless it is moved."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.now = 0.0

    def notify(self, method: str, params: dict[str, Any]) -> None:
        assert method == "fimble/explanation"
        self.told.append(params)

    def shown(self) -> Explanation:
        return Explanation(self.notify, "Explain \x1b[2J`a`\n", lambda: self.now)


def test_it_is_told_now_and_then_and_at_the_end() -> None:
    client = Client()
    with client.shown() as shown:
        for _ in range(5):
            client.now += 0.6 * PAUSE_SECONDS
            shown.more(" \n" + "word " * len(client.told) + "\u202e\n")
    words = ["", *("word " * number + "\\u202e" for number in (1, 2, 3))]
    assert [each["text"] for each in client.told] == words
    assert [each["done"] for each in client.told] == [False, False, False, True]
    assert {each["title"] for each in client.told} == {"Explain \\x1b[2J`a`\\x0a"}
    assert {each["id"] for each in client.told} != {client.shown()._id}
    assert not any("problem" in each for each in client.told)


def test_what_is_not_told_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def look(text: str, **_: object) -> str:
        looked.append(text)
        return text

    monkeypatch.setattr(explanations, "visible", look)
    client = Client()
    with client.shown() as shown:
        for length in range(1000):
            shown.more("größer " * length)
    assert len(looked) == 1 + len(client.told)  # the title, too


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (UsageError("Select less."), "Select less."),
        (ValueError("the user's code"), "Fimble failed on this; that is a bug, and its log says"),
        (asyncio.CancelledError(), ""),
    ],
)
def test_however_it_ends_the_client_is_told(error: BaseException, problem: str) -> None:
    client = Client()
    with pytest.raises(type(error)), client.shown() as shown:
        shown.more("half")
        raise error
    last = client.told[-1]
    assert (last["text"], last["done"]) == ("half", True)
    assert last.get("problem", "").startswith(problem)
    assert ("problem" in last) == bool(problem)
