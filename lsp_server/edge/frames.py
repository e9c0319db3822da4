"""Messages as they stand in a stream of bytes: headers, an empty line, a body.

pygls has a loop for this, but it goes on after a header that it can't read. As bodies don't end in
a line end, it would never find the start of a message again, and be deaf without a word.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import Protocol

from lsp_server.errors import UsageError

LARGEST_BYTES = 2**28
"""A longer message is a mistake; the editors' limits on files are lower."""


class Reader(Protocol):
    """What is read from: `asyncio.StreamReader`, or pygls's for standard input."""

    def readline(self) -> Awaitable[bytes]:
        """The next line with its end, or without if the stream ends there."""
        ...

    def readexactly(self, n: int) -> Awaitable[bytes]:
        """So many bytes; fewer, or EOFError, if the stream ends before."""
        ...


class Writer(Protocol):
    """What is written to: `asyncio.StreamWriter`, or pygls's for standard output."""

    def write(self, data: bytes) -> None:
        """Send, now or soon."""
        ...

    def close(self) -> None:
        """End the stream."""
        ...


class QuietWriter:
    """A writer to which a client that reads no more is no error: there is nobody to tell it to.

    Such a client says `exit`, or its stream ends, and with it the session.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Send, if anybody listens."""
        with suppress(ConnectionError):
            self._writer.write(data)

    def close(self) -> None:
        """End the stream."""
        with suppress(ConnectionError):
            self._writer.close()


async def bodies(reader: Reader) -> AsyncIterator[bytes]:
    """Yield each message's body until the stream ends, be it within a message.

    Raises UsageError if it can't be told where a message ends.
    """
    while (length := await _length(reader)) is not None:
        try:
            body = await reader.readexactly(length)
        except EOFError:
            return
        if len(body) < length:
            return
        yield body


async def _length(reader: Reader) -> int | None:
    """Read headers and the empty line behind them; None at the end of the stream."""
    length = None
    while (line := await _line(reader)).endswith(b"\n"):
        if not line.strip():
            if length is None:
                raise _unreadable()
            return length
        name, colon, value = line.partition(b":")
        if not colon:
            raise _unreadable()
        if name.strip().lower() == b"content-length":
            number = re.fullmatch(rb"\s*0*(\d{1,9})\s*", value)
            length = None if number is None else int(number[1])
            if length is None or length > LARGEST_BYTES:
                raise _unreadable()
    return None


async def _line(reader: Reader) -> bytes:
    try:
        return await reader.readline()
    except ValueError as error:  # so asyncio's reader says that a line is too long
        raise _unreadable() from error


def _unreadable() -> UsageError:
    return UsageError(
        "The client sent a message without a usable Content-Length, so the server can't tell where "
        "its messages begin and ends here; restart it, and report this to the client's makers."
    )
