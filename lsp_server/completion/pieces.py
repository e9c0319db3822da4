"""Pieces of code beside the window, and which of them go into a prompt.

context = choose(pieces, held, room, most, count)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from lsp_server.completion.uses import NEARBY
from lsp_server.core.fim import Snippet
from lsp_server.core.tokens import Counter

WORTH_ADDING = NEARBY / 4
"""What a name must count for its definition to be added to a context that is evaluated already."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A definition or some lines of code, as the model is shown them."""

    path: str
    name: str
    text: str
    weight: float
    code: bool = False
    """Lines that stand together in the file, and say little apart."""


def choose(
    pieces: Sequence[Piece], held: Sequence[Snippet], room: int, most: int, count: Counter
) -> tuple[Snippet, ...]:
    """The context: what is held stays, as the engine has evaluated it, and pieces are added.

    `room` is the number of tokens that may be evaluated for new pieces, `most` that of the whole.
    What is held goes where new pieces would not fit beside it.
    """
    seen = lines(held)
    new = [
        rest
        for piece in pieces
        if (piece.weight >= WORTH_ADDING or not held) and (rest := unseen(piece, seen))
    ]
    added = _within(new, room, count)
    if tokens((*held, *added), count) <= most:
        return (*held, *added)
    return _within(pieces, min(room, most), count)


def unseen(piece: Piece, seen: Set[tuple[str, str]]) -> Piece | None:
    """What of a piece is not shown yet, below its header; None if that is nothing."""
    all_lines = piece.text.split("\n")
    missing = [line for line in all_lines if (piece.path, line) not in seen]
    if piece.code:
        return piece if len(missing) > len(all_lines) // 2 else None
    if not set(missing) - {"}"}:
        return None
    header = all_lines[:1] if piece.name else []  # that of a whole module has none
    if missing[:1] == header:
        header = []
    return replace(piece, text="\n".join([*header, *missing]))


def _within(pieces: Sequence[Piece], room: int, count: Counter) -> tuple[Snippet, ...]:
    """The pieces that fit, the most important taken first; one snippet a file, by path.

    Of a piece that does not fit, the first lines are taken if there are members among them.
    """
    texts: dict[str, list[str]] = {}
    for piece in pieces:
        left = room - (0 if piece.path in texts else count(piece.path) + 2)
        taken = []
        for line in piece.text.split("\n"):
            left -= count(line) + 1
            if left < 0:
                break
            taken.append(line)
        if left >= 0 or len(taken) > 1:
            texts.setdefault(piece.path, []).append("\n".join(taken))
            room = max(left, 0)
    return tuple(Snippet(path, "\n".join(texts[path])) for path in sorted(texts))


def lines(shown: Iterable[Snippet | Piece]) -> set[tuple[str, str]]:
    """The lines that are shown, with their files."""
    return {(each.path, line) for each in shown for line in each.text.split("\n")}


def tokens(context: Sequence[Snippet], count: Counter) -> int:
    """About how many tokens a context takes in a prompt."""
    return sum(count(snippet.path) + count(snippet.text) + 3 for snippet in context)
