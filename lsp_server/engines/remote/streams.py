"""Answers piece by piece, as completions and chats both ask for them.

What an answer costs is asked for, until the endpoint refuses to be asked.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from http.client import BAD_REQUEST, UNPROCESSABLE_ENTITY

from lsp_server.engines.remote.answer import Answer, Unexpected
from lsp_server.engines.remote.asked import Asked
from lsp_server.engines.remote.dialects.ways import Ways
from lsp_server.engines.remote.http import Empty, Http, Refused, Unreachable

_UNKNOWN_FIELD = (BAD_REQUEST, UNPROCESSABLE_ENTITY)
_ASKING: Mapping[str, object] = {"stream_options": {"include_usage": True}}


class Streams:
    """Those of one endpoint, of one sort."""

    def __init__(self, http: Http, ways: Ways, *, asks_usage: bool) -> None:
        self._http = http
        self._ways = ways
        self._asks_usage = asks_usage

    async def events(self, asked: Asked) -> AsyncGenerator[Answer | None, None]:
        """See `Http.stream`."""

        def stream(more: Mapping[str, object]) -> AsyncGenerator[Answer | None, None]:
            sent = {**asked.body, **self._ways.fields, **more}
            return self._http.stream(replace(asked, body=sent))

        try:
            async with aclosing(stream(_ASKING if self._asks_usage else {})) as events:
                async for event in events:
                    yield event
        except Empty:
            if self._ways.refuses_silently:
                # Asked for a whole answer, of one token, it tells the reason.
                whole = {**asked.body, "stream": False, "max_tokens": 1}
                with suppress(Unreachable, Unexpected):
                    await self._http.post(asked.url, whole, asked.priority)
            raise
        except Refused as error:
            unknown = error.status in _UNKNOWN_FIELD and not error.too_long
            if not (unknown and self._asks_usage):
                raise
            # It may be the one field that some endpoints don't know. Nothing was answered yet.
            async with aclosing(stream({})) as events:
                async for event in events:
                    self._asks_usage = False
                    yield event
