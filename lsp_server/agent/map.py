"""Which names most of a project uses, and where they are: a map for a model that has room for it.

Of what a repository says only names and paths are told, and only plain ones: the map stands in the
system's message, where a sentence would be an order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.read import left_out
from lsp_server.core.tokens import estimate
from lsp_server.workspace.index import Index

MAP_TOKENS = 400
_CANDIDATES = 400
_PLAIN_PATH = re.compile(r"[\w./-]{1,100}", re.ASCII)
_PLAIN_NAME = re.compile(r"\w{1,40}", re.ASCII)
_TEST = re.compile(
    r"(^|/)(tests?|testing|spec|benchmarks?|examples?|docs?)(/|_)|(^|/)test_|_test\."
)
_TELLING = 8
"""Characters from which a name of several words hardly means two things."""


def repository_map(library: Index, workspace: Workspace, room: int = MAP_TOKENS) -> str:
    """One line a file, `path: name, name`, those first that matter most. Waits for the disk."""
    ignored = left_out(workspace)  # the index may not have heard of all
    used = [each for each in library.most_used(_CANDIDATES) if each[0] not in ignored]
    return written(used, room)


def written(used: Iterable[tuple[str, str, int]], room: int) -> str:
    """The map of names, given as path, name and how many files use it."""
    plain = [
        each for each in used if _PLAIN_PATH.fullmatch(each[0]) and _PLAIN_NAME.fullmatch(each[1])
    ]
    ranked = sorted(plain, key=lambda each: (-_weight(*each), each[0], each[1]))
    lines: dict[str, list[str]] = {}
    for path, name, _ in ranked:
        size = estimate(f", {name}" if path in lines else f"{path}: {name}\n")
        if size > room:
            break
        room -= size
        lines.setdefault(path, []).append(name)
    return "\n".join(f"{path}: {', '.join(names)}" for path, names in lines.items())


def _weight(path: str, name: str, users: int) -> float:
    """As aider weighs: a name of several words says what it means, a private one is for few."""
    words = "_" in name.strip("_") or (name != name.lower() and name != name.upper())
    weight = float(users)
    if words:
        weight *= 10 if len(name) >= _TELLING else 3
    if name.startswith("_"):
        weight *= 0.1
    return weight * 0.1 if _TEST.search(path) else weight
