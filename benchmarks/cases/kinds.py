"""The kinds of cases, how each is cut, and how many of each are taken from a package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from lsp_server.evaluation.cases import crossfile, infile
from lsp_server.evaluation.cases.case import Case
from lsp_server.evaluation.cases.choice import choose, digest
from lsp_server.evaluation.cases.package import Module, Package

IN_FILE = ("single", "multi", "arguments")
KINDS = ("cross-file", *IN_FILE)
MOST: Mapping[str, int] = {"cross-file": 16, "single": 6, "multi": 6, "arguments": 6}
"""Cases of a package by kind."""
CUTTERS: Mapping[str, Callable[[Package, Module], Iterator[Case]]] = {
    "cross-file": crossfile.uses,
    "single": partial(infile.lines, kind="single", part=(0.25, 0.5)),
    "multi": partial(infile.blocks, kind="multi", fewest=2, most=6),
    "arguments": infile.arguments,
}


def chosen(package: Package, kind: str, times: int = 1) -> list[Case]:
    """A fixed choice of a package's cases of a kind, in the order of their digests.

    `times` as many as `MOST` says, if there are as many.
    """
    found = [case for m in package.modules.values() for case in CUTTERS[kind](package, m)]
    return choose(sorted(found, key=digest), times * MOST[kind])
