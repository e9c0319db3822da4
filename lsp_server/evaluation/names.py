"""Names in answers that do not exist, by what verification knows (`workspace/faults.py`).

A suggestion has been verified before it is shown, so what is left are names that could not be
mended in their place. Nothing is said where the file has errors, or another language.
"""

from __future__ import annotations

from lsp_server.completion.project import Project
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import encode
from lsp_server.evaluation.ask import Answer
from lsp_server.evaluation.cases.case import Case
from lsp_server.evaluation.report import UnknownNames
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.faults import JUDGED, first_fault


def unknown_names(project: Project) -> UnknownNames:
    """A function that counts them, up to one, in an answer to a case of the project's folder."""

    def count(case: Case, answer: Answer) -> int | None:
        after = case.suffix[answer.replaced :]
        syntax = Syntax.parse(case.prefix + answer.text + after, case.grammar)
        if syntax is None or case.grammar not in JUDGED or syntax.tree.root_node.has_error:
            return None
        start = len(encode(case.prefix))
        outline = Outline.of(syntax, case.path, project.library)
        return int(
            first_fault(syntax, start, start + len(encode(answer.text)), outline) is not None
        )

    return count
