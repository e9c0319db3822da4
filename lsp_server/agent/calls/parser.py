"""A model's text, as it comes, -> prose, thoughts and calls.

    parser = Parser(tools)
    for text in stream:
        show(parser.feed(text))
    show(parser.finish())

Prose is held back only while it may still become a call, so that no call is ever shown as text, and
what is no call comes out as it came. The pieces are the same for any chunks, adjacent prose joined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from lsp_server.agent.calls.fences import Fence, fence_at, fenced_call, named_lines
from lsp_server.agent.calls.forms import Found, Memory, Outcome, Scene, Skip
from lsp_server.agent.calls.names import Toolbox
from lsp_server.agent.calls.objects import json_calls
from lsp_server.agent.calls.python import python_line, python_list
from lsp_server.agent.calls.react import react_call
from lsp_server.agent.calls.schema import Call, Piece, Prose, Thought, Tool
from lsp_server.agent.calls.tags import CLOSERS, tagged_call

_THINK = ("<think>", "<thinking>")
_NO_MORE_THINK = ("</think>", "</thinking>")
_INDENT = re.compile(r"[ \t]*")
_NEXT = re.compile(r"[<{\[\n]")
_LEFT_OVER = "}]),;"
"""Characters behind a call that only close what was closed already."""


class Parser:
    """Reads one answer of a model."""

    def __init__(self, tools: Iterable[Tool], *, thinking: bool = False) -> None:
        """`thinking`: the prompt ended inside a thought, as templates of reasoning models do."""
        self._box = Toolbox(tools)
        self._text = "\n"
        """What is not decided yet, behind the last character that is."""
        self._final = False
        self._memory = Memory()
        self._pieces: list[Piece] = []
        self._fence: Fence | None = None
        """The block of code that is being shown."""
        self._dropped = ""
        """The marks of a block whose first line was not shown, because a call stood behind it."""
        self._step: Callable[[], bool] = self._thought if thinking else self._prose

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are certain now that this text has come too."""
        self._text += text
        return self._advance()

    def finish(self) -> list[Piece]:
        """The pieces that were held back when the text ended."""
        self._final = True
        return self._advance()

    def _advance(self) -> list[Piece]:
        while len(self._text) > 1 and self._step():
            pass
        pieces, self._pieces = self._pieces, []
        return pieces

    def _scene(self) -> Scene:
        return Scene(self._text, self._box, self._final, self._memory)

    def _prose(self) -> bool:
        """Show text up to the next call, or to what may become one; whether to go on at once."""
        scene = self._scene()
        text, at = self._text, 1
        while at < len(text):
            if text[at - 1] == "\n":
                first = _indent_end(text, at)
                if scene.may_become(first, _THINK):  # as nothing but spaces may, too
                    return self._hold(at)
                tag = next((tag for tag in _THINK if text.startswith(tag, first)), None)
                if tag is not None:
                    self._show(at)
                    self._cut(first - at + 1 + len(tag))
                    self._step = self._thought
                    return True
                outcome = self._line(scene, first)
                if outcome is None:
                    return self._hold(at)
                if isinstance(outcome, Fence):
                    return self._open(outcome)
                if isinstance(outcome, Found):
                    return self._take(at, outcome)
                at = first
            found = _NEXT.search(text, at)
            if found is None:
                break
            place = found.start()
            if found.group() == "\n":
                at = place + 1
                continue
            outcome = _call_at(scene, place)
            if outcome is None:
                return self._hold(place)
            if isinstance(outcome, Found):
                return self._take(place, outcome)
            at = max(outcome.end, place + 1)
        return self._hold(len(text))

    def _line(self, scene: Scene, first: int) -> Outcome | Fence:
        """What begins a line: a fence, a call in Python or by labels; `first` is no space."""
        head = scene.text[first : first + 1]
        if head and head in "`~":
            fence = fence_at(scene, first)
            if not isinstance(fence, Fence):
                return fence
            if self._dropped and _closes(scene.text[first : fence.end], self._dropped):
                self._dropped = ""
                return Found(fence.end, ())
            call = fenced_call(scene, fence)
            if call is None:
                return None
            return replace(call, marks=fence.marks) if isinstance(call, Found) else fence
        if head.isalpha() or head in ("_", "*"):
            for read in (_named_lines, react_call, python_line):
                outcome = read(scene, first)
                if not isinstance(outcome, Skip):
                    return outcome
        return Skip(first)

    def _code(self) -> bool:
        """Show a block of code up to its end, or to a call that stands on a line of its own."""
        scene = self._scene()
        text, at, fence = self._text, 1, self._fence
        assert fence is not None
        while at < len(text):
            if text[at - 1] == "\n":
                first = _indent_end(text, at)
                line_end = text.find("\n", first)
                head = text[first : first + 1]
                if not head and not self._final:
                    return self._hold(at)
                if head == fence.marks[0]:
                    if line_end < 0 and not self._final:
                        return self._hold(at)
                    end = line_end + 1 if line_end >= 0 else len(text)
                    if _closes(text[first:end], fence.marks):
                        self._show(end)
                        self._fence, self._step = None, self._prose
                        return True
                elif head in ("<", "[") or (head == "{" and fence.is_open):
                    outcome = _call_at(scene, first) if head == "{" else tagged_call(scene, first)
                    if outcome is None:
                        return self._hold(at)
                    if isinstance(outcome, Found) and all(
                        isinstance(call, Call) for call in outcome.calls
                    ):
                        return self._take(at, outcome)
                at = first
            newline = text.find("\n", at)
            if newline < 0:
                break
            at = newline + 1
        return self._hold(len(text))

    def _thought(self) -> bool:
        scene = self._scene()
        text, at = self._text, 1
        while (place := text.find("<", at)) >= 0:
            if scene.may_become(place, _NO_MORE_THINK):
                return self._hold(place, Thought)
            tag = next((tag for tag in _NO_MORE_THINK if text.startswith(tag, place)), None)
            if tag is not None:
                self._show(place, Thought)
                self._cut(1 + len(tag))
                self._step = self._behind_call
                return True
            at = place + 1
        return self._hold(len(text), Thought)

    def _behind_call(self) -> bool:
        """Drop spaces, end tags and brackets behind a call."""
        scene = self._scene()
        text = self._text
        place = scene.behind_space(1)
        if place is None or scene.may_become(place, (*CLOSERS, self._dropped)):
            return False
        closer = next((each for each in CLOSERS if text.startswith(each, place)), None)
        if closer is not None:
            self._cut(place + len(closer))
        elif self._dropped and text.startswith(self._dropped, place):
            self._cut(place + len(self._dropped))
            self._dropped = ""
        elif place < len(text) and text[place] in _LEFT_OVER:
            self._cut(place + 1)
        else:
            line_start = "\n" in text[:place]
            self._cut(place)
            if line_start:
                self._text = "\n" + self._text[1:]
            self._step = self._code if self._fence else self._prose
        return True

    def _open(self, fence: Fence) -> bool:
        """Show the first line of a block of code, and then its content."""
        self._show(fence.end)
        self._fence, self._step = fence, self._code
        return True

    def _take(self, start: int, found: Found) -> bool:
        self._show(start)
        self._pieces += found.calls
        self._dropped = found.marks or self._dropped
        self._cut(found.end - start + 1)
        self._step = self._behind_call
        return True

    def _hold(self, end: int, kind: type[Prose | Thought] = Prose) -> bool:
        self._show(end, kind)
        return False

    def _show(self, end: int, kind: type[Prose | Thought] = Prose) -> None:
        if end > 1:
            self._pieces.append(kind(self._text[1:end]))
            self._cut(end)

    def _cut(self, end: int) -> None:
        """Forget what stands before `end`, but for one character."""
        self._text = self._text[end - 1 :]
        self._memory = Memory()


def _call_at(scene: Scene, place: int) -> Outcome:
    """The call that begins with a bracket, anywhere in a line."""
    head = scene.text[place]
    if head == "{":
        return json_calls(scene, place, strong=False)
    tagged = tagged_call(scene, place)
    if head == "<" or not isinstance(tagged, Skip):
        return tagged
    listed = python_list(scene, place, strong=False)
    return listed if not isinstance(listed, Skip) else json_calls(scene, place, strong=False)


def _named_lines(scene: Scene, first: int) -> Outcome:
    if scene.may_become(first, ("TOOL_NAME:",)):
        return None
    return named_lines(scene, first) if scene.text.startswith("TOOL_NAME:", first) else Skip(first)


def _indent_end(text: str, at: int) -> int:
    indent = _INDENT.match(text, at)
    assert indent is not None
    return indent.end()


def _closes(line: str, marks: str) -> bool:
    """Whether a line ends the block that these marks began."""
    bare = line.strip()
    return len(bare) >= len(marks) and set(bare) == {marks[0]}
