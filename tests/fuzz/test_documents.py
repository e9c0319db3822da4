"""The document store against an oracle that works on the plain string and on encoded bytes.

The oracle knows the protocol's rules only; it shares no code with the store. FIMBLE_FUZZ_EDITS
sets how many random edits are made.
"""

import os
import random
import re

import pytest
from lsprotocol import types as lsp

from lsp_server.core.text import Encoding, Text
from lsp_server.edge.documents import Documents

EDITS = int(os.environ.get("FIMBLE_FUZZ_EDITS", "10000"))
EDITS_A_DOCUMENT = 50
URI = "file:///fuzz.py"

ALPHABETS = {
    "lf": ["a", "bc", "\n", "\n\n"],
    "crlf": ["a", "bc", "\r\n", "\r", "\n"],
    "cr": ["a", "bc", "\r", "\r\r", "\n"],
    "form feed": ["a", "\f", "\n"],
    "line separator": ["a", "\u2028", "\r\n"],
    "next line": ["a", "\x85", "\n"],
    "vertical tab": ["a", "\v", "\r"],
    "file separator": ["a", "\x1c", "\r\n"],
    "byte order mark": ["a", "\ufeff", "\n"],
    "combining": ["e\u0301", "a", "\u0323", "\r\n"],
    "emoji": ["\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "a", "\n"],
    "astral": ["\U00010400", "\U0010ffff", "\uffff", "é", "a", "\r\n"],
}
CODECS = {
    Encoding.UTF8: ("utf-8", 1),
    Encoding.UTF16: ("utf-16-le", 2),
    Encoding.UTF32: ("utf-32-le", 4),
}


def oracle_lines(text: str) -> list[tuple[int, int]]:
    """Start and end of each line, without its ending, as offsets in the string."""
    lines, start = [], 0
    for ending in re.finditer("\r\n|\n|\r", text):
        lines.append((start, ending.start()))
        start = ending.end()
    return [*lines, (start, len(text))]


def oracle_offset(text: str, position: lsp.Position, encoding: Encoding) -> int:
    """Where the position is in the encoded text, in bytes."""
    codec, width = CODECS[encoding]
    lines = oracle_lines(text)
    if position.line >= len(lines):
        return len(text.encode(codec))
    start, end = (len(text[:at].encode(codec)) for at in lines[position.line])
    offset = min(start + position.character * width, end)
    while not decodes(text.encode(codec)[start:offset], codec):
        offset -= width
    return offset


def decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def oracle_change(text: str, change: lsp.TextDocumentContentChangeEvent, encoding: Encoding) -> str:
    if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
        return change.text
    codec, _ = CODECS[encoding]
    data = text.encode(codec)
    ends = (oracle_offset(text, at, encoding) for at in (change.range.start, change.range.end))
    start, end = sorted(ends)
    return (data[:start] + change.text.encode(codec) + data[end:]).decode(codec)


def random_text(rng: random.Random, alphabet: list[str], most: int) -> str:
    return "".join(rng.choices(alphabet, k=rng.randrange(most)))


def random_position(rng: random.Random, text: str) -> lsp.Position:
    lines = oracle_lines(text)
    line = rng.randrange(len(lines))
    start, end = lines[line]
    character = rng.randrange(2 * (end - start) + 3)  # beyond the line's end now and then
    if rng.random() < 0.05:
        line = rng.choice([len(lines), len(lines) + 5, 2**31 - 1])
    if rng.random() < 0.05:
        character = 2**31 - 1
    return lsp.Position(line, character)


def random_change(
    rng: random.Random, text: str, alphabet: list[str]
) -> lsp.TextDocumentContentChangeEvent:
    if rng.random() < 0.03:
        return lsp.TextDocumentContentChangeWholeDocument(random_text(rng, alphabet, 80))
    start = random_position(rng, text)
    kind = rng.random()
    if kind < 0.3:
        end = start
    elif kind < 0.6:
        end = lsp.Position(start.line, min(start.character + rng.randrange(4), 2**31 - 1))
    else:
        end = random_position(rng, text)  # reversed half of the time
    most = 6 if len(text) > 150 else 40
    return lsp.TextDocumentContentChangePartial(
        lsp.Range(start, end), random_text(rng, alphabet, most)
    )


def check_positions(rng: random.Random, text: Text, plain: str, encoding: Encoding) -> None:
    codec, width = CODECS[encoding]
    position = random_position(rng, plain)
    offset = oracle_offset(plain, position, encoding)
    before = plain.encode(codec)[:offset].decode(codec)
    point = text.point(position.line, position.character, encoding)
    line_start = oracle_lines(plain)[point.row][0]
    assert text.slice(type(point)(0, 0), point) == before
    assert text.byte_offset(point) == len(before.encode())
    assert (
        text.character(point, encoding)
        == len(plain[line_start : len(before)].encode(codec)) // width
    )


@pytest.mark.parametrize("encoding", list(Encoding), ids=lambda encoding: encoding.value)
@pytest.mark.parametrize("name", ALPHABETS)
async def test_store_agrees_with_the_oracle(name: str, encoding: Encoding) -> None:
    rng = random.Random(f"{name} {encoding.value}")
    alphabet = ALPHABETS[name]
    documents, edits, share = Documents(), 0, -(-EDITS // (len(ALPHABETS) * len(CODECS)))
    while edits < share:
        plain, version, opened_at = random_text(rng, alphabet, 80), 1, edits
        documents.open(URI, "python", version, plain)
        while edits < min(share, opened_at + EDITS_A_DOCUMENT):
            changes = []
            for _ in range(min(rng.randint(1, 5), share - edits)):
                changes.append(random_change(rng, plain, alphabet))
                plain = oracle_change(plain, changes[-1], encoding)
            edits += len(changes)
            version += 1
            documents.change(URI, version, changes, encoding)
            snapshot = documents.get(URI)
            assert (snapshot.version, str(snapshot.text)) == (version, plain)
            assert [line.rstrip("\r\n") for line in snapshot.text.lines] == [
                plain[start:end] for start, end in oracle_lines(plain)
            ]
            check_positions(rng, snapshot.text, plain, encoding)
            if rng.random() < 0.2:
                syntax = (await documents.with_syntax(snapshot)).syntax
                assert syntax and syntax.data == plain.encode()
        documents.close(URI)
    assert edits == share
