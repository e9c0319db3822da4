"""What a model gives as the new source of a definition: all of it, or its body."""

from __future__ import annotations

from dataclasses import dataclass, field

from tree_sitter import Node

from lsp_server.agent.edits.dress import Dress, dress
from lsp_server.agent.edits.lines import indent, without_blank_edges
from lsp_server.agent.edits.result import Refused
from lsp_server.core.definitions import Declared
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax

_IN_CLASS = ("java", "javascript", "tsx", "typescript")
"""Where a method alone does not parse."""


@dataclass(frozen=True, slots=True)
class Source:
    """A definition in a text of its own."""

    data: bytes = field(repr=False)
    whole: Node
    dress: Dress


def read_source(grammar: str, text: str, name: str) -> Source | str | Refused:
    """The definition of `name` in a text, or the text itself if it is a body."""
    text = _inner(text)
    if not text:
        return Refused("The new source is empty; to delete a definition, edit its lines.")
    wrappings = [("", "")]
    if grammar in _IN_CLASS:
        wrappings.append(("class _ {\n", "\n}"))
    others: list[str] = []
    for before, after in wrappings:
        syntax = Syntax.parse(before + text + after, grammar)
        if syntax is None:
            return Refused("The new source is too large; write a smaller part.")
        root = syntax.tree.root_node
        if before:
            wrapper = root.named_child(0)
            inner = wrapper.child_by_field_name("body") if wrapper else None
            if inner is None:
                continue
            root = inner
        found = definitions(syntax)
        named = [declared for symbol, declared in found if symbol.name == name]
        if named and (not before or not root.has_error):
            return _alone(syntax, root, named[0])
        statements = [node for node in root.named_children if not node.type.endswith("comment")]
        if len(statements) == 1 and not root.has_error:
            others += [
                symbol.name for symbol, declared in found if _within(declared, statements[0])
            ]
    if others:
        return Refused("The new source defines another name; write the definition of this one.")
    return text


def _alone(syntax: Syntax, root: Node, declared: Declared) -> Source | Refused:
    """It, if nothing else is in the text but what it is in."""
    dressed = dress(declared.whole)
    node = declared.whole
    while node != root and node.parent is not None:
        scope = node.parent
        if scope == root or (scope.parent and scope.parent.child_by_field_name("body") == scope):
            for sibling in scope.named_children:
                is_dress = dressed.start <= sibling.start_byte < declared.whole.start_byte
                if sibling != node and not is_dress and not sibling.type.endswith("comment"):
                    return Refused(
                        "The new source has more than this definition; write it alone, and what"
                        " else is needed in edits of its own."
                    )
        node = scope
    return Source(syntax.data, declared.whole, dressed)


def _within(declared: Declared, statement: Node) -> bool:
    return declared.whole == statement or declared.whole.parent == statement


def _inner(text: str) -> str:
    """Without blank lines around, and without the indentation that all lines have."""
    lines = text.replace("\r\n", "\n").split("\n")
    first, last = without_blank_edges(lines)
    lines = lines[first:last]
    common = min((indent(line) for line in lines if line.strip()), key=len, default="")
    return "\n".join(line.removeprefix(common) for line in lines).rstrip()
