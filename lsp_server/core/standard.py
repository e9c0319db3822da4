"""What Python's standard library has in it, from a list that ships with Fimble.

No module is imported for it. `tools/standard_names.py` makes the list.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def exports(module: str) -> frozenset[str] | None:
    """The names that a module exports; None if the standard library has no such module."""
    return _modules().get(module)


def exporters(name: str) -> tuple[str, ...]:
    """The modules that export a name, the one that is most probably meant first."""
    return _by_name().get(name, ())


def is_standard(module: str) -> bool:
    """Whether a module belongs to the standard library, or lies in a package of it."""
    return module == "__future__" or module.partition(".")[0] in _modules()


def is_common(module: str) -> bool:
    """Whether a module is one of the few that a name is meant of, if others have it too."""
    return f"+{module}" in _lines()


@cache
def _lines() -> dict[str, frozenset[str]]:
    text = files("lsp_server.core").joinpath("python_modules.txt").read_text(encoding="utf-8")
    lines = (line.partition(":") for line in text.splitlines())
    return {module: frozenset(names.split()) for module, _, names in lines}


@cache
def _modules() -> dict[str, frozenset[str]]:
    return {module.removeprefix("+"): names for module, names in _lines().items()}


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for module, names in _modules().items():
        for name in names:
            found.setdefault(name, []).append(module)
    return {name: tuple(modules) for name, modules in found.items()}
