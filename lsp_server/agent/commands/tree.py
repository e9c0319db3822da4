"""How tree-sitter-bash splits a line that has words, joins and redirections, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_STRUCTURE = frozenset(
    {"program", "list", "pipeline", "command", "command_name", "redirected_statement"}
)
_JOINS = frozenset({"&&", "||", ";", "|"})
_WORDS = frozenset({"word", "number", "raw_string", "string", "concatenation"})
_IN_WORDS = _WORDS | {"string_content", '"', "$"}
_IN_REDIRECTS = frozenset({"file_descriptor", "word", "number", ">", ">>", "<", ">&"})


def tokens(line: str) -> list[str] | None:
    """The words, joins and redirections of a line in their order, as they are written.

    Redirections are without spaces. None if the line has errors or any other kind of node.
    """
    data = line.encode()
    root = Parser(_language()).parse(data).root_node
    if root.has_error:
        return None
    try:
        return list(_tokens(root, data))
    except _UnknownKind:
        return None


class _UnknownKind(Exception):
    pass


def _tokens(node: Node, data: bytes) -> Iterator[str]:
    text = data[node.start_byte : node.end_byte].decode()
    if node.type in _STRUCTURE:
        for child in node.children:
            yield from _tokens(child, data)
    elif node.type in _JOINS:
        yield text
    elif node.type in _WORDS:
        _check(node, _IN_WORDS)
        yield text
    elif node.type == "file_redirect":
        _check(node, _IN_REDIRECTS)
        yield text.replace(" ", "")
    else:
        raise _UnknownKind


def _check(node: Node, kinds: frozenset[str]) -> None:
    for child in node.children:
        if child.type not in kinds:
            raise _UnknownKind
        _check(child, kinds)


@cache
def _language() -> Language:
    return Language(tree_sitter_bash.language())
