"""What is offered without a model, and what it makes of the text; the cases are in text files."""

from __future__ import annotations

import pytest

from lsp_server.workspace.index import Index
from tests.unit.actions.cases import Case, cases, indexed, outcome, request


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return indexed(tmp_path_factory.mktemp("project"), "workspace.txt")


@pytest.mark.parametrize("case", cases("fixes.txt"), ids=lambda case: f"{case.path} {case.title}")
def test_a_fix(index: Index, case: Case) -> None:
    after = "" if case.title == "-" else case.after
    assert outcome(request(case.before, case.path, index)) == (case.title, after)


@pytest.mark.parametrize("case", cases("brackets.txt"), ids=lambda case: case.before)
def test_a_bracket(case: Case) -> None:
    after = "" if case.title == "-" else case.after
    title, text = outcome(request(case.before, case.path))
    assert (title.lstrip("?"), text) == (case.title, after)
