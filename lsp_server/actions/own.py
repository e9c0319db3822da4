"""Actions that are the user's own: a file of Markdown each, whose text is what a model is told.

+++
title = "Translate comments"
does = "rewrite"            # or "explain"
languages = ["python"]      # may be left out
+++
Translate all comments into English.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from lsp_server.actions.action import Action, Explain, OwnAction, Request, Rewrite
from lsp_server.actions.asking import MAX_TITLE
from lsp_server.actions.explain import subject
from lsp_server.actions.pieces import piece_at
from lsp_server.actions.rewrite import MAX_INSTRUCTION
from lsp_server.workspace.expressions import Outline

_MARK = "+++"
_FIELDS = ("title", "does", "languages")


class NoAction(ValueError):
    """A text describes no action; says what to do about it, as the end of a sentence."""


def owned(request: Request, _: Outline | None) -> Iterator[Action]:
    """An offer for each of the user's actions that fits the place."""
    if not request.has_model:
        return
    start, end = request.start, request.end
    for own in request.own:
        if own.languages and not _languages(request) & set(own.languages):
            continue
        if own.does == "explain":
            if subject(request):
                task = Explain(request, start, end, instruction=own.instruction)
                yield Action("source", own.title, task)
        elif piece_at(request.syntax, start, end) is not None:
            yield Action("refactor.rewrite", own.title, Rewrite(request, own.instruction))


def _languages(request: Request) -> set[str]:
    return {request.snapshot.language, request.syntax.grammar}


def parsed(text: str) -> OwnAction:
    """The action that a file describes. Raises NoAction."""
    lines = text.split("\n")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _MARK]
    if len(ends) < 2 or ends[0] != 0:
        raise NoAction(f"begin it with a line {_MARK}, a title and another line {_MARK}")
    try:
        head = tomllib.loads("\n".join(lines[1 : ends[1]]))
    except tomllib.TOMLDecodeError as error:
        raise NoAction(f"mend the TOML at its beginning: {error}") from error
    for name in head:
        if name not in _FIELDS:
            raise NoAction(f"its {name} is none of {', '.join(_FIELDS)}; take that out")
    title, does, languages = head.get("title"), head.get("does"), head.get("languages", [])
    if not isinstance(title, str) or not 0 < len(title.strip()) <= MAX_TITLE:
        raise NoAction(f"give it a title of at most {MAX_TITLE} characters")
    if does not in ("rewrite", "explain"):
        raise NoAction('say what it does, with does = "rewrite" or does = "explain"')
    if not isinstance(languages, list) or not all(isinstance(each, str) for each in languages):
        raise NoAction('write its languages as a list, such as ["python"]')
    instruction = "\n".join(lines[ends[1] + 1 :]).strip()
    if not 0 < len(instruction) <= MAX_INSTRUCTION:
        raise NoAction(
            f"write below its second {_MARK} what is to be done, in at most "
            f"{MAX_INSTRUCTION:,} characters"
        )
    return OwnAction(" ".join(title.split()), does, instruction, tuple(languages))
