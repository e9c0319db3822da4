"""Import something, where the language keeps its imports.

insert_import(syntax, "from a import b") -> Applied | Refused
"""

from __future__ import annotations

from tree_sitter import Node

from lsp_server.agent.edits.lines import split
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.core.definitions.base import text_of
from lsp_server.core.import_place import IMPORT_NODES, imported, place
from lsp_server.core.imports import imports
from lsp_server.core.query import captures
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import body, decode, ending


def insert_import(syntax: Syntax, statement: str) -> Applied | Refused:
    """Add an import statement below those there are, or where the first one would stand.

    Refused if the file has all of it already, so that nothing is imported twice.
    """
    kinds = IMPORT_NODES.get(syntax.grammar)
    if kinds is None:
        return Refused("Imports can be added to Python, JavaScript, TypeScript, Go, Rust and Java.")
    statement = _complete(syntax.grammar, statement.strip())
    wanted = Syntax.parse(statement, syntax.grammar)
    nodes = wanted.tree.root_node.named_children if wanted else []
    if wanted is None or not nodes or wanted.tree.root_node.has_error:
        return Refused("That is no import statement of this language; write it as the file would.")
    if any(node.type not in kinds for node in nodes):
        return Refused("Only an import can be added this way; edit the lines for other code.")
    names, text = set(imports(wanted)), decode(syntax.data)
    known = (
        names <= set(imported(syntax))
        if names
        else statement in [body(line) for line in split(text)]
    )
    if known:
        return Refused("The file imports this already.")
    if syntax.grammar == "go" and (block := _go_block(syntax.tree.root_node)) is not None:
        specs = captures(wanted, "(import_spec) @spec").get("spec", [])
        added = [f"\t{text_of(spec, wanted.data)}\n" for spec in specs]
        return _put(syntax, block.end_byte - 1, "".join(added))
    return _put(syntax, *place(syntax, statement))


def _complete(grammar: str, statement: str) -> str:
    """With the word and the semicolon that models leave out."""
    if grammar == "go" and statement.startswith('"'):
        return f"import {statement}"
    if grammar in ("java", "rust") and not statement.endswith(";"):
        return f"{statement};"
    return statement


def _go_block(root: Node) -> Node | None:
    """The list in `import ( ... )`."""
    for node in root.named_children:
        if node.type == "import_declaration":
            for child in node.named_children:
                if child.type == "import_spec_list":
                    return child
    return None


def _put(syntax: Syntax, start: int, lines: str) -> Applied:
    before, after = decode(syntax.data[:start]), decode(syntax.data[start:])
    end = ending(split(before + after))
    if before and not before.endswith(("\n", "\r")):
        before += end
    lines = lines.replace("\n", end)
    first = len(split(before))
    return Applied(before + lines + after, 1.0, "import", first, first + len(split(lines)) - 1)
