"""No character that hides, reverses or steers anything reaches a screen."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

from lsp_server.agent.display import MAX_MARKS, visible

TRICKS = [
    json.loads(line)
    for line in (Path(__file__).parent / "display.jsonl").read_text("utf-8").splitlines()
]
UNCHANGED = (
    *("plain text = (1, 2) # ok", "two\nlines\tand a tab", "naïve café – “quoted” … €5", "n\u0303"),
    *(
        "日本語　全角",
        "한국어",
        "Привет, мир",
        "שלום עולם",
        "مرحبا بالعالم",
        "สวัสดีครับ",
        "नमस्ते",
        "தமிழ்",
    ),
    *("👍", "👩‍👩‍👧‍👦", "👩🏽‍💻", "❤️", "🏳️‍🌈", "1️⃣", "☎︎", "🇩🇪", "x ≤ y → ∞", "─│┌┐█░", "𝒳 𐍈"),
    *(r"a \x1b written out \u202e", "٣٤\u0600", "C:\\temp\\new"),
)

SIGNS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Of category Cf, but drawn."""


def is_harmless(character: str) -> bool:
    kind = unicodedata.category(character)
    return character in "\n\t" or kind not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@pytest.mark.parametrize(("kind", "text"), TRICKS)
def test_tricks_are_shown_as_escapes(kind: str, text: str) -> None:
    shown = visible(text)
    assert shown != text
    assert all(map(is_harmless, shown)), ascii(shown)
    assert re.search(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})", shown)
    assert visible(shown) == shown
    shown.encode()


def test_there_are_enough_of_them() -> None:
    assert len(TRICKS) >= 60


@pytest.mark.parametrize("text", UNCHANGED)
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == text


def test_every_character_alone_and_in_a_word() -> None:
    for code in range(0x110000):
        character = chr(code)
        shown = visible(f"a{character}b")
        assert character in SIGNS or all(map(is_harmless, shown)), hex(code)


def test_what_is_shown() -> None:
    assert visible("\x1b[2J") == r"\x1b[2J"
    assert visible("a\u202eb\U000e0041") == r"a\u202eb\U000e0041"
    assert visible("a\r\nb\tc") == "a\\x0d\nb\tc"
    assert visible("a\r\nb\tc", keep="") == r"a\x0d\x0ab\x09c"
    assert visible("a\u200db") == r"a\u200db"
    assert visible("👍\u200d👍\u200d") == "👍\u200d👍\\u200d"
    marks = "\u0301" * (MAX_MARKS + 1)
    assert visible(f"a{marks}") == f"a{marks[1:]}\\u0301"
