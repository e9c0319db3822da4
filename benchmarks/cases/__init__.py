"""Cases for completion quality, of code that a model of 2024 can't have seen.

The code is that of pinned packages whose first release was in 2026 (`sources.toml`). They are
fetched once into the user's cache, checked against their digests, and read as data: nothing of
them is installed, imported or run. The same archives give the same cases on every machine.

`cross-file` cases use what another module of the package defines: a call of an imported function
or class, with the cursor behind the opening bracket, or a member of an imported class, module or
instance, with the cursor behind the dot. `single`, `multi` and `arguments` cases (together
`in-file`) are the rest of a line, the body of a block and what stands in a call's brackets.

    python -m benchmarks.cases
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from benchmarks.cases.archives import FetchFailed, fetch
from benchmarks.cases.kinds import IN_FILE, KINDS, chosen
from benchmarks.cases.sources import Source, pinned
from lsp_server.evaluation.cases.case import Case, Definition
from lsp_server.evaluation.cases.package import Package

__all__ = ["IN_FILE", "KINDS", "Case", "Definition", "FetchFailed", "folder", "load"]


def load(kind: str, times: int = 1) -> list[Case]:
    """The cases of one of `KINDS`, or of `in-file`, in a fixed order.

    With `times` there are up to so many times as many, the same ones among them.
    Fetches what is not in the cache. Raises ValueError for another kind and FetchFailed.
    """
    kinds = IN_FILE if kind == "in-file" else (kind,)
    if not set(kinds) <= set(KINDS):
        raise ValueError(f"there are no cases of the kind {kind!r}")
    packages = [parsed(source) for source in pinned()]
    return [case for kind in kinds for one in packages for case in chosen(one, kind, times)]


@cache
def parsed(source: Source) -> Package:
    """A package's parsed modules; fetches the package if need be."""
    return Package.read(source.name, fetch(source), source.leave_out)


def folder(name: str) -> Path:
    """Where the files of a package lie, so that they can be opened as a workspace."""
    return next(fetch(source) for source in pinned() if source.name == name)
