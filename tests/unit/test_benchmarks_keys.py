"""The script of keys: the same from the same seed, and true to the files."""

from __future__ import annotations

import random
from collections import Counter
from typing import get_args

import pytest

from benchmarks.keys import Key, Kind, Shown
from benchmarks.sources import Source, installed, stretches
from benchmarks.typist import Typist
from lsp_server.core.text import Text


def typed(sources: list[Source], seed: int, oracle: random.Random | None = None) -> list[Key]:
    """All keys of a replay. An oracle suggests what the file says, often with a wrong end."""
    typist = Typist(sources, seed)
    texts = {uri: str(text) for uri, text in typist.documents.items()}
    keys = []
    replay = typist.keys()
    shown = None
    while True:
        try:
            key = replay.send(shown)
        except StopIteration:
            break
        keys.append(key)
        if key.edit is not None:
            edit = key.edit
            if key.kind == "accept":
                assert shown is not None
                assert shown.text.startswith(edit.text)
                whole = edit.text == shown.text
                assert edit.end.column - edit.start.column == (shown.replaced if whole else 0)
            texts[key.uri] = str(Text.of(texts[key.uri]).replace(edit.start, edit.end, edit.text))
        assert texts[key.uri] == str(key.text)
        shown = None if oracle is None else suggestion(sources, key, oracle)
    assert texts == {source.uri: source.text for source in sources}
    return keys


def suggestion(sources: list[Source], key: Key, oracle: random.Random) -> Shown | None:
    """Some of what follows in the file, if what stands before the cursor is found there."""
    source = next(source for source in sources if source.uri == key.uri)
    line = key.text.lines[key.cursor.row]
    before = line[: key.cursor.column]
    if not before.strip():
        return None
    _, found, after = source.text.partition(before)
    if not found:
        return None
    replaced = oracle.choice([0, 0, len(line.rstrip("\n")) - len(before)])
    text = after[: oracle.randint(1, 60)] + oracle.choice(["", "", "???"])
    return Shown(text, replaced)


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return installed()


def test_five_files_and_three_languages_have_stretches(sources: list[Source]) -> None:
    found = {source.name: source.language for source in sources if stretches(source, 1)}
    assert len(found) >= 5
    assert len(set(found.values())) >= 3


@pytest.mark.parametrize("seed", range(2))
def test_the_documents_end_as_the_files_are(sources: list[Source], seed: int) -> None:
    kinds = Counter(key.kind for key in typed(sources, seed))
    assert sum(kinds.values()) > 500
    assert set(kinds) == set(get_args(Kind)) - {"accept"}


@pytest.mark.parametrize("seed", range(2))
def test_accepted_suggestions_lead_there_too(sources: list[Source], seed: int) -> None:
    kinds = Counter(key.kind for key in typed(sources, seed, random.Random(seed)))
    assert kinds["accept"] > 20


def test_a_seed_gives_the_same_keys(sources: list[Source]) -> None:
    first, again, other = (typed(sources, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_five_hundred_keys_visit_five_files_in_three_languages(sources: list[Source]) -> None:
    languages = {source.uri: source.language for source in sources}
    visited = {key.uri for key in typed(sources, 1)[:500]}
    assert len(visited) >= 5
    assert len({languages[uri] for uri in visited}) >= 3


def test_brackets_are_closed_in_advance_and_typed_over() -> None:
    code = "first = 1\n" + "".join(f"call({n}, [a{n}])\n" for n in range(30)) + "last = 2\n"
    keys = typed([Source("brackets.py", "python", code)], 0)
    edits = [key.edit.text for key in keys if key.edit]
    overs = [key.edit for key in keys if key.kind == "over" and key.edit]
    assert "()" in edits
    assert "[]" in edits
    assert {edit.text for edit in overs} == {")", "]"}
    assert all(edit.end.column == edit.start.column + 1 for edit in overs)
