"""Document: a model writes the docstring or comment of a function that has none.

It writes words only: code is never touched, since the comment is made here and put in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from functools import partial

from lsp_server.actions.action import Action, Change, Document, Edit, Request
from lsp_server.actions.asking import Model, NotMade, shown_path
from lsp_server.actions.comments import Spot, example, is_comment, lines_of, spot
from lsp_server.actions.pieces import Piece, meant, piece_at
from lsp_server.actions.verify import edited
from lsp_server.core.docstrings import docstring
from lsp_server.core.prompts import Prompts
from lsp_server.core.text import Text, decode, encode, ending
from lsp_server.engines.base import Delta
from lsp_server.engines.chat import ChatRequest
from lsp_server.engines.code import FENCE, unfenced
from lsp_server.workspace.expressions import Outline

TOKENS = 220
_NOTHING = "The model wrote nothing that documents this, so nothing was changed."


def documents(request: Request, _: Outline | None) -> Iterator[Action]:
    """An offer for the function around the cursor, if nothing documents it."""
    piece = meant(request) if request.has_model else None
    if piece is not None and spot(piece) is not None:
        title = f"Document `{piece.name}`" if piece.name else "Document this function"
        yield Action("refactor.rewrite", title, Document(request))


async def documented(document: Document, model: Model) -> Change:
    """The function with a comment. Raises NotMade if none was written, and FimbleError."""
    request = document.request
    piece = await asyncio.to_thread(piece_at, request.syntax, request.start, request.end)
    where = None if piece is None else spot(piece)
    if piece is None or where is None:
        raise NotMade("There is no function here that lacks documentation.")
    info = await model.ready(request.snapshot)
    opening = _opening(piece, where)
    asked = ChatRequest(
        await model.messages(partial(prompt, model.prompts, document, piece, where)),
        TOKENS,
        stop=tuple(_ends(piece, where)) if info.takes_begun else (),
        begun=f"{FENCE}{piece.syntax.grammar}\n{opening}" if info.takes_begun else "",
    )
    text = ""
    async with aclosing(model.stream(asked, of=request.snapshot)) as events:
        async for event in events:
            if isinstance(event, Delta):
                text += event.text
            elif event.reason == "length":  # what has begun last is no whole sentence
                text = text[: text.rfind(".") + 1]
    text = text.removeprefix(asked.begun) if info.takes_begun else _told(text, where)
    return await asyncio.to_thread(_made, piece, where, text)


def _opening(piece: Piece, where: Spot) -> str:
    """What stands before the first word."""
    if where.marker != '"""':
        return where.opening
    head = decode(piece.syntax.data[piece.start : where.at]).replace("\r\n", "\n")
    return f"{head}\n{where.opening}"


def _ends(piece: Piece, where: Spot) -> Iterator[str]:
    """What ends the comment."""
    yield f"\n{FENCE}"
    if where.marker == '"""':
        yield '"""'
    elif where.marker == "/**":
        yield "*/"
    else:
        yield f"\n{where.space}{piece.text.split(maxsplit=1)[0]}"


def _told(text: str, where: Spot) -> str:
    """The comment in an answer that may have the code as well."""
    code = unfenced(text)
    if where.marker in code:
        rest = code.partition(where.marker)[2]
        if where.marker not in ('"""', "/**"):
            lines = rest.split("\n")
            more = (line for line in lines[1:] if line.lstrip().startswith(where.marker))
            return "\n".join([lines[0], *more])
        return rest
    return ""


def _made(piece: Piece, where: Spot, text: str) -> Change:
    lines = lines_of(text, where)
    if not any(character.isalpha() for character in "".join(lines)):
        raise NotMade(_NOTHING)
    line_end = ending(Text.of(piece.syntax.data.decode(errors="replace")).lines)
    comment = where.comment(lines).replace("\n", line_end)
    is_python = where.marker == '"""'
    edit = Edit(where.at, where.at, f"{line_end}{comment}" if is_python else f"{comment}{line_end}")
    after = edited(piece.syntax, (edit,))
    if after is None or after.tree.root_node.has_error:
        raise NotMade(_NOTHING)
    end = where.at + len(encode(edit.new))
    if is_python:
        inner = piece_at(after, where.at - 1, where.at)
        doc = docstring(inner.body) if inner is not None else None
        is_good = doc is not None and doc.end_byte == end
    else:
        is_good = is_comment(after, where.at, end)
    if not is_good:
        raise NotMade(_NOTHING)
    return Change((edit,), by_model=True)


def prompt(prompts: Prompts, document: Document, piece: Piece, where: Spot) -> str:
    """What the model is asked."""
    return prompts.render(
        "document",
        path=shown_path(document.request),
        language=piece.syntax.grammar,
        source=piece.text,
        example=example(piece).replace("\r\n", "\n"),
        what="docstring" if where.marker == '"""' else "documentation comment",
    )
