"""The corpus of answers with calls in `call_corpus/`, variants of them, and how well they are read.

An answer begins behind a line `%%% title` and ends before a line `%%%`. Then comes a line for each
piece: a tool and its arguments, `! ` and a part of the problem of a rejected call, a JSON text for
prose, `? ` and one for a thought. Where nothing comes, the answer is prose and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from lsp_server.agent.calls.parser import Parser
from lsp_server.agent.calls.schema import Call, Piece, Prose, Rejected, Thought, Tool

FOLDER = Path(__file__).parent / "call_corpus"
BEFORE = "Let me see what there is.\n\n"
AFTER = "\n\nThat is what I did."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote, and what it means."""

    form: str
    title: str
    text: str
    pieces: tuple[Piece, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that it means."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Call))


def tools() -> list[Tool]:
    """The tools that the corpus calls."""
    return [Tool(**each) for each in json.loads((FOLDER / "tools.json").read_text("utf-8"))]


def answers() -> list[Answer]:
    """The answers as they are in the files."""
    return [
        answer
        for path in sorted(FOLDER.glob("*.txt"))
        for answer in _parse(path.stem, path.read_text("utf-8"))
    ]


def _parse(form: str, source: str) -> Iterator[Answer]:
    for entry in re.split(r"^%%% ", source, flags=re.MULTILINE)[1:]:
        title, _, rest = entry.partition("\n")
        text, bare, expected = rest.partition("\n%%%\n")
        text = text.removesuffix("\n")
        pieces = tuple(map(_piece, expected.splitlines())) if bare else (Prose(text),)
        yield Answer(form, title, text, pieces)


def _piece(line: str) -> Piece:
    if line.startswith("! "):
        return Rejected("", line[2:])
    if line.startswith("? "):
        return Thought(json.loads(line[2:]))
    if line.startswith('"'):
        return Prose(json.loads(line))
    name, _, arguments = line.partition(" ")
    return Call(name, json.loads(arguments))


Change = Callable[[str], str]
CHANGES: dict[str, Change] = {
    "a comma before the last brace": lambda text: re.sub(
        r"([\"}\]\w])(\s*)\}", r"\1,\2}", text, count=1
    ),
    "the last brace is missing": lambda text: "".join(text.rsplit("}", 1)),
    "one brace too much": lambda text: "}}".join(text.rsplit("}", 1)),
    "single quotes": lambda text: text.replace('"', "'"),
    "keys without quotes": lambda text: re.sub(r'"(\w+)":', r"\1:", text),
    "no end tags": lambda text: re.sub(
        r"\s*</(?:tool_call|tools|function_call|response)>", "", text
    ),
    "no start tags": lambda text: re.sub(
        r"<(?:tool_call|tools|function_call|response)>\s*", "", text
    ),
    "another tag": lambda text: text.replace("tool_call>", "function_call>"),
    "the name in camel case": lambda text: text.replace("read_file", "readFile"),
    "the name with a dash": lambda text: text.replace("read_file", "read-file"),
    "a typo in the name": lambda text: text.replace('"search"', '"serach"'),
    "a namespace": lambda text: text.replace('"read_file"', '"functions.read_file"'),
    "parameters": lambda text: text.replace('"arguments"', '"parameters"'),
    "tool and args": lambda text: text.replace('"name": "', '"tool": "').replace(
        "arguments", "args"
    ),
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "a fence around it": lambda text: f"```json\n{text}\n```",
    "a blank line around it": lambda text: f"\n\n{text}\n\n",
    "indented": lambda text: "  " + text.replace("\n", "\n  "),
    "a comment": lambda text: re.sub(r"\{\n", "{ // the call\n", text, count=1),
    "no spaces": lambda text: text.replace('": ', '":').replace(", ", ","),
}
"""What models do to the forms. A change that would also change what is meant is left out."""


def variants(base: Iterable[Answer]) -> list[Answer]:
    """Each answer that calls something, with each change that keeps its sense."""
    made: list[Answer] = []
    for answer in base:
        if not answer.calls:
            continue
        for name, change in CHANGES.items():
            text = change(answer.text)
            if text != answer.text and _fits(name, answer):
                made.append(replace(answer, title=f"{answer.title}: {name}", text=text))
    return made


_ANYWHERE = ("camel", "dash", "typo", "namespace", "blank")
_SIMPLE = re.compile(r"""(<\w+>)?\s*(```json\n)?\s*\{\s*"name"[^'`]*\}\s*(```)?\s*(</\w+>)?\s*""")


def _fits(change: str, answer: Answer) -> bool:
    if any(not isinstance(piece, Call) for piece in answer.pieces):
        return False
    if any(word in change for word in _ANYWHERE):
        return True
    one = answer.text.count('"name": ') == 1 and _SIMPLE.fullmatch(answer.text) is not None
    if change in ("a fence around it", "indented", "Windows line ends"):
        plain = not any("\\n" in json.dumps(call.arguments) for call in answer.calls)
        return one and plain and "```" not in answer.text
    if change == "single quotes":
        return one and not any('\\"' in json.dumps(call.arguments) for call in answer.calls)
    return one


def surrounded(base: Iterable[Answer]) -> list[Answer]:
    """Each answer that calls something, with prose before and behind it."""
    return [
        replace(
            answer,
            title=f"{answer.title}: prose around it",
            text=BEFORE + answer.text + AFTER,
            pieces=(Prose(BEFORE), *answer.pieces, Prose(AFTER.lstrip())),
        )
        for answer in base
        if answer.calls and isinstance(answer.pieces[-1], Call) and answer.text[-1] in ">}])`"
    ]


def read(text: str, *cuts: int) -> list[Piece]:
    """The pieces of a text that comes in chunks, cut at these indices; adjacent prose is joined."""
    parser = Parser(tools())
    pieces: list[Piece] = []
    for start, end in zip((0, *cuts), (*cuts, len(text)), strict=True):
        pieces += parser.feed(text[start:end])
    return joined([*pieces, *parser.finish()])


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """The same pieces, adjacent ones of prose, or of thoughts, made one."""
    made: list[Piece] = []
    for kind, group in groupby(pieces, type):
        if kind in (Prose, Thought):
            made.append(kind("".join(piece.text for piece in group)))  # type: ignore[union-attr]
        else:
            made += group
    return made


@dataclass(slots=True)
class Score:
    """How well answers were read."""

    answers: int = 0
    intended: int = 0
    """Calls that the answers mean."""
    recovered: int = 0
    """Of these, read with the right tool and the right arguments."""
    invented: int = 0
    """Calls that the answers don't mean."""
    shown: int = 0
    """Answers whose prose holds a call, or something else that is not meant as prose."""
    emptied: int = 0
    """Calls that have lost all their arguments."""

    def add(self, answer: Answer, pieces: Iterable[Piece]) -> None:
        """Count one answer, and what was read from it."""
        found = list(pieces)
        calls = [(piece.name, piece.arguments) for piece in found if isinstance(piece, Call)]
        meant = [(call.name, call.arguments) for call in answer.calls]
        right = sum(each in calls for each in meant)
        self.answers += 1
        self.intended += len(meant)
        self.recovered += right
        self.invented += max(0, len(calls) - len(meant))
        self.shown += _words(found) != _words(answer.pieces)
        self.emptied += sum(
            not arguments and any(name == each and given for each, given in meant)
            for name, arguments in calls
        )


def _words(pieces: Iterable[Piece]) -> list[str]:
    return "".join(piece.text for piece in pieces if isinstance(piece, Prose)).split()
