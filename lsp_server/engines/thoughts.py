"""What a model thinks, told apart from what it answers, however its text is cut into pieces.

    splitter = Splitter()
    for piece in stream:
        tell(splitter.feed(piece))
    tell(splitter.finish(ended=True))

A thought begins with a tag at the beginning of the answer, or of a later line that is in no block
of code, and ends with the tag that closes it. Elsewhere a tag is text: a model may write about
them. Tags are left out, as is the white space behind them; all else comes out once, in its order.

Prompts of some models end in the opening tag, so that their answers have only the closing one:
these are read with `begun`. Such an answer in which no thought ever ends is told a second time, as
an answer, if the model came to its end: then it had thought nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from lsp_server.engines.base import Delta, Finished
from lsp_server.engines.chat import ChatEvent, ChatRequest, Thought

TAGS = {
    "<think>": "</think>",  # DeepSeek-R1, QwQ, Qwen3
    "<thinking>": "</thinking>",
    "[THINK]": "[/THINK]",  # Magistral
    "<seed:think>": "</seed:think>",  # Seed-OSS
}
"""What opens a thought, and what closes it."""

_BEGIN_INSIDE = re.compile(r"deepseek-r1|\br1-distill|\bqwq|thinking", re.IGNORECASE)
_OPENERS, _CLOSERS = tuple(TAGS), tuple(TAGS.values())
_TAG = re.compile("|".join(map(re.escape, _OPENERS + _CLOSERS)))
_FENCES = ("```", "~~~")

Piece = Thought | Delta


def begins_inside(model: str) -> bool:
    """Whether a model of this name is known for answers without the opening tag."""
    return _BEGIN_INSIDE.search(model) is not None


def are_read_by(request: ChatRequest) -> bool:
    """Whether whoever asks reads the thoughts in an answer himself, since he says what is in it."""
    return bool(request.begun or request.grammar)


async def told_apart(
    events: AsyncGenerator[ChatEvent, None], inside: Callable[[], bool]
) -> AsyncGenerator[ChatEvent, None]:
    """A chat with its thoughts told apart; `inside` is asked when it begins, see `begins_inside`.

    What needs no splitting comes through as it is.
    """
    splitter: Splitter | None = None
    async with aclosing(events):
        async for event in events:
            splitter = splitter or Splitter(begun=inside())
            if isinstance(event, Delta):
                pieces = splitter.feed(event.text)
                if pieces == [Delta(event.text)]:
                    yield event
                    continue
            elif isinstance(event, Finished):
                pieces = splitter.finish(ended=event.reason == "end")
            else:
                pieces = []
            for piece in pieces:
                yield piece
            if not isinstance(event, Delta):
                yield event


class Splitter:
    """Reads one answer."""

    def __init__(self, *, begun: bool = False) -> None:
        """`begun`: it may begin within a thought that the prompt has opened."""
        self.thought = False
        """Whether there was a thought for certain."""
        self.began_inside = False
        """Whether a thought ended that the answer didn't open."""
        self._depth = int(begun)
        self._assumed = begun
        """No tag has come yet that says whether `begun` was right."""
        self._unsure: list[str] = []
        """What was told as a thought because of it."""
        self._held = ""
        """What may become a tag."""
        self._waiting: str | None = None
        """A tag that closed a thought within a thought, and what came behind it. If nothing closes
        the outer one, that was none, and this is the answer."""
        self._fresh = True
        """Nothing but white space has come since the beginning or a tag."""
        self._drops_space = False
        """That white space stood behind a tag."""
        self._line_start = True
        self._in_code = False
        self._pieces: list[Piece] = []

    def told_apart(self) -> None:
        """The endpoint tells thoughts apart itself: what comes here is the answer."""
        if self._assumed:
            self._assumed, self._depth = False, 0
            self._fresh = True

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are certain now that this has come too."""
        self._held += text
        while self._held and (self._think() if self._depth else self._answer()):
            pass
        return self._take()

    def finish(self, *, ended: bool) -> list[Piece]:
        """The pieces that were held back; `ended`: by the model itself, not by a limit."""
        rest, self._held = self._held, ""
        if self._waiting is not None:
            self._emit(Delta, _TAG.sub("", self._waiting + rest, count=1).lstrip())
        elif self._depth:
            self._tell_thought(rest)
        elif not (self._drops_space and not rest.strip()):
            self._emit(Delta, rest)
        if self._assumed and ended:
            self._emit(Delta, "".join(self._unsure))
        return self._take()

    def _think(self) -> bool:
        """Tell of a thought up to the next tag; whether to go on at once."""
        text = self._held
        if self._fresh:
            bare = text.lstrip()
            if not bare:
                return self._wait()
            self._fresh, self._held = False, bare
            text = bare
            if self._assumed and (opener := _begins(text, _OPENERS)):
                self._assumed, self._fresh, self.thought = False, True, True
                self._held = text[len(opener) :]
                return True
            if self._assumed and _may_become(text, _OPENERS):
                self._fresh = True
                return False
        tag = _TAG.search(text)
        if tag is None:
            end = len(text) - _beginning_at_end(text)
            self._tell_thought(text[:end])
            self._held = text[end:]
            return False
        self._tell_thought(text[: tag.start()])
        self._held = text[tag.end() :]
        self._emit(Thought, self._waiting or "")
        self._waiting = None
        if tag[0] in _OPENERS:
            self._depth += 1
            self._tell_thought(tag[0])
            return True
        self._depth -= 1
        self.thought = True
        if self._assumed:
            self._assumed, self.began_inside = False, True
        if self._depth:
            self._waiting = tag[0]
        else:
            self._fresh = self._drops_space = self._line_start = True
        return True

    def _tell_thought(self, text: str) -> None:
        if self._waiting is not None:
            self._waiting += text
            return
        self._emit(Thought, text)
        if self._assumed:
            self._unsure.append(text)

    def _answer(self) -> bool:
        """Tell of the answer up to the next line that may open a thought, or at most a line."""
        text = self._held
        if not self._line_start:
            return self._line(0)
        start = len(text) - len(text.lstrip() if self._fresh else text.lstrip(" \t"))
        rest = text[start:]
        if not rest:
            return self._wait() if self._drops_space else False
        known = (*_OPENERS, *(() if self.thought else _CLOSERS))
        if not self._in_code and (tag := _begins(rest, known)):
            return self._tag_in_answer(tag, start)
        if _may_become(rest, (*(() if self._in_code else known), *_FENCES)):
            return False
        if _begins(rest, _FENCES):
            self._in_code = not self._in_code
        return self._line(start)

    def _tag_in_answer(self, tag: str, start: int) -> bool:
        text, end = self._held, start + len(tag)
        if tag in _CLOSERS:
            behind = text[end:].lstrip(" \t\r")
            if not behind:
                return False  # what follows decides
            if not (self._fresh or behind.startswith("\n")):
                return self._line(start)
            self.began_inside = self.thought = True
        else:
            self._depth, self.thought = 1, True
        self._held = text[end:]
        self._fresh = self._drops_space = True
        return True

    def _line(self, start: int) -> bool:
        """Tell what there is of a line that opens no thought."""
        if self._drops_space:
            self._held, start = self._held[start:], 0
        newline = self._held.find("\n", start)
        end = len(self._held) if newline < 0 else newline + 1
        self._emit(Delta, self._held[:end])
        self._held = self._held[end:]
        self._line_start = newline >= 0
        self._fresh = self._drops_space = False
        return True

    def _wait(self) -> bool:
        """Drop white space behind a tag."""
        self._held = ""
        return False

    def _emit(self, kind: type[Piece], text: str) -> None:
        if not text:
            return
        if self._pieces and type(self._pieces[-1]) is kind:
            text = self._pieces.pop().text + text
        self._pieces.append(kind(text))

    def _take(self) -> list[Piece]:
        pieces, self._pieces = self._pieces, []
        return pieces


def _begins(text: str, tags: tuple[str, ...]) -> str:
    """The tag that a text begins with; empty if there is none."""
    return next((tag for tag in tags if text.startswith(tag)), "")


def _may_become(text: str, tags: tuple[str, ...]) -> bool:
    return any(len(text) < len(tag) and tag.startswith(text) for tag in tags)


def _beginning_at_end(text: str) -> int:
    """How many characters at the end of a text may be the beginning of a tag."""
    lengths = range(min(max(map(len, TAGS.values())) - 1, len(text)), 0, -1)
    return next((n for n in lengths if _may_become(text[-n:], (*_OPENERS, *_CLOSERS))), 0)
