"""Answers of all forms, as they are and changed in the ways of small models, cut and surrounded."""

from __future__ import annotations

import pytest

from lsp_server.agent.calls.schema import Call, Piece, Prose, Rejected
from tests.unit.agent.corpus import Answer, Score, answers, read, surrounded, variants

BASE = answers()
CHANGED = variants(BASE)
SURROUNDED = surrounded(BASE)


@pytest.mark.parametrize("answer", BASE, ids=lambda answer: f"{answer.form}: {answer.title}")
def test_every_answer_is_read_as_it_is_meant(answer: Answer) -> None:
    pieces = read(answer.text)
    assert [_bare(piece) for piece in pieces] == [_bare(piece) for piece in answer.pieces]
    for piece, meant in zip(pieces, answer.pieces, strict=True):
        if isinstance(piece, Rejected) and isinstance(meant, Rejected):
            assert piece.problem.startswith(meant.problem)
            assert piece.text in answer.text


@pytest.mark.parametrize("answer", BASE, ids=lambda answer: f"{answer.form}: {answer.title}")
def test_where_an_answer_is_cut_makes_no_difference(answer: Answer) -> None:
    whole = read(answer.text)
    for cut in range(1, len(answer.text)):
        assert read(answer.text, cut) == whole, answer.text[:cut]
    assert read(answer.text, *range(1, len(answer.text))) == whole


def test_what_small_models_do_to_the_forms_is_read() -> None:
    score = Score()
    for answer in (*BASE, *CHANGED, *SURROUNDED):
        score.add(answer, read(answer.text))
    assert score.answers >= 400
    assert score.shown == 0
    assert score.emptied == 0
    assert score.invented == 0
    assert score.recovered >= 0.97 * score.intended


def _bare(piece: Piece) -> object:
    """A piece without what need not be the same: the repairs, and the words of a problem."""
    match piece:
        case Call(name, arguments):
            return name, arguments
        case Rejected():
            return Rejected
        case Prose(text):
            return "prose", text
        case _:
            return piece
