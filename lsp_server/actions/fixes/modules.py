"""How one file of Python names another."""

from __future__ import annotations

import posixpath
import re

from lsp_server.actions.action import Request
from lsp_server.core.import_place import imported


def module_of(path: str, request: Request) -> str | None:
    """The module that a file is, as the document would import it; None if it can't.

    Relative if the document imports so, and both are in one package.
    """
    names, library, own = request.around.names, request.around.library, request.around.path
    if names is None or library is None:
        return None
    stem = re.sub(r"(/__init__)?\.pyi?$", "", path)
    parts = stem.split("/")
    if not all(part.isidentifier() for part in parts[-1:]):
        return None
    top = len(parts) - 1
    while top and names.digest("/".join((*parts[:top], "__init__.py"))) is not None:
        top -= 1
    package = "/".join(parts[: top + 1])
    in_package = top < len(parts) - 1 or path.endswith("__init__.py")
    if in_package and own.startswith(f"{package}/") and _is_relative(request):
        return _relative(stem, own)
    # Packages need no `__init__.py`: then the folder that all begins in is the workspace's.
    for start in dict.fromkeys((top, parts[0] == "src", 0)):
        dotted = ".".join(parts[start:])
        if path in library.find_module(dotted, own, "python"):
            return dotted
    return None


def _is_relative(request: Request) -> bool:
    """Whether the document, or else the files beside it, import relatively."""
    modules = [each.module for each in imported(request.syntax)]
    if any(module.startswith(".") for module in modules):
        return True
    top = request.around.path.partition("/")[0]
    return not any(module.partition(".")[0] == top for module in modules)


def _relative(stem: str, own: str) -> str:
    """`.a`, `..b.c`: the way from a file's folder to a module."""
    folder = posixpath.dirname(own)
    way = posixpath.relpath(stem, folder or ".").split("/")
    up = sum(part == ".." for part in way)
    return "." * (up + 1) + ".".join(part for part in way if part not in ("..", "."))
