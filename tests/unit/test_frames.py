"""Messages in a stream of bytes."""

from __future__ import annotations

import asyncio

import pytest

from lsp_server.edge.frames import bodies
from lsp_server.errors import UsageError


async def read(data: bytes) -> list[bytes]:
    reader = asyncio.StreamReader(limit=1024)
    reader.feed_data(data)
    reader.feed_eof()
    return [body async for body in bodies(reader)]


async def test_bodies_are_cut_out_of_the_stream() -> None:
    data = b"Content-Length: 2\r\n\r\n{}Content-Length: 0\r\n\r\nContent-Length: 5\r\n\r\n\r\n\r\n1"
    assert await read(data) == [b"{}", b"", b"\r\n\r\n1"]


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 2\r\n\r\n",
        b"Content-Length:2\n\n",
        b"Content-Length: 0000000000002 \r\nContent-Type: x\r\n\r\n",
        b"Content-Type: a: b\r\nCONTENT-LENGTH : 2\r\n\r\n",
    ],
)
async def test_headers_may_be_written_in_other_ways(head: bytes) -> None:
    assert await read(head + b"[]" + head + b"{}") == [b"[]", b"{}"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Content-Le",
        b"Content-Length: 50",
        b"Content-Length: 50\r\n",
        b"Content-Length: 50\r\n\r\n",
        b"Content-Length: 50\r\n\r\n{",
    ],
)
async def test_a_stream_may_end_within_a_message(data: bytes) -> None:
    assert await read(b"Content-Length: 2\r\n\r\n{}" + data) == [b"{}"]


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: five\r\n\r\n",
        b"Content-Length: 5.5\r\n\r\n",
        b"Content-Length:\r\n\r\n",
        b"Content-Length: " + b"9" * 500 + b"\r\n\r\n",
        b"Content-Length: 268435457\r\n\r\n",
        b"Content-Type: text\r\n\r\n",
        b"\r\n",
        b"no header\r\n",
        b"x" * 5000,
    ],
)
async def test_an_unreadable_header_is_the_end(data: bytes) -> None:
    with pytest.raises(UsageError, match="without a usable Content-Length"):
        await read(data)
