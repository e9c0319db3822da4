"""What a model would answer that does the tasks of the probe well."""

from __future__ import annotations

import ast
import textwrap

from lsp_server.agent.probe.tasks import EditTask


def changed(task: EditTask) -> str:
    """The definition as it is to be, without the rest of its file."""
    name = task.name.rpartition(".")[2]
    for node in ast.walk(ast.parse(task.after)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            segment = ast.get_source_segment(task.after, node, padded=True)
            return textwrap.dedent(segment or "")
    raise ValueError(f"there is no {task.name}")
