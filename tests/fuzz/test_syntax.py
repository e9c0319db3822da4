"""The tree after incremental edits against a parse from scratch, node by node.

FIMBLE_FUZZ_TREES sets how many trees are compared. `samples/` holds code in each language.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_c
import tree_sitter_cpp
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_rust
import tree_sitter_typescript
from tree_sitter import Language, Parser, Tree

from lsp_server.core.syntax import Syntax

TREES = int(os.environ.get("FIMBLE_FUZZ_TREES", "5000"))
TREES_A_DOCUMENT = 8
SAMPLES = Path(__file__).parent / "samples"
LANGUAGES = {
    "c": tree_sitter_c.language(),
    "cpp": tree_sitter_cpp.language(),
    "go": tree_sitter_go.language(),
    "java": tree_sitter_java.language(),
    "javascript": tree_sitter_javascript.language(),
    "python": tree_sitter_python.language(),
    "rust": tree_sitter_rust.language(),
    "tsx": tree_sitter_typescript.language_tsx(),
    "typescript": tree_sitter_typescript.language_typescript(),
}
KEYS = [*"abcxyz_019 ().,;:'\"`[]{}<>=/*#\\\n", "    ", "\r\n", "é", "日本", "😀"]
PIECES = ["/*", "*/", "//", "${", '"""', "=>", "&&", "if ", "return ", "class A {\n", "def f(x):\n"]

Edit = tuple[int, int, str]
"""Start and end of what is replaced, in characters, and the new text."""


def nodes(tree: Tree) -> Iterator[tuple[object, ...]]:
    cursor = tree.walk()
    while node := cursor.node:
        yield (
            node.type,
            node.start_byte,
            node.end_byte,
            node.start_point,
            node.end_point,
            node.is_missing,
            node.is_error,
            node.is_extra,
            cursor.field_name,
        )
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def gentle_edit(rng: random.Random, text: str) -> Edit:
    """Mostly leaves code that parses: a longer name, a line more or less."""
    lines = text.splitlines(keepends=True)
    row = rng.randrange(len(lines)) if lines else 0
    start = sum(map(len, lines[:row]))
    kind = rng.random()
    if kind < 0.5:
        inside = [at for at in range(1, len(text)) if text[at - 1 : at + 1].isalpha()]
        at = rng.choice(inside or [0])
        return at, at, rng.choice("aexyz")
    if kind < 0.7:
        return start, start, rng.choice(["\n", "\r\n", "   \n"])
    block = "".join(lines[row : row + rng.randint(1, 4)])
    if kind < 0.85:
        return start, start, block
    return start, start + len(block), ""


def rough_edit(rng: random.Random, text: str) -> Edit:
    """Types, deletes, pastes and breaks brackets anywhere."""
    at = rng.randrange(len(text) + 1)
    kind = rng.random()
    if kind < 0.35:
        return at, at, rng.choice(KEYS)
    if kind < 0.45:
        return at, at, rng.choice(PIECES)
    if kind < 0.65:
        return at, min(len(text), at + rng.choice([1, 1, 2, 5, 30])), ""
    if kind < 0.8:
        return at, min(len(text), at + rng.randint(1, 12)), rng.choice(KEYS)
    brackets = [index for index, character in enumerate(text) if character in "()[]{}\"'`"]
    at = rng.choice(brackets or [0])
    return at, min(len(text), at + 1), rng.choice(["", "(", "}", "]"])


@pytest.mark.parametrize("grammar", LANGUAGES)
def test_incremental_tree_is_the_fresh_one(grammar: str) -> None:
    rng = random.Random(grammar)
    parser = Parser(Language(LANGUAGES[grammar]))
    sample = (SAMPLES / f"{grammar}.txt").read_text(encoding="utf-8")
    share = -(-TREES // len(LANGUAGES))
    clean = 0
    for number in range(share):
        if number % TREES_A_DOCUMENT == 0:
            text = sample.replace("\n", "\r\n") if rng.random() < 0.3 else sample
            syntax = Syntax.parse(text, grammar)
            undo: list[Edit] = []
        assert syntax
        draft = syntax.draft()
        for _ in range(rng.choice([1, 1, 1, 2, 4])):
            if undo and rng.random() < 0.4:
                start, end, new = undo.pop()
            else:
                start, end, new = rng.choice([gentle_edit, rough_edit])(rng, text)
                undo.append((start, start + len(new), text[start:end]))
            first, last = (len(text[:at].encode()) for at in (start, end))
            draft = draft.edit(first, last, new.encode())
            text = text[:start] + new + text[end:]
        syntax = draft.parse()
        assert syntax and syntax.data == text.encode()
        fresh = parser.parse(syntax.data)
        assert list(nodes(syntax.tree)) == list(nodes(fresh)), f"seed {grammar}, tree {number}"
        clean += not fresh.root_node.has_error
    assert clean > share / 5, "too few of the edits leave code that parses"
