"""`fimble key`: keys go into the keyring, and are never shown."""

from __future__ import annotations

import getpass
import io
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lsp_server.cli import main
from tests.keyrings import LOCKED, TURNED_OFF, InMemory, used

KEY = "s3cret-key"


@pytest.fixture
def entries() -> Iterator[InMemory]:
    backend = InMemory()
    with used(backend):
        yield backend


def piped(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_key_is_read_from_standard_input_and_deleted(
    entries: InMemory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(f"  {KEY}\n", monkeypatch)
    assert main(["key", "set", "office"]) == 0
    assert entries.entries == {("fimble", "office"): KEY}
    assert main(["key", "delete", "office"]) == 0
    assert entries.entries == {}
    assert main(["key", "delete", "office"]) == 4
    told = capsys.readouterr()
    assert "Settings refer to it by keyring:office." in told.out
    assert "no entry office of Fimble" in told.err
    assert KEY not in told.out + told.err


def test_a_person_types_it_unseen(
    entries: InMemory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return KEY

    terminal = io.StringIO("not this")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(getpass, "getpass", typed)
    assert main(["key", "set", "office"]) == 0
    assert entries.entries == {("fimble", "office"): KEY}
    assert asked == ["Key: "]
    assert KEY not in "".join(capsys.readouterr())


@pytest.mark.parametrize("text", ["", " \n", f"{KEY}\nmore", "clé", "a\0b", "k" * 20_000])
def test_what_is_no_key(
    text: str,
    entries: InMemory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    piped(text, monkeypatch)
    assert main(["key", "set", "office"]) == 2
    assert entries.entries == {}
    assert capsys.readouterr().err == (
        "fimble: That is no key: it must be one line of printable ASCII.\n"
    )


@pytest.mark.parametrize("name", ["a b", "", "-", "é", f"{KEY}/{KEY}", "k" * 61])
@pytest.mark.parametrize("action", ["set", "delete"])
def test_what_is_no_name(
    action: str, name: str, entries: InMemory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", action, name]) == 2
    told = capsys.readouterr().err
    assert told.startswith("fimble: A key's name has up to 60 letters")
    assert KEY not in told


def test_a_keyring_that_does_not_take_it(
    entries: InMemory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entries.failure = LOCKED
    piped(KEY, monkeypatch)
    assert main(["key", "set", "office"]) == 4
    assert "The keyring is locked; unlock it and try again." in capsys.readouterr().err
    with used(TURNED_OFF):
        piped(KEY, monkeypatch)
        assert main(["key", "set", "office"]) == 4
    assert "The keyring did not keep the key" in capsys.readouterr().err


def test_a_system_without_a_keyring() -> None:
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    ended = subprocess.run(
        [sys.executable, "-m", "lsp_server", "key", "set", "office"],
        input=KEY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 4
    assert ended.stderr.startswith("fimble: There is no keyring on this system")
    assert KEY not in ended.stdout + ended.stderr
