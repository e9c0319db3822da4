"""What a model is told when its window is small."""

from lsp_server.agent.conversation import Item, fitted
from lsp_server.engines.chat import Message

SYSTEM = Message("system", "Be brief.")


def words(text: str) -> int:
    return len(text.split())


def user(text: str, turn: int) -> Item:
    return Item(Message("user", text), turn, is_task=True)


def answer(text: str, turn: int) -> Item:
    return Item(Message("assistant", text), turn)


def result(text: str, turn: int, subject: str) -> Item:
    return Item(Message("tool", text), turn, subject)


def contents(items: list[Item], room: int) -> list[str]:
    told = fitted(SYSTEM, items, room, words)
    assert told.tokens <= room or not told.fits
    return [message.content for message in told.messages]


LONG = "\n".join(f"line {number} of it" for number in range(40))


def test_with_room_everything_is_told_as_it_was() -> None:
    items = [user("do it", 1), result(LONG, 1, "read a.py"), answer("done", 1)]
    assert contents(items, 1000) == ["Be brief.", "do it", LONG, "done"]


def test_what_was_read_again_goes_first() -> None:
    items = [
        user("do it", 1),
        result(LONG, 1, "read a.py"),
        result(LONG, 1, "read b.py"),
        result(LONG, 1, "read a.py"),
    ]
    told = contents(items, 400)
    assert told[2] == "[read a.py: out of date, left out]"
    assert told[3:] == [LONG, LONG]


def test_then_old_results_are_folded_and_the_last_are_not() -> None:
    items = [user("do it", 1), *(result(LONG, 1, f"read {n}.py") for n in range(4))]
    told = contents(items, 450)
    assert (
        told[2] == "line 0 of it\nline 1 of it\nline 2 of it\n[37 more lines, left out; ask again]"
    )
    assert told[-2:] == [LONG, LONG]


def test_then_old_turns_go_but_for_the_very_first_words() -> None:
    items = [
        user("the first task", 1),
        answer("word " * 50, 1),
        user("the second", 2),
        answer("word " * 50, 2),
        user("the third", 3),
    ]
    assert contents(items, 60) == ["Be brief.", "the first task\n\nthe third"]


def test_the_task_itself_is_never_left_out() -> None:
    told = fitted(SYSTEM, [user("word " * 100, 1)], 50, words)
    assert not told.fits
    assert told.messages[-1].content == "word " * 100


def test_the_beginning_stays_the_same_while_there_is_room() -> None:
    items = [user("do it", 1)]
    before = fitted(SYSTEM, items, 1000, words).messages
    items += [answer("reading", 1), result(LONG, 1, "read a.py")]
    assert fitted(SYSTEM, items, 1000, words).messages[: len(before)] == before


def test_roles_alternate_whatever_was_cancelled() -> None:
    items = [user("do it", 1), user("and now?", 2), answer("Yes.", 2), answer("More.", 2)]
    assert contents(items, 1000) == ["Be brief.", "do it\n\nand now?", "Yes.\n\nMore."]
