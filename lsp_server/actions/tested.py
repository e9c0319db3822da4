"""Write a test, and make tests pass: what is offered, and how it is asked for.

Both are done by running tests, where that can do no harm; the agent knows how.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.actions.action import Action, Diagnostic, Request, Test
from lsp_server.actions.asking import MAX_MESSAGE
from lsp_server.actions.pieces import Piece, piece_at
from lsp_server.core.definitions.base import text_of
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.testfiles import is_python_test, is_test

MAX_USERS = 50
"""Files that use a name, among which its tests are looked for."""


def tests(request: Request, _: Outline | None) -> Iterator[Action]:
    """Offers for the function around the cursor; only Python's tests are known."""
    path = request.around.path
    if not (request.has_model and request.can_test and path) or request.syntax.grammar != "python":
        return
    piece = piece_at(request.syntax, request.start, request.end)
    name = tested_name(piece) if piece is not None else ""
    if piece is None or not name:
        return
    if is_test(path):
        if is_python_test(path) and piece.name.startswith("test_"):
            test = f"{path}::{name.replace('.', '::')}"
            yield _passing(request, f"Make `{piece.name}` pass", test)
        return
    if _is_tested(request, piece.name):
        yield _passing(request, f"Make the tests of `{piece.name}` pass", name)
    write = Test(request, "write", name)
    yield Action("refactor.rewrite", f"Write a test for `{piece.name}`", write)


def asked(test: Test) -> str:
    """What is to be done, in words."""
    path, name = test.request.around.path, test.subject
    if test.does == "write":
        return f"Write a test for `{name}` in {path}."
    said = "\n".join(each.message.strip() for each in test.request.diagnostics)[:MAX_MESSAGE]
    what = name if "::" in name else f"the tests of `{name}` in {path}"
    return f"Make {what} pass.\n{said}".rstrip()


def _passing(request: Request, title: str, subject: str) -> Action:
    """Mends what a failing test tells, if the request has that."""
    failures = (n for n, each in enumerate(request.diagnostics) if _is_failure(each))
    return Action("quickfix", title, Test(request, "pass", subject), next(failures, None))


def _is_failure(diagnostic: Diagnostic) -> bool:
    """Whether a test tells it; those who show what tests say name their runner."""
    return diagnostic.source.lower() in _RUNNERS or bool(_FAILURE.match(diagnostic.message))


def _is_tested(request: Request, name: str) -> bool:
    names = request.around.names
    return names is not None and any(
        is_python_test(path) for path, _ in names.referencing(name, MAX_USERS)
    )


def tested_name(piece: Piece) -> str:
    """A function's name, as `Owner.name`; empty for what no test can reach, as one in another."""
    if piece.body is None or not piece.name:
        return ""
    found = [piece.name]
    node = piece.whole.parent
    while node is not None:
        if node.type == "function_definition":
            return ""
        if node.type == "class_definition":
            found.insert(0, text_of(node.child_by_field_name("name"), piece.syntax.data))
        node = node.parent
    return ".".join(found)


_RUNNERS = frozenset(("nose", "nose2", "pytest", "unittest"))
_FAILURE = re.compile(r"\s*(E\s+)?(assert\b|AssertionError\b)")
