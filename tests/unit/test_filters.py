"""What is taken out of suggestions: golden cases of each language, and what holds of all texts."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.completion import filters
from lsp_server.completion.window import Window

GOLDEN = Path(__file__).parent / "golden" / "filters"
CURSOR = "▮"
LANGUAGES = sorted(path.stem for path in GOLDEN.glob("*.toml"))


@dataclass(frozen=True)
class Golden:
    """A case of a golden file."""

    grammar: str | None
    window: Window
    text: str
    expected: str


def cases() -> list[object]:
    found: list[object] = []
    for language in LANGUAGES:
        for entry in tomllib.loads((GOLDEN / f"{language}.toml").read_text("utf-8"))["case"]:
            before, after = entry["document"].split(CURSOR)
            case = Golden(
                None if language == "markdown" else language,
                Window(before, after),
                entry["text"],
                entry.get("expected", entry["text"]),
            )
            found.append(pytest.param(case, id=f"{language}: {entry['name']}"))
    return found


@pytest.mark.parametrize("case", cases())
def test_golden(case: Golden) -> None:
    assert filters.apply(case.text, case.window, case.grammar) == case.expected
    assert filters.apply(case.expected, case.window, case.grammar) == case.expected


LINES = st.sampled_from(
    [
        "x = 1",
        "    x = 1",
        "\tx = 1  ",
        "        return x",
        "  }",
        "}",
        "{",
        "if x:",
        "else:",
        "pass",
        "# A comment.",
        "// A comment",
        "/* a",
        "*/",
        '"""',
        "`",
        "```python",
        "```",
        "Here is the code:",
        "This code returns x.",
        "item 1",
        "item 2",
        "key = AKIAIOSFODNN7ABCDEFG",
        "",
        "   ",
        "\r",
    ]
)
CODE = st.lists(LINES, max_size=12).map("\n".join)
TEXT = st.one_of(CODE, st.text(max_size=60))
GRAMMARS = st.sampled_from([None, "python", "javascript", "rust", "c"])


@settings(max_examples=300, deadline=None)
@given(TEXT, TEXT, TEXT, GRAMMARS)
def test_it_only_takes_away_and_twice_is_once(
    before: str, text: str, after: str, grammar: str | None
) -> None:
    window = Window(before, after)
    once = filters.apply(text, window, grammar)
    assert filters.apply(once, window, grammar) == once
    rest = [line.strip() for line in text.split("\n")]
    for line in once.split("\n"):
        kept = line.strip()
        at = next((n for n, each in enumerate(rest) if each.endswith(kept)), None)
        assert at is not None, f"{kept!r} is not of the text"
        del rest[: at + 1]


def test_what_finds_secrets_is_imported_when_it_is_needed() -> None:
    code = "import sys, lsp_server.completion.suggest; print('detect_secrets' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
