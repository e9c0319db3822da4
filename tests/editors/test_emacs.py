"""Emacs with the real server: lsp-mode and Eglot as `docs/editors.md` configures them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.editors.emacs import EGLOT, LSP_MODE, Emacs, configuration, needed

ADD = "def add(a, b):\n    return a + b\n"
DOCUMENTED = 'def add(a, b):\n    """Add two numbers."""\n    return a + b\n'
SWAPPED = "def add(a, b):\n    return b + a\n"
SLOWLY = 4.0
"""Seconds a word, so that a docstring takes longer than the ten seconds that clients wait."""
SCRIPT = [
    {"after": "total = ", "text": "sum(values)"},
    {"after": "def area(", "text": "width, height):\n    return width * height"},
    {"after": 'print("é😀", ', "text": "len(dict))"},
    {"after": "call(", "text": "1, 2) + 3"},
    {"chat": f"```python\n{SWAPPED}```", "when": "swap them"},
    {"chat": f"```python\n{SWAPPED}```", "when": "swap them"},
    {"chat": f"```python\n{DOCUMENTED}```", "when": "docstring", "seconds_per_token": SLOWLY},
    {"chat": f"```python\n{DOCUMENTED}```", "when": "docstring", "seconds_per_token": SLOWLY},
    {"chat": "It **adds** two numbers.", "when": "add"},
    {"chat": "It **adds** two numbers.", "when": "add"},
]
# What the server says in its bars; Emacs forgets them when they end.
BARS = """
(defvar shown-bars nil)
(advice-add 'lsp-on-progress-modeline :before
  (lambda (_workspace params) (push (lsp-get (lsp-get params :value) :message) shown-bars)))
"""
# How many suggestions were accepted, as the server counts: what it said last.
ACCEPTED = """
(progn
  (lsp-request-async "fimble/stats" (list)
    (lambda (figures) (setq accepted (lsp-get figures :accepted))) :mode 'detached)
  (bound-and-true-p accepted))
"""
MANAGED = """
(if (if (bound-and-true-p lsp-mode) (lsp-feature? "textDocument/codeAction")
      (and (fboundp 'eglot-current-server) (eglot-current-server)))
    t :json-false)
"""
GHOST = """
(and lsp-inline-completion--overlay
     (concat (overlay-get lsp-inline-completion--overlay 'display)
             (overlay-get lsp-inline-completion--overlay 'after-string)))
"""


@contextmanager
def running(home: Path, configured: str) -> Iterator[Emacs]:
    script = home / "script.json"
    script.write_text(json.dumps(SCRIPT))
    emacs = Emacs(home, configured, "--script", str(script))
    try:
        yield emacs
    finally:
        emacs.close()


@pytest.fixture(scope="module")
def lsp_mode(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emacs]:
    needed(LSP_MODE)
    with running(tmp_path_factory.mktemp("lsp-mode"), configuration("lsp-mode") + BARS) as emacs:
        yield emacs


@pytest.fixture(scope="module")
def eglot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emacs]:
    needed(EGLOT)
    with running(tmp_path_factory.mktemp("eglot"), configuration("Eglot")) as emacs:
        yield emacs


def opened(emacs: Emacs, name: str, text: str) -> None:
    """A file with the server at work in it, the cursor at its end."""
    emacs.open(name, text)
    emacs.until(lambda: emacs.lisp(MANAGED), True)
    emacs.keys("M->")


def choose(emacs: Emacs, command: str, prompt: str, title: str) -> None:
    """Run a command that offers actions, and choose one by its title."""
    emacs.command(command)
    asked(emacs, prompt)
    emacs.keys(title.replace(" ", "\x11 "), "RET")  # quoted: a space would complete


def asked(emacs: Emacs, prompt: str) -> None:
    """Wait until Emacs asks this."""
    emacs.until(lambda: prompt in str(emacs.lisp("(minibuffer-prompt)")), True)


def agree(emacs: Emacs) -> None:
    """Eglot asks before it makes an edit of the server's."""
    asked(emacs, "Server wants to edit")
    emacs.keys("y")


def test_lsp_mode_shows_ghost_text_and_tab_accepts_it(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "total.py", "values = []\n")
    lsp_mode.keys("total = ")
    lsp_mode.until(lambda: lsp_mode.lisp(GHOST), " sum(values)")
    lsp_mode.keys("TAB")
    lsp_mode.until(lambda: lsp_mode.text, "values = []\ntotal = sum(values)")
    lsp_mode.until(lambda: lsp_mode.lisp(ACCEPTED), 1)


def test_lsp_mode_shows_several_lines(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "area.py", "")
    lsp_mode.keys("def area(")
    lsp_mode.until(lambda: lsp_mode.lisp(GHOST), "(width, height):\n    return width * height")
    lsp_mode.keys("TAB")
    lsp_mode.until(lambda: lsp_mode.text, "def area(width, height):\n    return width * height")


def test_lsp_mode_replaces_what_stands_behind_the_cursor(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "call.py", "x = call()")
    lsp_mode.keys("C-b", "BACKSPACE", "(")
    lsp_mode.until(lambda: "1, 2) + 3" in str(lsp_mode.lisp(GHOST)), True)
    lsp_mode.keys("TAB")
    lsp_mode.until(lambda: lsp_mode.text, "x = call(1, 2) + 3")


def test_lsp_mode_counts_as_the_server_does(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "wide.py", 'print("é😀")')
    lsp_mode.keys("C-b", ", ")
    lsp_mode.until(lambda: "len(dict)" in str(lsp_mode.lisp(GHOST)), True)
    lsp_mode.keys("TAB")
    lsp_mode.until(lambda: lsp_mode.text, 'print("é😀", len(dict))')


def test_lsp_mode_hides_what_is_not_wanted(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "not.py", "values = []\n")
    lsp_mode.keys("total = ")
    lsp_mode.until(lambda: lsp_mode.lisp(GHOST), " sum(values)")
    lsp_mode.keys("C-b")
    lsp_mode.until(lambda: lsp_mode.lisp(GHOST), None)
    assert lsp_mode.text == "values = []\ntotal = "


def test_lsp_mode_mends_by_rule(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "mend.py", "import os\n\nprint(os.sep, json.dumps(1))")
    lsp_mode.keys("C-b", "C-b")
    lsp_mode.command("lsp-execute-code-action")  # the only one is done at once
    lsp_mode.until(lambda: lsp_mode.text.startswith("import json\nimport os\n"), True)


def test_lsp_mode_waits_for_a_model_and_shows_that(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "document.py", ADD)
    lsp_mode.keys("C-b", "C-b")
    choose(lsp_mode, "lsp-execute-code-action", "Select code action", "Document `add`")
    lsp_mode.until(lambda: lsp_mode.text, DOCUMENTED)
    assert "Document `add`" in lsp_mode.lisp("(vconcat shown-bars)")


def test_lsp_mode_opens_explanations(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "explain.py", ADD)
    lsp_mode.keys("C-b", "C-b")
    choose(lsp_mode, "lsp-execute-code-action", "Select code action", "Explain `add`")
    lsp_mode.until(lambda: lsp_mode.text, "# explain.py\n\nIt **adds** two numbers.\n")


def test_lsp_mode_rewrites(lsp_mode: Emacs) -> None:
    opened(lsp_mode, "rewrite.py", ADD)
    lsp_mode.keys("C-b", "C-b")
    lsp_mode.command("fimble-rewrite")
    lsp_mode.keys("swap them", "RET")
    lsp_mode.until(lambda: lsp_mode.text, SWAPPED)
    assert not re.search("Error|Unknown|Warning .lsp", lsp_mode.messages)


def test_eglot_mends_by_rule(eglot: Emacs) -> None:
    opened(eglot, "mend.py", "import os\n\nprint(os.sep, json.dumps(1))")
    eglot.keys("M-b", "M-b", "M-b")
    choose(eglot, "eglot-code-actions", "Pick an action", "Import `json`")
    eglot.until(lambda: eglot.text.startswith("import json\nimport os\n"), True)


def test_eglot_waits_for_a_model(eglot: Emacs) -> None:
    """It sends what is around the cursor as if it were selected: here the whole function."""
    opened(eglot, "document.py", ADD)
    eglot.keys("C-b", "C-b")
    choose(eglot, "eglot-code-actions", "Pick an action", "Document `add`")
    agree(eglot)
    eglot.until(lambda: eglot.text, DOCUMENTED)
    assert "Timed out" not in eglot.messages


def test_eglot_shows_explanations_as_messages(eglot: Emacs) -> None:
    opened(eglot, "explain.py", ADD)
    eglot.keys("M-<", "M-f", "M-f", "C-b")
    choose(eglot, "eglot-code-actions", "Pick an action", "Explain `add`")
    eglot.until(lambda: "It **adds** two numbers." in eglot.messages, True)


def test_eglot_rewrites(eglot: Emacs) -> None:
    opened(eglot, "rewrite.py", ADD)
    eglot.keys("C-b", "C-b")
    eglot.command("fimble-rewrite")
    eglot.keys("swap them", "RET")
    agree(eglot)
    eglot.until(lambda: eglot.text, SWAPPED)
