"""Token healing: what is taken off a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.engines.local.healing import HEALED_TOKENS, unsettled


@pytest.mark.parametrize(
    ("settled", "taken"),
    [
        ("", ""),
        ("x =| foo", " foo"),
        ("|foo", "foo"),
        ("    return| ret", " ret"),
        ("\n|foo", "foo"),
        ("call|(|self", "(self"),
        ("a ==|foo", "foo"),
        ("x.|foo|_|bar", "foo_bar"),
        ("def|(|foo|_|bar", "(foo_bar"),
        ("x|=1", "=1"),
        (" a| +", " +"),
        (" return| ", " "),
        ("if x|:\n", ":\n"),
        (" a| b|_c|_d|_e|_f", "_c_d_e_f"),
        ("naïve| ca|fé", " café"),
    ],
)
def test_the_last_word_is_taken_back(settled: str, taken: str) -> None:
    pieces = [piece.encode() for piece in settled.split("|") if piece]
    text = settled.replace("|", "")
    count = unsettled(text, pieces)
    assert b"".join(pieces[len(pieces) - count :]).decode() == taken


def test_half_a_character_is_taken_back() -> None:
    pieces = [b" '", b"\xf0\x9f", b"\x99\x82"]
    assert unsettled(" '🙂", pieces) == 1


def test_lone_surrogates_are_text() -> None:
    assert unsettled("\ud800a", [b"?", b"a"]) == 2


@given(st.text(max_size=20), st.integers(1, 5))
def test_no_more_than_so_many_tokens_and_at_least_one(text: str, size: int) -> None:
    data = text.encode(errors="replace")
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert min(1, len(pieces)) <= unsettled(text, pieces) <= min(HEALED_TOKENS, len(pieces))
