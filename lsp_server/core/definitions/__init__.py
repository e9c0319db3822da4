"""Which nodes of a syntax tree define something: one file a family of grammars.

A reader takes a node that stands directly in a scope, and gives what it defines and the scopes
inside it. A node that only wraps or groups definitions is a scope with the container of its own.
"""

from __future__ import annotations

from lsp_server.core.definitions.base import Declared, Kind, Reader, Scope
from lsp_server.core.definitions.c_family import read as _c_family
from lsp_server.core.definitions.go import read as _go
from lsp_server.core.definitions.java import read as _java
from lsp_server.core.definitions.js_family import read as _js_family
from lsp_server.core.definitions.python import read as _python
from lsp_server.core.definitions.rust import read as _rust

__all__ = ["READERS", "Declared", "Kind", "Scope"]

READERS: dict[str, Reader] = {
    "c": _c_family,
    "cpp": _c_family,
    "go": _go,
    "java": _java,
    "javascript": _js_family,
    "python": _python,
    "rust": _rust,
    "tsx": _js_family,
    "typescript": _js_family,
}
"""By grammar."""
