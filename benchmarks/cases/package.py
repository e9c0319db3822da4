"""A package as its modules see each other: which definition a name, a type or a member means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tree_sitter import Node

from benchmarks.cases import python, script
from benchmarks.cases.entities import Code, Entity, Import, Rules
from lsp_server.core.syntax import Syntax, grammar_for

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
        grammar = grammar_for("", path) or ""
        rules = python.RULES if grammar == "python" else script.RULES
        syntax = Syntax.parse(text, grammar) if grammar else None
        if syntax is None or syntax.tree.root_node.has_error:
            return None
        code = Code(syntax.data, syntax.tree.root_node)
        tables = rules.define(code), rules.imported(code), rules.exported(code)
        return cls(path, grammar, text, code, rules, *tables)


@dataclass(frozen=True, slots=True)
class Found:
    """An entity and the module that defines it; without an entity the module itself."""

    module: Module
    entity: Entity | None


@dataclass(frozen=True, slots=True)
class Package:
    """All modules of a package by their paths."""

    name: str
    modules: Mapping[str, Module] = field(repr=False)

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
        rules, paths = module.rules, frozenset(self.modules)
        path = rules.locate(meant.module, module.path, paths)
        target = self.modules[path] if path else None
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
        inside = rules.locate(f"{meant.module}{dot}{meant.name}", module.path, paths)
        return Found(self.modules[inside], None) if inside and meant.name else None

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
    _bound: dict[int, dict[str, str]] = field(default_factory=dict)

    def imported(self, node: Node) -> Found | None:
        """What a name means if it is bound at the top level, and not by a function around it."""
        name = self.module.code.of(node)
        if any(name in bound for bound in self._around(node)):
            return None
        return self.package.find(self.module, name)

    def owner(self, node: Node) -> Found | None:
        """The class or module whose members an expression has."""
        code, rules = self.module.code, self.module.rules
        if node.type in rules.members:
            owner_field, name_field = rules.members[node.type]
            owner = node.child_by_field_name(owner_field)
            outer = self.owner(owner) if owner else None
            name = code.of(node.child_by_field_name(name_field))
            inner = self.package.member(outer, name) if outer else None
            return self._as_owner(inner) if inner else None
        name = code.of(node)
        if name in rules.this:
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
        while current and current.type not in self.module.rules.classes:
            current = current.parent
        name = self.module.code.of(current.child_by_field_name("name")) if current else ""
        entity = self.module.defined.get(name)
        return Found(self.module, entity) if entity and entity.is_class else None

    def _around(self, node: Node) -> Iterable[dict[str, str]]:
        """What the functions around a node bind, from the inside."""
        current = node.parent
        while current:
            if current.type in self.module.rules.functions:
                if current.id not in self._bound:
                    self._bound[current.id] = self.module.rules.bind(self.module.code, current)
                yield self._bound[current.id]
            current = current.parent
