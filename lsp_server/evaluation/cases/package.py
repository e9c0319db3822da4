"""A package as its modules see each other: which definition a name, a type or a member means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from tree_sitter import Node

from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.evaluation.cases import plain, python, script
from lsp_server.evaluation.cases.entities import Code, Entity, Import, Names, Rules

RULES: Mapping[str, Rules] = {
    "python": python.RULES,
    "javascript": script.RULES,
    "typescript": script.RULES,
    "tsx": script.RULES,
    **plain.RULES,
}
"""By grammar."""
MOST_HOPS = 6
"""Imports that are followed from one module to the next."""
_NEVER = ("*test*/*", "test_*", "*/test_*", "*.test.*", "*.spec.*", "*_test.py", "*.min.*")


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed file."""

    path: str
    grammar: str
    text: str = field(repr=False)
    code: Code = field(repr=False)
    rules: Rules = field(repr=False)
    defined: Mapping[str, Entity] = field(repr=False)
    imported: Mapping[str, Import] = field(repr=False)
    exported: Mapping[str, Import] = field(repr=False)

    @classmethod
    def parse(cls, path: str, text: str) -> Module | None:
        """Parse a file; None if it has errors or no grammar here."""
        grammar = grammar_for("", path)
        syntax = Syntax.parse(text, grammar) if grammar else None
        if grammar is None or syntax is None or syntax.tree.root_node.has_error:
            return None
        code = Code(syntax.data, syntax.tree.root_node)
        rules = RULES[grammar]
        if (names := rules.names) is None:
            return cls(path, grammar, text, code, rules, {}, {}, {})
        tables = names.define(code), names.imported(code), names.exported(code)
        return cls(path, grammar, text, code, rules, *tables)


@dataclass(frozen=True, slots=True)
class Found:
    """An entity and the module that defines it; without an entity the module itself."""

    module: Module
    entity: Entity | None


@dataclass(frozen=True)
class Package:
    """All modules of a package by their paths."""

    name: str
    modules: Mapping[str, Module] = field(repr=False)
    """May also list files that it then gives no module for."""

    @classmethod
    def read(cls, name: str, folder: Path, leave_out: Iterable[str] = ()) -> Package:
        """Parse the files below a folder but for tests and what is left out."""
        patterns = (*_NEVER, *leave_out)
        modules = {}
        for file in sorted(folder.rglob("*")):
            path = file.relative_to(folder).as_posix()
            if not file.is_file() or any(fnmatch(path, pattern) for pattern in patterns):
                continue
            try:
                text = file.read_bytes().decode()
            except UnicodeDecodeError:
                continue
            module = Module.parse(path, text) if "\r" not in text else None
            if module:
                modules[path] = module
        return cls(name, modules)

    @cached_property
    def paths(self) -> frozenset[str]:
        """Where imports may lead."""
        return frozenset(self.modules)

    def find(self, module: Module, name: str, hops: int = MOST_HOPS) -> Found | None:
        """What a name at the top level of a module means."""
        if name in module.defined:
            return Found(module, module.defined[name])
        meant = module.exported.get(name)
        if meant is None or meant == Import("", name):  # `export { name }`
            meant = module.imported.get(name)
        if meant is None or not hops:
            return None
        if meant.module:
            return self._import(module, meant, hops)
        return self.find(module, meant.name, hops - 1)

    def _import(self, module: Module, meant: Import, hops: int) -> Found | None:
        names = module.rules.names
        if names is None:
            return None
        path = names.locate(meant.module, module.path, self.paths)
        target = self.modules.get(path) if path else None
        if target and not meant.name:
            return Found(target, None)
        if target and (found := self.find(target, meant.name, hops - 1)):
            return found
        for star in (
            target.exported["*"].module.split() if target and "*" in target.exported else ()
        ):
            if target and (found := self._import(target, Import(star, meant.name), hops - 1)):
                return found
        dot = "" if meant.module.endswith(".") else "."
        path = names.locate(f"{meant.module}{dot}{meant.name}", module.path, self.paths)
        inside = self.modules.get(path) if path and meant.name else None
        return Found(inside, None) if inside else None

    def of_type(self, module: Module, reference: str, hops: int = MOST_HOPS) -> Found | None:
        """The class that a reference means inside a module."""
        found = self.find(module, reference.removesuffix("()")) if reference else None
        if found is None or found.entity is None or not hops:
            return None
        if found.entity.is_class:
            return found
        # A call gives what the function returns; a name alone is a type only if it is a class.
        if reference.endswith("()"):
            return self.of_type(found.module, found.entity.type, hops - 1)
        return None

    def member(self, owner: Found, name: str, hops: int = MOST_HOPS) -> Found | None:
        """A member of a class, of its bases, or of a module."""
        if owner.entity is None:
            return self.find(owner.module, name)
        if name in owner.entity.members:
            return Found(owner.module, owner.entity.members[name])
        for base in owner.entity.bases if hops else ():
            parent = self.find(owner.module, base)
            if parent and parent.entity and (found := self.member(parent, name, hops - 1)):
                return found
        return None


@dataclass(slots=True)
class Scopes:
    """What names mean at the nodes of one module."""

    package: Package
    module: Module
    names: Names
    _bound: dict[int, dict[str, str]] = field(default_factory=dict)

    def imported(self, node: Node) -> Found | None:
        """What a name means if it is bound at the top level, and not by a function around it."""
        name = self.module.code.of(node)
        if any(name in bound for bound in self._around(node)):
            return None
        return self.package.find(self.module, name)

    def owner(self, node: Node) -> Found | None:
        """The class or module whose members an expression has."""
        code, names = self.module.code, self.names
        if node.type in names.members:
            owner_field, name_field = names.members[node.type]
            owner = node.child_by_field_name(owner_field)
            outer = self.owner(owner) if owner else None
            name = code.of(node.child_by_field_name(name_field))
            inner = self.package.member(outer, name) if outer else None
            return self._as_owner(inner) if inner else None
        name = code.of(node)
        if name in names.this:
            return self._class(node)
        if node.type != "identifier":
            return None
        for bound in self._around(node):
            if name in bound:
                return self.package.of_type(self.module, bound[name])
        found = self.package.find(self.module, name)
        return self._as_owner(found) if found else None

    def _as_owner(self, found: Found) -> Found | None:
        if found.entity is None or found.entity.is_class:
            return found
        return (
            None if found.entity.called else self.package.of_type(found.module, found.entity.type)
        )

    def _class(self, node: Node) -> Found | None:
        """The class around a node, if it stands at the top level."""
        current = node.parent
        while current and current.type not in self.names.classes:
            current = current.parent
        name = self.module.code.of(current.child_by_field_name("name")) if current else ""
        entity = self.module.defined.get(name)
        return Found(self.module, entity) if entity and entity.is_class else None

    def _around(self, node: Node) -> Iterable[dict[str, str]]:
        """What the functions around a node bind, from the inside."""
        current = node.parent
        while current:
            if current.type in self.names.functions:
                if current.id not in self._bound:
                    self._bound[current.id] = self.names.bind(self.module.code, current)
                yield self._bound[current.id]
            current = current.parent
