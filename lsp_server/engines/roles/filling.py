"""Gaps filled by the first of several engines that can.

Where one breaks off, the next one goes on behind the words that have been told already: they stand
in the gap as if the user had typed them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from lsp_server.core import fim
from lsp_server.core.tokens import Counter
from lsp_server.engines.base import Delta, Engine, EngineInfo, Event, InfillRequest, Priority
from lsp_server.engines.roles.order import Failed, Member, Order
from lsp_server.errors import UsageError


class Filling:
    """The half of the engine protocol that fills gaps."""

    def __init__(self, order: Order) -> None:
        self._order = order

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the text between prefix and suffix."""
        wanted = request
        failed: Member | None = None
        for member in self._order.in_turn():
            if failed is not None and not _may_go_on(failed, member, request, wanted):
                break
            answer = self._order.heard(member, member.engine.infill(request))
            try:
                async with aclosing(answer) as events:
                    async for event in events:
                        if isinstance(event, Delta):
                            request = _behind(request, event)
                        yield event
                return
            except UsageError:
                if failed is None:
                    raise
                break  # the engine that failed could have done it, this one can't
            except Failed:
                failed = member
        raise self._order.failure()

    async def info(self) -> EngineInfo:
        """Describe the first engine that gets ready."""
        _, info = await self._order.first_able(lambda engine: engine.info())
        return replace(info, kind="remote") if self._order.is_remote else info

    def counter(self) -> Counter:
        """That of the engine that is asked first."""
        return self._order.first.engine.counter()


def _may_go_on(
    failed: Member, member: Member, request: InfillRequest, wanted: InfillRequest
) -> bool:
    """Whether an engine may be given what one that failed has told.

    What a model on this machine wrote may end within a credential, which no gate knows by its half.
    """
    return failed.is_remote or not member.is_remote or request is wanted


async def fill_a_gap(engine: Engine) -> None:
    """Have an engine write one token. Raises FimbleError."""
    test = fim.self_test()
    request = InfillRequest(test.prefix, test.suffix, max_tokens=1, priority=Priority.IDLE)
    async with aclosing(engine.infill(request)) as events:
        async for _ in events:
            pass


def _behind(request: InfillRequest, told: Delta) -> InfillRequest:
    """What is still to be asked for when a piece has come."""
    return replace(
        request,
        middle=request.middle + told.text,
        max_tokens=max(0, request.max_tokens - max(1, len(told.logprobs))),
        choice=0,
        names=tuple(name[len(told.text) :] for name in request.names if name.startswith(told.text)),
    )
