"""Import something, where the language keeps its imports.

insert_import(syntax, "from a import b") -> Applied | Refused
"""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_server.agent.edits.lines import body, ending, split
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.core.definitions.base import text_of
from lsp_server.core.imports import Import, imports
from lsp_server.core.query import captures
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode


def insert_import(syntax: Syntax, statement: str) -> Applied | Refused:
    """Add an import statement below those there are, or where the first one would stand.

    Refused if the file has all of it already, so that nothing is imported twice.
    """
    kinds = _KINDS.get(syntax.grammar)
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
        names <= set(_top_level(syntax, kinds))
        if names
        else statement in [body(line) for line in split(text)]
    )
    if known:
        return Refused("The file imports this already.")
    if syntax.grammar == "go" and (block := _go_block(syntax.tree.root_node)) is not None:
        specs = captures(wanted, "(import_spec) @spec").get("spec", [])
        added = [f"\t{text_of(spec, wanted.data)}\n" for spec in specs]
        return _put(syntax, block.end_byte - 1, "".join(added))
    below = _last_import(syntax, kinds, statement)
    if below is not None:
        return _put(syntax, _next_line(syntax.data, below.end_byte), statement + "\n")
    start = _next_line(syntax.data, head.end_byte) if (head := _head(syntax)) else 0
    gap = "\n" if start else ""
    close = syntax.data[start : start + 1].strip()
    return _put(syntax, start, gap + statement + ("\n\n" if close else "\n"))


def _complete(grammar: str, statement: str) -> str:
    """With the word and the semicolon that models leave out."""
    if grammar == "go" and statement.startswith('"'):
        return f"import {statement}"
    if grammar in ("java", "rust") and not statement.endswith(";"):
        return f"{statement};"
    return statement


def _top_level(syntax: Syntax, kinds: frozenset[str]) -> list[Import]:
    """Only the imports that hold for the whole file."""
    found = [
        syntax.data[node.start_byte : node.end_byte]
        for node in syntax.tree.root_node.named_children
        if node.type in kinds
    ]
    only = Syntax.parse(decode(b"\n".join(found)), syntax.grammar)
    return imports(only) if only else []


def _last_import(syntax: Syntax, kinds: frozenset[str], statement: str) -> Node | None:
    """The last of the imports at the top; those further below are there for a reason."""
    last: Node | None = None
    for node in syntax.tree.root_node.named_children:
        if node.type in kinds:
            last = node
        elif last is not None and not node.type.endswith("comment"):
            break
    is_first = statement.startswith("from __future__")
    return None if is_first else last


def _head(syntax: Syntax) -> Node | None:
    """What stands above all imports: a license, a package's name, a docstring, `"use strict"`."""
    head: Node | None = None
    comment: Node | None = None
    for number, node in enumerate(syntax.tree.root_node.named_children):
        if node.type.endswith("comment"):
            if comment is not None and _apart(comment, node):
                head = comment
            comment = node
            if syntax.data.startswith(b"#!") and number == 0:
                head = node
        elif node.type in _HEADS or _is_string(node):
            head, comment = node, None
        else:
            return comment if comment is not None and _apart(comment, node) else head
    return comment or head


def _apart(above: Node, below: Node) -> bool:
    """Whether a blank line is between."""
    return below.start_point.row - above.end_point.row > (above.end_point.column > 0)


def _is_string(statement: Node) -> bool:
    inner = statement.named_child(0)
    return statement.type == "expression_statement" and bool(inner and inner.type == "string")


def _go_block(root: Node) -> Node | None:
    """The list in `import ( ... )`."""
    for node in root.named_children:
        if node.type == "import_declaration":
            for child in node.named_children:
                if child.type == "import_spec_list":
                    return child
    return None


def _next_line(data: bytes, offset: int) -> int:
    """Where the line behind an offset begins; at the end of the text if there is none."""
    if offset and data[offset - 1 : offset] == b"\n":
        return offset
    end = _LINE_END.search(data, offset)
    return end.end() if end else len(data)


def _put(syntax: Syntax, start: int, lines: str) -> Applied:
    before, after = decode(syntax.data[:start]), decode(syntax.data[start:])
    end = ending(split(before + after))
    if before and not before.endswith(("\n", "\r")):
        before += end
    lines = lines.replace("\n", end)
    first = len(split(before))
    return Applied(before + lines + after, 1.0, "import", first, first + len(split(lines)) - 1)


_LINE_END = re.compile(rb"\r\n|\n|\r")
_HEADS = frozenset(
    ("package_clause", "package_declaration", "hash_bang_line", "inner_attribute_item")
)
_SCRIPT = frozenset(("import_statement",))
_KINDS = {
    "go": frozenset(("import_declaration",)),
    "java": frozenset(("import_declaration",)),
    "javascript": _SCRIPT,
    "python": frozenset(("import_statement", "import_from_statement", "future_import_statement")),
    "rust": frozenset(("use_declaration",)),
    "tsx": _SCRIPT,
    "typescript": _SCRIPT,
}
