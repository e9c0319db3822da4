"""Questions to a whole syntax tree, answered by tree-sitter itself and not node by node."""

from __future__ import annotations

import re

from tree_sitter import Node, Query, QueryCursor

from lsp_server.core.syntax import Syntax


def captures(syntax: Syntax, source: str) -> dict[str, list[Node]]:
    """The nodes that a query finds, by the names that it gives them; in no particular order.

    The query can't have predicates on text: the tree doesn't keep its text.
    """
    key = (syntax.grammar, source)
    query = _queries.get(key)
    if query is None:
        query = _queries[key] = Query(syntax.tree.language, source)
    return QueryCursor(query).captures(syntax.tree.root_node)


def keywords(syntax: Syntax) -> frozenset[str]:
    """The words that the grammar knows itself, also those that are keywords in some places only."""
    found = _keywords.get(syntax.grammar)
    if found is None:
        language = syntax.tree.language
        kinds = (
            (language.node_kind_for_id(number) or "").lstrip("#")
            for number in range(language.node_kind_count)
            if not language.node_kind_is_named(number)
        )
        found = frozenset(kind for kind in kinds if _WORD.fullmatch(kind))
        _keywords[syntax.grammar] = found
    return found


_queries: dict[tuple[str, str], Query] = {}
_keywords: dict[str, frozenset[str]] = {}
_WORD = re.compile(r"\w+")
