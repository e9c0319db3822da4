"""Where a name that a user or a model says is defined, by the workspace's index."""

from __future__ import annotations

from lsp_server.workspace.index import Definition


def split(name: str) -> tuple[str, str]:
    """What a name stands in, and the name: `("B", "c")` of `A.B.c()`."""
    owner, _, last = name.strip().removesuffix("()").rpartition(".")
    return owner.rpartition(".")[2], last


def is_in(found: Definition, owner: str) -> bool:
    """Whether a definition stands in a class or function of that name."""
    return found.symbol.container.rpartition(".")[2] == owner
