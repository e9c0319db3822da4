"""Who uses a definition, and under which name: by what files import, and from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_server.agent.edits.uses import Uses
from lsp_server.agent.workflows.names import Source
from lsp_server.core.imports import Import
from lsp_server.workspace.index import Index

MAX_FILES = 500
_ROUNDS = 4
"""Of re-exports of re-exports."""


@dataclass(frozen=True, slots=True)
class Carriers:
    """The files from which a name can be imported: where it is defined, and who re-exports it."""

    library: Index
    name: str
    language: str
    paths: set[str]

    def has(self, module: str, from_path: str) -> bool:
        """Whether a module, as a file imports it, is one of them."""
        found = self.library.find_module(module, from_path, self.language)
        return bool(self.paths.intersection(found[:3]))

    def uses(self, path: str) -> Uses | None:
        """How a file refers to it; None if it does not, as far as its imports tell."""
        by_name = aliased = everything = False
        modules: list[str] = []
        for each in self.library.imports(path):
            inner = _joined(each.module, each.name)
            if each.name == self.name and self.has(each.module, path):
                by_name, aliased = by_name or not each.alias, aliased or bool(each.alias)
            elif each.name == "*":
                everything = everything or self.has(each.module, path)
            elif not each.name and self.has(each.module, path):
                modules.append(each.alias or each.module)
            elif each.name and self.has(inner, path):
                modules.append(each.alias or each.name)
        if not (by_name or aliased or everything or modules):
            return None
        return Uses(
            by_name, aliased, everything, tuple(modules), is_module=lambda m: self.has(m, path)
        )


def carriers(library: Index, source: Source) -> Carriers:
    """Find them. Waits for the index."""
    name = source.symbol.name
    found = Carriers(library, name, source.syntax.grammar, {source.file.path})
    users = [path for path, _ in library.referencing(name, MAX_FILES)]
    for _ in range(_ROUNDS):
        more = {p for p in users if p not in found.paths and _exports(library.imports(p), found, p)}
        if not more:
            break
        found.paths.update(more)
    return found


def _exports(imports: Iterable[Import], of: Carriers, path: str) -> bool:
    return any(
        each.name in (of.name, "*") and not each.alias and of.has(each.module, path)
        for each in imports
    )


def _joined(module: str, name: str) -> str:
    return module + name if module.endswith(".") else f"{module}.{name}"
