"""Which names a file uses, and how often.

Counting goes through the bytes and not through the tree, which would cost several times as much:
the tree only says where text is that is no code (comments, strings), and which words are keywords.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from lsp_server.core.query import captures, keywords
from lsp_server.core.symbols import Symbol, symbols
from lsp_server.core.syntax import Syntax

MIN_LENGTH = 2
MAX_LENGTH = 100
"""Characters; other names are left out."""


def references(syntax: Syntax, defined: Iterable[Symbol] | None = None) -> Counter[str]:
    """How often each identifier is used; where a symbol is defined doesn't count.

    Limit: a word that is a keyword only in some places (`get`, `type`) is taken for one in all.

    `defined`: the file's symbols, if they are known already.
    """
    code = bytearray(syntax.data)
    for node in captures(syntax, _TEXT[syntax.grammar]).get("text", ()):
        start, end = node.start_byte, node.end_byte
        code[start:end] = b" " * (end - start)
    counts = Counter(_IDENTIFIER.findall(code.decode(errors="replace")))
    for word in (keywords(syntax) | _SELVES).intersection(counts):
        del counts[word]
    for symbol in symbols(syntax) if defined is None else defined:
        if symbol.name in counts:
            counts[symbol.name] -= 1
    return +counts


_SELVES = frozenset(("cls", "self", "super", "this", "void"))
_IDENTIFIER = re.compile(rf"(?<![\w$])[^\W\d][\w$]{{{MIN_LENGTH - 1},{MAX_LENGTH - 1}}}(?![\w$])")
_JS_TEXT = "[(comment) (string_fragment) (regex)] @text"
_TSX_TEXT = "[(comment) (string_fragment) (regex) (jsx_text)] @text"
_C_TEXT = "[(comment) (string_content) (system_lib_string) (character)] @text"
_TEXT = {
    "c": _C_TEXT,
    "cpp": "[(comment) (string_content) (raw_string_literal) (system_lib_string)] @text",
    "go": "[(comment) (interpreted_string_literal) (raw_string_literal) (rune_literal)] @text",
    "java": "[(line_comment) (block_comment) (string_literal) (character_literal)] @text",
    "javascript": _TSX_TEXT,
    "python": "[(comment) (string_content) (string_start)] @text",
    "rust": "[(line_comment) (block_comment) (string_content) (char_literal)] @text",
    "tsx": _TSX_TEXT,
    "typescript": _JS_TEXT,
}
"""What of a file is text: an interpolation in a string is not."""
