"""Where nothing is suggested while typing."""

from __future__ import annotations

import pytest

from lsp_server.completion.tact import is_in_prose, splits_word
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point, Text


def at_bar(text: str, language: str = "python") -> tuple[Snapshot, Point]:
    before, after = text.split("|")
    whole = Text.of(before + after)
    syntax = Syntax.parse(whole, language)
    return Snapshot("file:///x", 1, language, whole, syntax), Text.of(before).end


@pytest.mark.parametrize(
    ("text", "expected"),
    [("fo|o", True), ("foo|", False), ("foo|()", False), ("x_|_y", True), ("|é", False)],
)
def test_within_a_word(text: str, expected: bool) -> None:
    assert splits_word(*at_bar(text)) is expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('raise ValueError("the file could not be |")\n', "python"),
        ('raise ValueError("the file could not be |\n', "python"),
        ('def f():\n    """Return what was found in the |"""\n', "python"),
        ("throw new Error(`we have run out of |`)\n", "javascript"),
        ('fmt.Println("there is nothing to do |")\n', "go"),
        ('panic!("this should never be reached |");\n', "rust"),
    ],
)
def test_strings_for_people(text: str, language: str) -> None:
    assert is_in_prose(*at_bar(text, language))


@pytest.mark.parametrize(
    "text",
    [
        'open("data/|")\n',
        'query = "SELECT |"\n',
        "x = compute(the, file, could, |)\n",
        'f("one two three four five", |)\n',
        'x = f"{first} {second} {third} {|}"\n',
        'path = "usr/local/share/some/|"\n',
        "# a comment may well be completed by |\n",
    ],
)
def test_other_places(text: str) -> None:
    assert not is_in_prose(*at_bar(text))
