"""Stored sessions."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_server.agent import history
from lsp_server.agent.store import MAX_TITLE, Store
from lsp_server.engines.chat import Message, NativeCall
from lsp_server.errors import StoreError, UsageError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data" / "sessions.sqlite")


def test_what_happens_is_there_again(store: Store, tmp_path: Path) -> None:
    session = store.create(tmp_path, "ask")
    store.append(session.id, 1, "user", {"text": "é \ud83d 😀"})
    store.append(session.id, 1, "ended", {"reason": "end_turn", "files": ["a.py"]})
    store.close()
    entries = store.entries(session.id)
    assert [(e.number, e.turn, e.kind) for e in entries] == [(1, 1, "user"), (2, 1, "ended")]
    assert entries[0].body["text"] == "é ? 😀"
    assert entries[1].body["files"] == ["a.py"]


def test_sessions_are_listed_named_and_deleted(store: Store, tmp_path: Path) -> None:
    first, second = store.create(tmp_path / "a", "ask"), store.create(tmp_path / "b", "plan")
    store.name(first.id, "word \n" * 60)
    store.append(first.id, 1, "user", {"text": "x"})
    assert [each.id for each in store.sessions()] == [first.id, second.id]
    assert [each.id for each in store.sessions(tmp_path / "b")] == [second.id]
    assert len(store.get(first.id).title) == MAX_TITLE
    store.set_mode(second.id, "all")
    assert store.get(second.id).mode == "all"
    store.delete(first.id)
    assert store.entries(first.id) == []
    with pytest.raises(UsageError, match="no session"):
        store.get(first.id)


def test_a_fork_has_the_turns_up_to_one_and_goes_its_own_way(store: Store, tmp_path: Path) -> None:
    session = store.create(tmp_path, "edit")
    for turn in (1, 2, 3):
        store.append(session.id, turn, "user", {"text": str(turn)})
    copy = store.fork(session.id, 2)
    store.append(copy.id, 3, "user", {"text": "other"})
    assert [e.body["text"] for e in store.entries(copy.id)] == ["1", "2", "other"]
    assert [e.body["text"] for e in store.entries(session.id)] == ["1", "2", "3"]
    assert (copy.parent, copy.mode) == (session.id, "edit")
    assert len(store.entries(store.fork(session.id).id)) == 3
    exported = store.export(copy.id)
    assert exported["parent"] == session.id
    assert exported["entries"][2]["body"] == {"text": "other"}


def test_it_is_for_its_user_alone(store: Store, tmp_path: Path) -> None:
    store.create(tmp_path, "ask")
    assert stat.S_IMODE((tmp_path / "data" / "sessions.sqlite").stat().st_mode) == 0o600


def test_a_file_that_is_none_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "sessions.sqlite"
    file.write_bytes(b"not a database, and long enough to be looked at" * 40)
    with pytest.raises(StoreError, match="can't be used"):
        Store(file).sessions()
    assert file.read_bytes().startswith(b"not a database")


def test_a_newer_file_is_left_alone(store: Store, tmp_path: Path) -> None:
    store.create(tmp_path, "ask")
    store.close()
    connection = sqlite3.connect(tmp_path / "data" / "sessions.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        store.sessions()


def test_a_title_of_undecodable_bytes_is_one_all_the_same(store: Store, tmp_path: Path) -> None:
    session = store.create(tmp_path, "ask")
    store.name(session.id, "caf\udce9")
    assert store.get(session.id).title == "caf?"


def test_a_session_that_was_deleted_is_said_so(store: Store, tmp_path: Path) -> None:
    session = store.create(tmp_path, "ask")
    store.delete(session.id)
    with pytest.raises(StoreError, match="deleted meanwhile"):
        store.append(session.id, 1, "user", {"text": "x"})


def test_kill_loses_nothing_that_was_appended(tmp_path: Path) -> None:
    file = tmp_path / "sessions.sqlite"
    script = (
        "import sys\nfrom pathlib import Path\nfrom lsp_server.agent.store import Store\n"
        "store = Store(Path(sys.argv[1]))\nsession = store.create(Path('/w'), 'ask')\n"
        "for number in range(10_000):\n"
        "    store.append(session.id, number, 'user', {'text': 'x' * 500})\n"
        "    print(number, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = 0
    for line in process.stdout:
        told = int(line)
        if told == 50:
            os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = Store(file)
    entries = store.entries(store.sessions()[0].id)
    assert told + 1 <= len(entries) <= told + 2
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))


def test_entries_are_messages_again_and_what_was_under_way_is_named(store: Store) -> None:
    session = store.create(Path("/w"), "ask")
    call = NativeCall("read", '{"path": "a.py"}', "c1")
    said = Message("assistant", "I look.", (call,))
    told = Message("tool", "text", call=call)
    store.append(session.id, 1, "user", {"text": "do"})
    store.append(session.id, 1, "assistant", history.body(said))
    store.append(session.id, 1, "call", {"id": "1.1", "title": "Read a.py"})
    past = history.read(store.entries(session.id))
    assert past.interrupted == "Read a.py"
    store.append(session.id, 1, "called", {"id": "1.1", "failed": False})
    store.append(session.id, 1, "tool", history.body(told) | {"subject": "read a.py"})
    past = history.read(store.entries(session.id))
    assert past.interrupted == "the answer"
    store.append(session.id, 1, "ended", {"reason": "end_turn", "files": []})
    past = history.read(store.entries(session.id))
    assert (past.interrupted, past.asked) == ("", "do")
    store.append(session.id, 2, "user", {"text": "do more"})
    store.append(session.id, 2, "ended", {"reason": history.LEFT, "files": []})
    left = history.read(store.entries(session.id))
    assert (left.interrupted, left.asked) == ("the answer", "do more")
    assert [item.message for item in past.items] == [Message("user", "do"), said, told]
    assert [item.subject for item in past.items] == ["", "", "read a.py"]
    assert past.last_turn == 1
