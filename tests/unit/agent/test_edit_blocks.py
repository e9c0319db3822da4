"""Edits read from answers: `edit_answers.txt` has an answer and what it gives for each case."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lsp_server.agent.edits.blocks import Blocks, read_blocks

ANSWERS = Path(__file__).with_name("edit_answers.txt")


def read_cases() -> list[tuple[str, str, str]]:
    parts = re.split(r"^=== ", ANSWERS.read_text("utf-8"), flags=re.MULTILINE)[1:]
    found: list[tuple[str, str, str]] = []
    for part in parts:
        name, _, rest = part.partition("\n")
        answer, _, gives = rest.partition("--- gives\n")
        found.append((name, answer, gives.rstrip("\n")))
    return found


def shown(blocks: Blocks) -> str:
    lines = [f"{each.path or '-'} {each.old!r} {each.new!r}" for each in blocks.blocks]
    return "\n".join([*lines, *(f"! {problem}" for problem in blocks.problems)])


@pytest.mark.parametrize(("name", "answer", "gives"), read_cases())
def test_answer(name: str, answer: str, gives: str) -> None:
    assert shown(read_blocks(answer)) == gives
    assert shown(read_blocks(answer.replace("\n", "\r\n"))) == gives


def test_an_answer_that_is_cut_anywhere_never_gives_half_an_edit() -> None:
    for name, answer, _ in read_cases():
        whole = {(block.old, block.new) for block in read_blocks(answer).blocks}
        for end in range(len(answer)):
            cut = read_blocks(answer[:end])
            assert cut.blocks or cut.problems, (name, end)
            for block in cut.blocks:
                if block.old is not None:
                    assert (block.old, block.new) in whole, (name, answer[:end])
