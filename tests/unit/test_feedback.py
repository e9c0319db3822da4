"""What becomes of suggestions: told by a client, or guessed, and judged later."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lsp_server.completion import feedback
from lsp_server.completion.feedback import MAX_OPEN, SETTLED_SECONDS, Feedback
from lsp_server.completion.outcomes import Outcomes
from lsp_server.completion.stats import Stats
from lsp_server.completion.tally import FATES
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Text

URI = "file:///a.py"
ABOVE = "import os\n\n\ndef f(path):\n    x = "
BELOW = "\n\n\ndef g():\n    return 2\n"
CALL = "os.listdir(path)"


class Scene:
    """A document with a cursor, a clock that the test moves, and what was counted."""

    def __init__(self, tmp_path: Path) -> None:
        self.now = 100.0
        self.texts: dict[str, str] = {}
        self.stats = Stats()
        self.feedback = Feedback(self.stats, self._text_of, clock=lambda: self.now)
        self.outcomes = Outcomes(tmp_path / "outcomes.sqlite")
        self.feedback.outcomes = self.outcomes
        self.feedback.repository = "here"

    def _text_of(self, uri: str) -> Text | None:
        return Text.of(self.texts[uri]) if uri in self.texts else None

    def offer(self, text: str, typed: str = "", uri: str = URI, *, answer: bool = True) -> str:
        before = Text.of(ABOVE + typed)
        snapshot = Snapshot(uri, 1, "python", Text.of(ABOVE + typed + BELOW))
        identity = self.feedback.offer(snapshot, before.end, before.end, text, score=0.5)
        if answer:
            self.feedback.answered(identity)
        return identity

    async def later(self, text: str | None = None, uri: str = URI) -> None:
        """The document has that text at the cursor when the time has come to judge."""
        if text is not None:
            self.texts[uri] = ABOVE + text + BELOW
        self.now += SETTLED_SECONDS
        await self.feedback.settle()

    def counted(self) -> dict[str, int]:
        figures = self.stats.figures()
        assert all(figures["languages"]["python"][name] == figures[name] for name in FATES)
        return {name: figures[name] for name in FATES if figures[name]}

    async def verdicts(self) -> list[str]:
        """Those on disk."""
        await self.outcomes.save()
        return [each.verdict for each in await self.outcomes.latest("here")]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_accepted_and_kept(scene: Scene) -> None:
    identity = scene.offer(CALL)
    assert scene.counted() == {"shown": 1}
    scene.feedback.accepted(identity)
    taken = {"shown": 1, "accepted": 1, "acceptedCharacters": len(CALL)}
    assert scene.counted() == taken
    scene.now += SETTLED_SECONDS - 1
    await scene.feedback.settle()
    assert scene.counted() == taken
    await scene.later(CALL)
    assert scene.counted() == taken | {"judged": 1, "kept": 1}
    [outcome] = await scene.outcomes.latest("here")
    assert (outcome.language, outcome.score, outcome.lines) == ("python", 0.5, 1)
    assert outcome.verdict == "kept"


async def test_accepted_and_changed(scene: Scene) -> None:
    scene.feedback.accepted(scene.offer(CALL))
    await scene.later("None")
    assert scene.counted()["judged"] == 1
    assert "kept" not in scene.counted()
    assert await scene.verdicts() == ["accepted"]


@pytest.mark.parametrize("closed", ["at once", "never open"])
async def test_what_can_not_be_seen_is_not_judged(scene: Scene, closed: str) -> None:
    scene.feedback.accepted(scene.offer(CALL))
    if closed == "at once":
        scene.texts[URI] = ABOVE + CALL + BELOW
        scene.feedback.closed(URI)
    await scene.later()
    assert "judged" not in scene.counted()
    assert await scene.verdicts() == ["accepted"]


async def test_a_guess_counts_until_the_client_tells(scene: Scene) -> None:
    identity = scene.offer(CALL)
    scene.feedback.guess(URI, "rejected", 1)
    assert scene.counted() == {"shown": 1, "rejected": 1}
    scene.feedback.accepted(identity)
    scene.feedback.guess(URI, "rejected", 1)
    assert scene.counted() == {"shown": 1, "accepted": 1, "acceptedCharacters": len(CALL)}
    identity = scene.offer(" + 1", typed=CALL)
    scene.feedback.guess(URI, "accepted", 4)  # this client tells what it accepts
    assert "rejected" not in scene.counted()
    assert scene.counted()["accepted"] == 1
    scene.feedback.rejected(identity)
    assert scene.counted()["rejected"] == 1


async def test_the_command_comes_after_the_next_request(scene: Scene) -> None:
    first = scene.offer(CALL)
    scene.feedback.guess(URI, "accepted", len(CALL))
    scene.offer("\n    return x", typed=CALL)
    scene.feedback.accepted(first)
    expected = {"shown": 2, "accepted": 1, "acceptedCharacters": len(CALL)}
    assert scene.counted() == expected


async def test_typing_along_is_one_suggestion(scene: Scene) -> None:
    for count in range(3):
        identity = scene.offer(CALL[count:], CALL[:count])
    assert scene.counted() == {"shown": 1}
    scene.feedback.accepted(identity)
    accepted = {"shown": 1, "accepted": 1, "acceptedCharacters": len(CALL) - 2}
    assert scene.counted() == accepted
    scene.offer("another", typed=CALL)
    await scene.later(CALL)
    assert scene.counted()["kept"] == 1
    assert await scene.verdicts() == ["kept"]


async def test_a_word_then_a_line_then_the_rest(scene: Scene) -> None:
    text = "len(x)\n    return x"
    first = scene.offer(text)
    scene.feedback.partly_accepted(first, 3)
    assert scene.counted() == {"shown": 1, "partlyAccepted": 1, "acceptedCharacters": 3}
    scene.feedback.partly_accepted(first, 6)
    rest = scene.offer(text[6:], typed=text[:6])
    scene.feedback.rejected(rest)
    assert scene.counted() == {"shown": 1, "partlyAccepted": 1, "acceptedCharacters": 6}
    scene.feedback.accepted(rest)
    expected = {"shown": 1, "accepted": 1, "acceptedCharacters": len(text)}
    assert scene.counted() == expected
    await scene.later(text)
    assert scene.counted() == expected | {"judged": 1, "kept": 1}


async def test_only_the_part_that_was_taken_is_judged(scene: Scene) -> None:
    scene.feedback.partly_accepted(scene.offer(CALL), 2)
    await scene.later("os.getcwd()")
    assert scene.counted()["kept"] == 1


async def test_lengths_are_in_utf16_units(scene: Scene) -> None:
    scene.feedback.partly_accepted(scene.offer("'😀😀' + b"), 3)
    assert scene.counted()["acceptedCharacters"] == 2


async def test_what_is_left_after_it_was_judged_is_another(scene: Scene) -> None:
    scene.feedback.partly_accepted(scene.offer(CALL), 2)
    await scene.later("os")
    scene.feedback.accepted(scene.offer(CALL[2:], typed=CALL[:2]))
    counted = scene.counted()
    assert (counted["shown"], counted["accepted"], counted["partlyAccepted"]) == (2, 1, 1)


async def test_a_document_that_is_closed_while_it_is_judged(scene: Scene) -> None:
    scene.feedback.accepted(scene.offer(CALL))
    settling = asyncio.create_task(scene.later(CALL))
    await asyncio.sleep(0)
    scene.feedback.closed(URI)
    await settling
    assert await scene.verdicts() == ["accepted"]


async def test_what_was_guessed_of_a_part(scene: Scene) -> None:
    scene.offer(CALL)
    scene.feedback.guess(URI, "partlyAccepted", 2)
    scene.offer(CALL[2:], typed=CALL[:2])
    scene.feedback.guess(URI, "rejected", 1)
    assert scene.counted() == {"shown": 1, "partlyAccepted": 1, "acceptedCharacters": 2}


async def test_a_client_that_tells_what_it_shows(scene: Scene) -> None:
    first = scene.offer(CALL)
    scene.feedback.shown(first)
    unseen = scene.offer("None", uri="file:///b.py")
    assert scene.counted() == {"shown": 1}
    scene.feedback.guess("file:///b.py", "rejected", 1)
    assert scene.counted() == {"shown": 1}
    scene.feedback.accepted(unseen)
    assert scene.counted() == {"shown": 2, "accepted": 1, "acceptedCharacters": 4}


async def test_what_is_not_sent_teaches_nothing(scene: Scene) -> None:
    scene.offer(CALL, answer=False)
    scene.offer("None", answer=False)
    await scene.feedback.close()
    assert scene.stats.figures()["languages"] == {}
    assert await scene.verdicts() == []


async def test_what_gives_way_is_ignored(scene: Scene) -> None:
    scene.offer(CALL)
    await scene.later()
    assert await scene.verdicts() == [], "it may still be there"
    scene.offer("None")
    scene.feedback.rejected(scene.offer("0", uri="file:///b.py"))
    await scene.later()
    assert await scene.verdicts() == ["ignored", "rejected"]
    await scene.feedback.close()
    assert await scene.verdicts() == ["ignored", "rejected", "ignored"]


async def test_unknown_ids_and_late_words_change_nothing(scene: Scene) -> None:
    identity = scene.offer(CALL)
    scene.feedback.closed(URI)
    for tell in (scene.feedback.accepted, scene.feedback.rejected, scene.feedback.shown):
        tell(identity)
        tell("another")
    scene.feedback.partly_accepted(identity, 3)
    scene.feedback.partly_accepted("another", 3)
    assert scene.counted() == {"shown": 1}


async def test_without_a_score_nothing_is_learned(scene: Scene) -> None:
    snapshot = Snapshot(URI, 1, "python", Text.of("x"))
    end = snapshot.text.end
    identity = scene.feedback.offer(snapshot, end, end, " = 1", score=None)
    scene.feedback.accepted(identity)
    await scene.later()
    assert scene.counted()["accepted"] == 1
    assert await scene.verdicts() == []


async def test_what_is_open_is_bounded(scene: Scene) -> None:
    identities = [scene.offer(str(number)) for number in range(MAX_OPEN + 5)]
    assert len(await scene.verdicts()) == 5
    scene.feedback.accepted(identities[0])
    assert "accepted" not in scene.counted()
    scene.feedback.accepted(identities[-1])
    assert scene.counted()["accepted"] == 1


async def test_it_is_settled_in_the_background(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "SETTLED_SECONDS", 0.0)
    saved = asyncio.Queue[int]()

    class Saving(Outcomes):
        async def save(self) -> None:
            await super().save()
            saved.put_nowait(1)

    scene.feedback.outcomes = Saving(tmp_path / "outcomes.sqlite")
    scene.texts[URI] = ABOVE + CALL + BELOW
    keeping = asyncio.create_task(scene.feedback.keep())
    for _ in range(2):
        scene.feedback.accepted(scene.offer(CALL))
        await saved.get()
    keeping.cancel()
    assert await scene.verdicts() == ["kept", "kept"]
