"""`fimble explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lsp_server.cli import main

CODE = "import re\n\n\ndef half(n):\n    return n // 2\n"
SAID = "It halves `n`.\n\nRounded\x1b[2J down."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "half.py").write_text(CODE)
    script = [{"chat": SAID, "when": "def half(n):\n    return n // 2\n```"}]
    (tmp_path / "script.json").write_text(json.dumps(script))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_a_function_does_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "half.py:5", "--script", "script.json"]) == 0
    assert capsys.readouterr().out == "It halves `n`.\n\nRounded\\x1b[2J down.\n"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("half.py:9", "Line 9 is out of range: the file has lines 1 to 6."),
        ("none.py:1", "There is no file none.py; correct its name."),
        ("half.py", "Give a place as FILE:LINE or FILE:LINE:COL, not 'half.py'."),
        ("data.bin:1", "data.bin is a binary file; name one with text."),
        ("empty.py:1", "There is no code here to explain; select some, or go to a function."),
    ],
)
def test_what_can_not_be_explained(
    capsys: pytest.CaptureFixture[str], folder: Path, place: str, sentence: str
) -> None:
    (folder / "data.bin").write_bytes(b"\0\1")
    (folder / "empty.py").write_text("\n")
    assert main(["explain", place, "--script", "script.json"]) == 2
    assert capsys.readouterr().err == f"fimble: {sentence}\n"
