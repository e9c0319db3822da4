"""`fimble explain`."""

from __future__ import annotations

import io
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


def test_prompts_of_the_users_own_count(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIMBLE_CONFIG", str(folder / "mine"))
    (folder / "mine" / "prompts").mkdir(parents=True)
    (folder / "mine" / "prompts" / "explain.md.j2").write_text("```\n{{ source }}\n```")
    (folder / "mine" / "prompts" / "odd.md.j2").write_text("")
    assert main(["explain", "half.py:5", "--script", "script.json"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("It halves")
    assert printed.err.startswith(
        "fimble: mine/prompts/odd.md.j2 doesn't count: there is no prompt"
    )


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


TRACE = """\
Traceback (most recent call last):
  File "half.py", line 5, in half
    return n // 2
TypeError: unsupported operand type(s) for //: 'str' and 'int'
"""


def explained(monkeypatch: pytest.MonkeyPatch, printed: bytes, *arguments: str) -> int:
    """With this on standard input, and a model that knows the error if it is told of the code."""
    script = [{"chat": "It can't be halved.", "when": "def half(n):\n    return n // 2\n```"}]
    script += [{"chat": "Who knows.", "when": ""}]
    Path("script.json").write_text(json.dumps(script))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(printed)))
    return main(["explain", *arguments, "--script", "script.json"])


def test_an_error_is_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (["--error"], ["--error", "-"], ["--error", "trace.txt"]):
        Path("trace.txt").write_text(TRACE)
        printed = b"" if "trace.txt" in arguments else TRACE.encode()
        assert explained(monkeypatch, printed, *arguments) == 0
        assert capsys.readouterr().out == "It can't be halved.\n"


def test_an_error_of_code_that_is_not_here_is_explained_by_its_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    other = folder.parent / f"{folder.name}-other.py"
    other.write_text(CODE)
    printed = TRACE.replace("half.py", str(other)).encode() + b"\xff"
    assert explained(monkeypatch, printed, "--error") == 0
    assert capsys.readouterr().out == "Who knows.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Give either a place, FILE:LINE, or --error with a file or `-`."),
        (
            ["half.py:1", "--error", "-"],
            "Give either a place, FILE:LINE, or --error with a file or `-`.",
        ),
        (["--error"], "There is no error to explain; give what was printed."),
        (["--error", "none.txt"], "There is no file none.txt; correct its name."),
        (["--error", "data.bin"], "This is no text, so there is nothing to explain."),
    ],
)
def test_what_is_no_error(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    Path("data.bin").write_bytes(b"\0\1")
    assert explained(monkeypatch, b"\n", *arguments) == 2
    assert capsys.readouterr().err == f"fimble: {sentence}\n"


def test_an_error_in_another_encoding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explained(monkeypatch, TRACE.encode("utf-16"), "--error", "-") == 0
    assert capsys.readouterr().out == "It can't be halved.\n"


def test_no_input_and_too_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lsp_server.cli.explain.MAX_ERROR_BYTES", 10)
    assert explained(monkeypatch, b"12345678901", "--error", "-") == 2
    assert capsys.readouterr().err.startswith("fimble: That is more than 16 MB")
    monkeypatch.setattr("sys.stdin", None)
    assert main(["explain", "--error", "-", "--script", "script.json"]) == 2
    assert capsys.readouterr().err.startswith("fimble: There is no error to explain")
