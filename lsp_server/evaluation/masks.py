"""The cases of a user's repository: which, and in which order.

The same files, kinds, number and seed give the same cases on every machine, and a larger number
gives the same and more. No more files are parsed than are needed for the number, but for those
that `cross-file` cases lead to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from lsp_server.evaluation.cases import crossfile, infile
from lsp_server.evaluation.cases.case import Case
from lsp_server.evaluation.cases.choice import MOST_OF_FILE, choose, digest
from lsp_server.evaluation.cases.package import Module, Package
from lsp_server.evaluation.repository import Repository

CUTTERS: Mapping[str, Callable[[Package, Module], Iterator[Case]]] = {
    "line": partial(infile.lines, kind="line", part=(0.0, 0.75), from_start=True),
    "block": partial(infile.blocks, kind="block", fewest=2, most=12),
    "arguments": infile.arguments,
    "cross-file": crossfile.uses,
}
KINDS = tuple(CUTTERS)
"""A line or its end, a block's body, a call's arguments, a use of what another file defines with
what follows on its line."""
MOST_FILES = 2_000
"""That are looked at for a kind; of a larger repository, a sample."""


def mask(
    repository: Repository,
    kinds: Iterable[str],
    count: int,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Case]:
    """So many cases of each kind, fewer where there are no more; kind by kind.

    `on_progress` gets how many files have been looked at for a kind, and of how many.
    """
    paths = sorted(repository.paths, key=partial(_order, seed))[:MOST_FILES]
    return [
        case
        for kind in kinds
        for case in _of_kind(repository.package, paths, kind, count, seed, on_progress)
    ]


def _of_kind(
    package: Package,
    paths: Sequence[str],
    kind: str,
    count: int,
    seed: int,
    on_progress: Callable[[int, int], None],
) -> list[Case]:
    cut: dict[str, list[Case]] = {}

    def every() -> Iterator[Case]:
        for number, path in enumerate(paths, 1):
            if path not in cut:
                module = package.modules.get(path)
                found = CUTTERS[kind](package, module) if module else ()
                cut[path] = sorted(found, key=lambda case: digest(case, str(seed)))
                on_progress(number, len(paths))
            yield from cut[path]

    chosen: list[Case] = []
    for most_of_file in (1, MOST_OF_FILE, count):  # more of a file where there are few files
        chosen = choose(every(), count, most_of_file, chosen)
    return chosen


def _order(seed: int, path: str) -> str:
    return hashlib.sha256(f"{seed}\0{path}".encode()).hexdigest()
