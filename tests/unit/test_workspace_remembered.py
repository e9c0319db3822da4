"""What an index remembers of its answers, and when it must not."""

import sqlite3
from pathlib import Path

from lsp_server.workspace.extract import Entry, extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.remembered import MAX_ANSWERS, Remembered
from lsp_server.workspace.walk import Found


def entry(path: str, text: str) -> Entry:
    data = text.encode()
    return extract(Found(path, 1, len(data)), data)


def names(index: Index, path: str) -> list[str]:
    return [symbol.name for symbol in index.in_module(path)]


def test_a_change_by_another_process_is_seen_at_once(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    asking, writing = Index(tmp_path, file), Index(tmp_path, file)
    writing.update([entry("a.py", "import b\ndef first(): ...\n")])
    for _ in range(2):
        assert names(asking, "a.py") == ["first"]
        assert len(asking.imports("a.py")) == 1
        assert asking.find_module("b", "a.py", "python") == []
    writing.update([entry("a.py", "def second(): ...\n"), entry("b.py", "")])
    assert names(asking, "a.py") == ["second"]
    assert asking.imports("a.py") == []
    assert asking.find_module("b", "a.py", "python") == ["b.py"]
    asking.remove(["b.py"])
    assert asking.find_module("b", "a.py", "python") == []
    asking.close()
    writing.close()


def test_an_answer_that_is_changed_by_who_asked_is_still_right(tmp_path: Path) -> None:
    index = Index(tmp_path, tmp_path / "index.sqlite")
    index.update([entry("a.py", "def first(): ...\n")])
    index.in_module("a.py").clear()
    assert names(index, "a.py") == ["first"]
    index.close()


def test_nothing_is_asked_twice_and_the_oldest_is_forgotten() -> None:
    connection = sqlite3.connect(":memory:")
    remembered = Remembered()
    asked: list[int] = []

    def get(key: int) -> int:
        def work() -> int:
            asked.append(key)
            return key * 2

        return remembered.get(connection, key, work)

    assert [get(1), get(1)] == [2, 2]
    assert asked == [1]
    for key in range(2, MAX_ANSWERS + 2):
        get(key)
    asked.clear()
    assert get(MAX_ANSWERS + 1) == 2 * (MAX_ANSWERS + 1)
    assert get(1) == 2
    assert asked == [1]
    connection.close()
