"""Server-sent events: the data of each event, from bytes that come cut anywhere.

Source of the format: WHATWG HTML, "Server-sent events". Lines are cut as bytes, at line feeds and
carriage returns only: decoding first would cut the lines that str.splitlines sees, at U+2028 inside
a JSON text. Every completion server sends an event's data as one line, so a line is an event here;
comments (keep-alive) and other fields are passed over.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing

MAX_LINE_BYTES = 1 << 20


class LineTooLong(Exception):
    """A line without end: this is no event stream."""


async def events(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield the data of each event. Raises LineTooLong."""
    async with aclosing(lines(chunks)) as found:
        async for line in found:
            if line.startswith(b"data:"):
                yield line.removeprefix(b"data:").strip()


async def lines(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield each line that is not empty; Ollama sends a JSON text as one. Raises LineTooLong."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = re.split(rb"[\r\n]", rest + chunk)
        for line in filter(None, whole):
            yield line
        if len(rest) > MAX_LINE_BYTES:
            raise LineTooLong
