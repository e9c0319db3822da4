"""What a workflow works with: the model for small things, files and commands through the desk.

What it does is told as events, and noted in the store before it begins. A workflow raises `Failed`
with one sentence for the user where it can't go on.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from lsp_server.agent.commands.run import Finished
from lsp_server.agent.deeds import Deeds
from lsp_server.agent.desk import Change, Desk
from lsp_server.agent.events import MessageChunk, UsageNoted
from lsp_server.agent.files.undo import named
from lsp_server.agent.permissions import Allowed
from lsp_server.agent.tools.base import Result
from lsp_server.agent.tools.run import allowed, command, report
from lsp_server.core.prompts import template
from lsp_server.engines.base import Delta
from lsp_server.engines.base import Finished as End
from lsp_server.engines.chat import ChatEngine, ChatInfo, ChatRequest, Message
from lsp_server.engines.code import FENCE, code_in, code_request, unfenced

SECONDS = 110.0
"""After which no new try is begun."""
GRACE_SECONDS = 20.0
"""For the try that has begun by then."""
CODE_TOKENS = 700
LINE_TOKENS = 80
WORDS_TOKENS = 160

_TOO_SLOW = "The model was too slow for this, so I stopped; what was begun is put back."


T = TypeVar("T")
"""What came of looking at changes; true if that is good."""
Look = Callable[[Sequence[Change]], Awaitable[T]]
"""Looks at the project, with changes that are not written yet."""


class Failed(Exception):
    """A workflow can't do what was asked for; the text is for the user."""


class Work:
    """Of one turn."""

    def __init__(
        self,
        desk: Desk,
        engine: ChatEngine,
        info: ChatInfo,
        deeds: Deeds,
        past: Sequence[Message] = (),
        pointed: str = "",
    ) -> None:
        """`past`: the last question and its answer, if there are any.

        `pointed`: what the user points at, as the model is shown it.
        """
        self.desk = desk
        self.pointed = pointed
        self.answer = ""
        """What the user was told so far."""
        self.was_cut = False
        """What the model last told the user is not all that it wanted to say."""
        self._engine = engine
        self._info = info
        self.deeds = deeds
        self._show = deeds.show
        self._past = tuple(past)
        self._begun = time.monotonic()
        self._allowed: dict[str, Allowed] = {}

    @property
    def is_late(self) -> bool:
        """Whether no new try should be begun."""
        return time.monotonic() - self._begun > SECONDS

    def say(self, text: str) -> None:
        """Tell the user something, as a paragraph of the answer."""
        text = f"\n\n{text}" if self.answer else text
        self.answer += text
        self._show(MessageChunk(text))

    async def land(self, title: str, changes: Sequence[Change]) -> str:
        """Have changes checked, allowed and written; return the call. Raises AgentError."""
        async with self.deeds.begin(title, "edit") as deed:
            problems = await self.desk.land(deed.id, changes)
            deed.result = Result("\n".join(problems), tuple(change.diff for change in changes))
        return deed.id

    @asynccontextmanager
    async def backing(self, call: str, changes: Sequence[Change]) -> AsyncIterator[None]:
        """Put back what a call wrote if what follows fails or is cancelled."""
        try:
            yield
        except BaseException:
            await asyncio.shield(self.desk.put_back(call, changes))
            raise

    async def tried(self, title: str, changes: Sequence[Change], look: Look[T]) -> T:
        """Make changes if what they do is good: `look` is given what is not written yet.

        Where commands can be shown changes beforehand, only good ones are written, and the user
        asked about; else they are written, and put back if they are bad or something fails.
        """
        if await asyncio.to_thread(self.desk.can_show, changes):
            if seen := await look(changes):
                await self.land(title, changes)
            return seen
        call = await self.land(title, changes)
        async with self.backing(call, changes):
            seen = await look([])
        if not seen:
            async with self.deeds.begin(f"Put {named([c.path for c in changes])} back", "edit"):
                await self.desk.put_back(call, changes)
        return seen

    async def run(self, line: str, shown: Sequence[Change] | None = None) -> Finished:
        """Run a command if that is allowed; see `tools.run.command`. Raises NotAllowed.

        Where it can change nothing, a yes is for all times that it is run in this turn.
        """
        title = f"Run {line}"
        if shown:
            title += f" with a try at {named([each.path for each in shown])}"
        async with self.deeds.begin(title, "execute") as deed:
            self.desk.output = self.deeds.output(deed)
            harmless = shown is not None and await asyncio.to_thread(self.desk.sandbox) is not None
            yes = self._allowed.get(line) if harmless else None
            yes = yes or await allowed(self.desk, deed.id, line)
            if harmless:
                self._allowed[line] = yes
            finished = await command(self.desk, deed.id, line, yes, shown)
            deed.result = Result(report(finished))
        return finished

    async def ask(self, prompt: str, *, shown: bool = False) -> str:
        """Have the model answer in a few sentences; `shown`: to the user, as they come."""
        text = ""
        request = ChatRequest(self._messages(prompt, self._past), WORDS_TOKENS)
        if shown and self.answer:
            self.say("")
        async with aclosing(self._engine.chat(request)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    text += event.text
                    if shown:
                        self._show(MessageChunk(event.text))
                elif isinstance(event, End) and shown:
                    self.was_cut = event.reason == "length"
        if shown:
            self.answer += text
        return text.strip()

    async def choose(self, prompt: str, options: Sequence[str]) -> str:
        """Have the model choose one of some words; the first if it says none of them."""
        rule = " | ".join(f'"{option}"' for option in options)
        grammar = f"root ::= {rule}" if self._info.takes_grammar else ""
        request = ChatRequest(self._messages(prompt), 16, grammar=grammar)
        told = await self._text(request)
        places = [(match.start(), o) for o in options if (match := re.search(rf"\b{o}\b", told))]
        return min(places)[1] if places else options[0]

    async def code(
        self,
        prompt: str,
        begun: str = "",
        *,
        language: str,
        attempt: int = 0,
        tokens: int = CODE_TOKENS,
    ) -> str:
        """Have the model write code that begins with `begun`, so many tokens at most.

        Each attempt gives another: the first is the likeliest, the others are sampled.
        """
        request = code_request(
            self._info,
            self._messages(prompt),
            begun,
            language=language,
            attempt=attempt,
            tokens=tokens,
        )
        return code_in(request, await self._text(request), begun)

    async def line(self, prompt: str, begun: str, *, language: str, attempt: int = 0) -> str:
        """Have the model write the one line that comes behind `begun`; see `code`."""
        opening = f"{FENCE}{language}\n"
        able = self._info.takes_begun
        request = ChatRequest(
            self._messages(prompt),
            LINE_TOKENS if able else CODE_TOKENS,
            temperature=LINE_TEMPERATURE if attempt else 0.0,
            seed=attempt,
            stop=("\n",) if able else (),
            begun=opening + begun if able else "",
        )
        text = await self._text(request)
        if able:
            return text
        after = unfenced(text).removeprefix(begun)
        return after.lstrip("\n").partition("\n")[0]

    async def _text(self, request: ChatRequest) -> str:
        text = ""
        used = await self._engine.count_chat(request.messages)
        self._show(UsageNoted(used, self._info.context_tokens))
        left = self._begun + SECONDS + GRACE_SECONDS - time.monotonic()
        try:
            async with asyncio.timeout(left), aclosing(self._engine.chat(request)) as events:
                async for event in events:
                    if isinstance(event, Delta):
                        text += event.text
        except TimeoutError as error:
            raise Failed(_TOO_SLOW) from error
        return text

    def _messages(self, prompt: str, past: Sequence[Message] = ()) -> tuple[Message, ...]:
        system = template("agent/workflows/system.md.j2").render()
        return (Message("system", system), *past, Message("user", prompt))


LINE_TEMPERATURE = 1.0
"""One line can be anything: what is no code is found out at once."""
