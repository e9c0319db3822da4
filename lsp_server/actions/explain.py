"""Explain: a model tells of the selection, a function, or a diagnostic, as it streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from functools import partial

from lsp_server.actions.action import Action, Explain, Request
from lsp_server.actions.asking import MAX_MESSAGE, Model, line_at, shown_path, titled
from lsp_server.actions.pieces import piece_at
from lsp_server.core.prompts import Prompts
from lsp_server.core.syntax import grammar_for
from lsp_server.core.text import body, encode
from lsp_server.engines.base import Delta
from lsp_server.engines.chat import ChatRequest, Message
from lsp_server.errors import UsageError
from lsp_server.workspace.expressions import Outline

MAX_BYTES = 8_000
"""Of code that is shown; more is no question that a small model can answer."""
AROUND = 20
"""Lines above and below a place that is in no function."""
TOKENS = 500


def explanations(request: Request, _: Outline | None) -> Iterator[Action]:
    """One offer: for what is selected, for a diagnostic, or for the function around the cursor."""
    if not request.has_model:
        return
    for told in request.diagnostics[:1] if request.is_cursor else ():
        if titled(told.message) and line_at(request.syntax.data, told.start):
            yield _offer(Explain(request, told.start, told.end, told.message))
            return
    if subject(request):
        end = request.start if _function(request) else request.end
        yield _offer(Explain(request, request.start, end))


def subject(request: Request) -> str:
    """What there is to be explained, as a title says it; empty if that is nothing."""
    if function := _function(request):
        return function
    selected = request.syntax.data[request.start : request.end].strip()
    is_shown = 0 < len(selected) <= MAX_BYTES and b"\0" not in selected
    return "the selection" if is_shown else ""


def _function(request: Request) -> str:
    """The function around the cursor, as a title says it; empty if there is none."""
    if not request.is_cursor:
        return ""
    piece = piece_at(request.syntax, request.start, request.end)
    if piece is None or piece.body is None:
        return ""
    return f"`{piece.name}`" if piece.name else "this function"


def title(explain: Explain) -> str:
    """What is explained, as the user is told."""
    if said := titled(explain.message) or titled(explain.instruction):
        return f"Explain: {said}"
    is_parsed = explain.request.snapshot.syntax is not None
    return f"Explain {(is_parsed and subject(explain.request)) or 'this code'}"


def _offer(explain: Explain) -> Action:
    return Action("source", title(explain), explain)


async def explained(explain: Explain, model: Model) -> AsyncGenerator[str, None]:
    """What the model says, as it comes, in Markdown.

    Raises UsageError for what can't be explained, and FimbleError if the model fails.
    """
    asked = await model.messages(partial(prompt, model.prompts, explain))
    await model.ready(explain.request.snapshot)
    async with aclosing(said(asked, model)) as pieces:
        async for piece in pieces:
            yield piece


async def said(asked: tuple[Message, ...], model: Model) -> AsyncGenerator[str, None]:
    """The answer to a prompt that asks for an explanation, as it comes."""
    request = ChatRequest(asked, TOKENS)
    async with aclosing(model.stream(request)) as events:
        async for event in events:
            if isinstance(event, Delta):
                yield event.text
            elif event.reason == "length":
                yield " …"


def prompt(prompts: Prompts, explain: Explain) -> str:
    """What the model is asked. Raises UsageError if there is too much, or nothing to explain."""
    snapshot = explain.request.snapshot
    data = encode(str(snapshot.text))
    source = _source(explain, data)
    if not source.strip():
        raise UsageError("There is no code here to explain; select some, or go to a function.")
    if "\0" in source:
        raise UsageError("This is no text, so there is nothing to explain.")
    if len(encode(source)) > MAX_BYTES:
        raise UsageError(
            f"That is too much to explain at once; select at most {MAX_BYTES:,} bytes."
        )
    return prompts.render(
        "explain",
        path=shown_path(explain.request),
        language=grammar_for(snapshot.language, snapshot.uri) or "",
        source=source.replace("\r\n", "\n"),
        line=line_at(data, explain.start),
        message=explain.message.strip()[:MAX_MESSAGE],
        instruction=explain.instruction.strip(),
    )


def _source(explain: Explain, data: bytes) -> str:
    """The selected lines, those of the function, or some around."""
    snapshot = explain.request.snapshot
    is_selected = data[explain.start : explain.end].strip() and not explain.message
    if not is_selected and snapshot.syntax is not None:
        piece = piece_at(snapshot.syntax, explain.start, explain.end)
        if piece is not None and piece.body is not None:
            return piece.text
    first, end = (snapshot.text.at_byte(byte) for byte in (explain.start, explain.end))
    ends_before = end.column == 0 and end > first  # the selection holds nothing of this line
    last = end.row - 1 if ends_before else end.row
    more = 0 if is_selected else AROUND
    return "\n".join(map(body, snapshot.text.lines[max(0, first.row - more) : last + 1 + more]))
