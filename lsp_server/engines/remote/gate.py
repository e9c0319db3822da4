"""What leaves the machine passes here, whatever it is for, and nowhere else.

`Gate.passed` makes the bytes of a request, so no dialect can send a text that it has not seen:
credentials in it are masked (`workspace.masking`), and what is sent is noted where the user wants
that. All of it is done in a thread. Which files may be told of at all is decided before, where
their names are known (`workspace.private`, `agent.files.read`, the index).

A gap is looked at as one text before it is cut into a prompt (`open_gap`), since a credential may
stand partly in the prefix and partly behind it. What is masked has no part in where an answer
belongs: that is the cursor, of which no request says more than prefix and suffix. Where the model
repeats a placeholder, the answer has the credential again if it is one of the gap's own text: that
is shown to the user, in the document where it stands already. In chats nothing is put back here:
an answer may be a command, or a call of another server's tool. Edits get back what the file to be
edited has itself (`masking.restored`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from lsp_server.engines.base import Delta, Event, InfillRequest
from lsp_server.engines.remote import control_text, sent
from lsp_server.engines.remote.address import Address
from lsp_server.workspace import masking


@dataclass(frozen=True, slots=True)
class Passed:
    """A request that may be sent. Only a gate makes these."""

    method: str
    url: str
    content: bytes | None
    """UTF-8 of a JSON object; None for a request without a body."""


class Gate:
    """The gate of one endpoint."""

    def __init__(self, address: Address, log: Literal["off", "sizes", "content"]) -> None:
        """`log` as in `RemoteSettings`."""
        self._address = address
        self._log = log

    async def passed(self, method: str, url: str, body: Mapping[str, object] | None) -> Passed:
        """Mask a body, and note it. Raises RemoteError if it can't be noted, but has to be."""
        return await asyncio.to_thread(self._pass, method, url, body)

    def _pass(self, method: str, url: str, body: Mapping[str, object] | None) -> Passed:
        text = ""
        if body is not None:
            text = json.dumps(masking.masked_values(body, masked), ensure_ascii=False)
        # Editors can send lone surrogates, which are no text in UTF-8.
        content = text.encode("utf-8", "replace")
        if self._log != "off":
            sent.note(self._address, method, url, content, keep_content=self._log == "content")
        return Passed(method, url, None if body is None else content)


def masked(text: str) -> str:
    """The text with its credentials masked, and all that looks like a control token left in it."""
    found = masking.spans(text)
    if not found:
        return text
    return masking.replaced(
        text, [part for span in found for part in control_text.between(text, *span)]
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap as an endpoint may see it."""

    request: InfillRequest
    secrets: Mapping[str, str]
    """What the placeholders in its text stand for."""

    def restored(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """An answer, with the credentials that it has placeholders for."""
        return _restored(events, self.secrets) if self.secrets else events


async def open_gap(request: InfillRequest) -> Gap | None:
    """Mask a gap's text; None if the cursor is in a credential, where nothing is suggested."""
    return await asyncio.to_thread(gap, request)


def gap(request: InfillRequest) -> Gap | None:
    """See `open_gap`."""
    text = request.prefix + request.middle + request.suffix
    found = masking.spans(text)
    if not found:
        return Gap(request, {})
    typed = len(request.prefix)
    cursor = typed + len(request.middle)
    if any(start < cursor < end for start, end in found):
        return None
    hidden = replace(
        request,
        prefix=_part(text, found, 0, typed),
        middle=_part(text, found, typed, cursor),
        suffix=_part(text, found, cursor, len(text)),
    )
    secrets = (text[start:end] for start, end in found)
    return Gap(hidden, {masking.placeholder(secret): secret for secret in secrets})


def _part(text: str, found: Sequence[masking.Span], first: int, last: int) -> str:
    """A part of a masked text. What is masked belongs to the part that it begins in."""
    inside = [span for span in found if first <= span[0] < last]
    first = max(first, *(end for start, end in found if start < first), first)
    last = max(last, *(end for _, end in inside), last)
    return masking.replaced(text[first:last], [(s - first, e - first) for s, e in inside])


async def _restored(
    events: AsyncGenerator[Event, None], secrets: Mapping[str, str]
) -> AsyncGenerator[Event, None]:
    held = Delta("")
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Delta):
                held = _joined(held, event)
                for placeholder, secret in secrets.items():
                    held = replace(held, text=held.text.replace(placeholder, secret))
                if _may_go_on(held.text, secrets):
                    continue
            if held.text:
                yield held
            held = Delta("")
            if not isinstance(event, Delta):
                yield event


def _joined(first: Delta, second: Delta) -> Delta:
    return Delta(
        first.text + second.text,
        first.logprobs + second.logprobs,
        first.evaluated_tokens + second.evaluated_tokens,
    )


def _may_go_on(text: str, placeholders: Iterable[str]) -> bool:
    """Whether a text ends in the beginning of a placeholder: the letter M stands in it once."""
    start = text.rfind("M")
    return start >= 0 and any(each.startswith(text[start:]) for each in placeholders)
