"""The pinned packages: what `sources.toml` says."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("sources.toml")
REGISTRIES = ("pypi", "npm")


@dataclass(frozen=True, slots=True)
class Source:
    """An archive of a registry."""

    name: str
    registry: str
    """One of `REGISTRIES`."""
    version: str
    sha256: str
    """Of the archive: PyPI's wheel or npm's tarball."""
    licence: str
    first_release: str
    """How it is known that there was none before 2026."""
    leave_out: tuple[str, ...] = ()
    """Patterns of paths that are no part of the cases: generated code, ports of older code."""

    @classmethod
    def parse(cls, name: str, table: dict[str, Any]) -> Source:
        """Read one table. Raises TypeError and ValueError."""
        source = cls(name, **{**table, "leave_out": tuple(table.get("leave_out", ()))})
        if source.registry not in REGISTRIES or len(source.sha256) != 64:
            raise ValueError(f"{TABLE.name}: {name} has no known registry or no digest")
        return source


def pinned() -> list[Source]:
    """All packages, in the order of the table."""
    tables = tomllib.loads(TABLE.read_text("utf-8"))
    return [Source.parse(name, table) for name, table in tables.items()]
