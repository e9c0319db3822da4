"""The same model, asked once with its plain chat template."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable

import httpx

from benchmarks.actions.case import Told
from lsp_server.actions.pieces import Piece, piece_at
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Encoding, Text
from lsp_server.core.tokens import estimate

SECONDS = 300
SPARE_TOKENS = 500
_BLOCK = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)

Ask = Callable[[str, int], str]
"""Gives the answer to a question, of so many tokens at most."""


def over_http(url: str) -> Ask:
    """Ask the server at an address, greedily."""

    def ask(question: str, tokens: int) -> str:
        body = {
            "messages": [{"role": "user", "content": question}],
            "max_tokens": tokens,
            "temperature": 0,
        }
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=SECONDS)
        answer.raise_for_status()
        return str(answer.json()["choices"][0]["message"]["content"])

    return ask


def mended(path: str, grammar: str, text: str, told: Told, ask: Ask) -> tuple[str | None, str]:
    """The file as the answer would have it, None if that has no code; and the answer.

    The model sees the same function as Fimble's fix shows it. Raises ValueError where there is
    none, and httpx.HTTPError.
    """
    piece = piece_of(text, grammar, told)
    source = piece.text
    question = (
        f"This function is in {path}:\n```{grammar}\n{source}\n```\n\n"
        f"A tool reports about line {_line(text, told)!r}:\n```\n{told.message}\n```\n\n"
        "Fix it. Answer with the whole corrected function in one code block."
    )
    answer = ask(question, SPARE_TOKENS + 2 * estimate(source))
    block = _BLOCK.search(answer)
    if block is None:
        return None, answer
    code = indented(block[1].rstrip("\n"), source)
    data = piece.syntax.data
    return (data[: piece.start] + code.encode() + data[piece.end :]).decode(), answer


def piece_of(text: str, grammar: str, told: Told) -> Piece:
    """The function that something is told about. Raises ValueError if there is none."""
    syntax, whole = Syntax.parse(text, grammar), Text.of(text)
    start = whole.byte_offset(whole.point(told.row, told.column, Encoding.UTF32))
    end = whole.byte_offset(whole.point(told.last_row, told.end, Encoding.UTF32))
    piece = None if syntax is None else piece_at(syntax, start, end)
    if piece is None:
        raise ValueError("nothing can be written anew there")
    return piece


def indented(code: str, like: str) -> str:
    """Code as far to the right as other code: of methods, models leave the indentation out."""
    space = like[: len(like) - len(like.lstrip(" \t"))]
    return textwrap.indent(textwrap.dedent(code), space)


def _line(text: str, told: Told) -> str:
    return Text.of(text).lines[told.row].strip()
