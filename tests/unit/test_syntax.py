from __future__ import annotations

import threading
import time

import pytest

from lsp_server.core import syntax as syntax_module
from lsp_server.core.syntax import MAX_PARSED_BYTES, Draft, Syntax, grammar_for
from lsp_server.core.text import Text

CODE = {
    "c": "int f(void) { return 1; }\n",
    "cpp": "template <class T> T f(T x) { return x; }\n",
    "go": "package a\n\nfunc f() int { return 1 }\n",
    "java": "class A { int f() { return 1; } }\n",
    "javascript": "const f = () => <p>{1}</p>;\n",
    "python": "def f():\n    return 1\n",
    "rust": "fn f() -> i32 { 1 }\n",
    "tsx": "const f = (x: number) => <p>{x}</p>;\n",
    "typescript": "const f = (x: number): number => <number>x;\n",
}


def parse(text: str, grammar: str = "python") -> Syntax:
    syntax = Syntax.parse(text, grammar)
    assert syntax
    return syntax


@pytest.mark.parametrize(
    ("language", "uri", "grammar"),
    [
        ("python", "file:///a", "python"),
        ("typescriptreact", "file:///a.ts", "tsx"),
        ("javascriptreact", "untitled:1", "javascript"),
        ("c", "file:///a.h", "c"),
        ("", "file:///a.h", "cpp"),
        ("", "file:///A.PY", "python"),
        ("plaintext", "file:///a.mts", "typescript"),
        ("", "file:///a.rs/b", None),
        ("", "file:///Makefile", None),
        ("ruby", "file:///a.rb", None),
        ("", "", None),
    ],
)
def test_grammar_for(language: str, uri: str, grammar: str | None) -> None:
    assert grammar_for(language, uri) == grammar


@pytest.mark.parametrize("grammar", CODE)
def test_every_grammar_parses_its_language(grammar: str) -> None:
    assert not parse(CODE[grammar], grammar).tree.root_node.has_error
    assert parse(CODE[grammar] + ")", grammar).tree.root_node.has_error


def test_edit_leaves_the_older_syntax_alone() -> None:
    old = parse("x = 1\n")
    before = str(old.tree.root_node)
    new = old.edit(4, 5, b"f(2)")
    assert new and new.data == b"x = f(2)\n"
    assert str(new.tree.root_node) == str(parse("x = f(2)\n").tree.root_node)
    assert str(old.tree.root_node) == before
    assert not old.tree.root_node.has_changes


def test_a_draft_shares_one_parse_among_edits() -> None:
    draft = parse("x = 1\n").draft().edit(0, 1, "größe".encode()).edit(0, 0, b"y = 2\n")
    syntax = draft.parse()
    assert syntax and syntax.data.decode() == "y = 2\ngröße = 1\n"
    assert [node.start_byte for node in syntax.tree.root_node.children] == [0, 6]


def test_a_broken_tree_is_mended_by_an_edit_and_never_kept_from_one() -> None:
    broken = parse("x = (1\n")
    mended = broken.edit(6, 6, b")")
    assert mended and not mended.tree.root_node.has_error
    still = mended.edit(4, 5, b"((")
    assert still and str(still.tree.root_node) == str(parse("x = ((1)\n").tree.root_node)


def test_large_text_has_no_syntax() -> None:
    assert Syntax.parse("#" * MAX_PARSED_BYTES, "python") is not None
    assert Syntax.parse("#" * (MAX_PARSED_BYTES + 1), "python") is None
    assert Syntax.parse(Text.of("é" * (MAX_PARSED_BYTES // 2 + 1)), "python") is None


def test_a_parse_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax_module, "MAX_PARSE_SECONDS", 0.05)
    start = time.thread_time()
    assert Syntax.parse('"' * 300_000, "rust") is None  # takes seconds
    assert time.thread_time() - start < 1


def test_lone_surrogates_parse() -> None:
    assert parse("x = '\ud83d'\n").data == b"x = '\xed\xa0\xbd'\n"


def test_other_threads_run_during_a_parse() -> None:
    draft = Draft("python", b"def f(x):\n    return g(x, [1, 2], {'a': x})\n" * 10_000)
    took: list[float] = []

    def work() -> None:
        start = time.perf_counter()
        draft.parse()
        took.append(time.perf_counter() - start)

    thread = threading.Thread(target=work)
    longest, last = 0.0, time.perf_counter()
    thread.start()
    while thread.is_alive():
        time.sleep(0.001)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    assert longest < took[0] / 2
