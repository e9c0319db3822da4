"""A function of Python as a small model is shown it: of a long docstring only the first paragraph.

Each token that a model reads or writes costs a laptop a good part of a second. What the model
writes has the short docstring, so `restored` puts the long one back.
"""

from __future__ import annotations

from lsp_server.agent.workflows.names import Source
from lsp_server.core.definitions.base import text_of
from lsp_server.core.docstrings import docstring, short
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax


def lean(source: Source) -> str:
    """Its code as it is shown."""
    return shortened(source, source.text)


def head(source: Source) -> str:
    """Up to its colon and docstring, as shown, for a model to go on from; empty if it has none."""
    body = source.declared.body
    if source.syntax.grammar != "python" or body is None:
        return ""
    node = docstring(body)
    end = node.end_byte if node else body.start_byte
    text = source.syntax.data[source.declared.whole.start_byte : end].decode(errors="replace")
    written = text.rstrip()
    is_whole = written.endswith((":", '"""', "'''"))
    return shortened(source, source.indentation + written) if is_whole else ""


def restored(source: Source, code: str) -> str:
    """What a model has written, with the docstring as long as it was."""
    long, short = _docstrings(source)
    syntax = Syntax.parse(code, "python") if long != short else None
    found = definitions(syntax) if syntax else []
    if syntax is None or not found or (body := found[0][1].body) is None:
        return code
    node = docstring(body)
    start = node.start_byte if node else body.start_byte
    between = "" if node else "\n" + " " * body.start_point.column
    after = syntax.data[node.end_byte if node else start :].decode(errors="replace")
    return syntax.data[:start].decode(errors="replace") + long + between + after


def alone(source: Source, limit: int) -> str:
    """Its code without decorators, if it is long with them."""
    if len(source.text) <= limit:
        return source.text
    data = source.syntax.data
    bare = data[source.declared.start_byte : source.declared.whole.end_byte]
    return source.indentation + bare.decode(errors="replace")


def shortened(source: Source, text: str) -> str:
    """A text with its docstring in it, as it is shown."""
    long, short = _docstrings(source)
    return text.replace(long, short, 1) if long else text


def _docstrings(source: Source) -> tuple[str, str]:
    """The docstring, and how it is shown; both empty if there is none."""
    node = docstring(source.declared.body)
    if source.syntax.grammar != "python" or node is None:
        return "", ""
    text = text_of(node, source.syntax.data)
    return text, short(text)
