"""Put placeholders where credentials stand in a text that leaves the machine or is stored.

A placeholder is a word, `MASKED_` and eight digits, that is the same for the same secret as long
as the process lives, wherever and in whatever order secrets are met: what a server has cached of a
prompt stays true. It is made with a key that is thrown away with the process, so it tells nothing
of a secret, not even whether two processes saw the same.

Lines are looked at one by one and remembered: of a prompt that has grown by a key, one line is new.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lsp_server.workspace.guesses import guessed
from lsp_server.workspace.secrets import marks, tokens

REMEMBERED_LINES = 32768
REMEMBERED_LENGTH = 512
"""Characters; longer lines are looked at each time."""
PLACEHOLDER = re.compile(r"\bMASKED_[0-9a-f]{8}\b")

Span = tuple[int, int]

_REMEMBERED: dict[str, tuple[Span, ...]] = {}
_KEY = os.urandom(32)
_BEGIN = re.compile(r"PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY")
_BODY = re.compile(r"[A-Za-z0-9+/=\s\\\"',#*:.()-]*")
_TAIL = re.compile(r"[A-Za-z0-9+/=\s\\\"',#*]*")
_ENCODED = re.compile(r"[A-Za-z0-9+/=]{40}")
_LONGEST_KEY = 16384
"""Characters of a key."""


def masked(text: str) -> str:
    """The text with placeholders for its credentials."""
    return replaced(text, spans(text))


def masked_values(value: Any, mask: Callable[[str], str] = masked) -> Any:
    """The same of all texts in a JSON value; the names in its objects stay."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {name: masked_values(each, mask) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [each if type(each) is int else masked_values(each, mask) for each in value]
    return value


def restored(text: str, source: str) -> str:
    """The text with the credentials of `source` where it has placeholders for them."""
    if not PLACEHOLDER.search(text):
        return text
    known = {placeholder(source[start:end]): source[start:end] for start, end in spans(source)}
    return PLACEHOLDER.sub(lambda match: known.get(match[0], match[0]), text)


def placeholder(secret: str) -> str:
    """What stands for a secret."""
    digest = hmac.digest(_KEY, secret.encode("utf-8", "surrogatepass"), "sha256")
    return f"MASKED_{digest[:4].hex()}"


def replaced(text: str, found: Iterable[Span]) -> str:
    """The text with placeholders in the place of spans, which are in order and apart."""
    parts, done = [], 0
    for start, end in found:
        parts += [text[done:start], placeholder(text[start:end])]
        done = end
    return "".join([*parts, text[done:]]) if done else text


def spans(text: str) -> list[Span]:
    """Where credentials stand: start and end of each, in order and apart."""
    found = list(_keys(text)) if "PRIVATE KEY" in text else []
    lines = text.split("\n")
    at = 0
    for line, inside in zip(lines, _in_lines(lines), strict=True):
        if inside:
            found += [(at + start, at + end) for start, end in inside]
        at += len(line) + 1
    return _apart(found)


def _in_lines(lines: Sequence[str]) -> list[tuple[Span, ...]]:
    """What stands in each line."""
    known = list(map(_REMEMBERED.get, lines))
    new = {line for line, spans in zip(lines, known, strict=True) if spans is None}
    if not new:
        return [spans or () for spans in known]
    found = marks("\n".join(new))
    looked = {line: tuple(_apart([*tokens(line, found), *guessed(line)])) for line in new}
    if len(_REMEMBERED) + len(looked) > REMEMBERED_LINES:
        _REMEMBERED.clear()  # threads that look meanwhile have what they need
    _REMEMBERED.update({k: v for k, v in looked.items() if len(k) <= REMEMBERED_LENGTH})
    return [
        looked[line] if spans is None else spans for line, spans in zip(lines, known, strict=True)
    ]


def _keys(text: str) -> Iterable[Span]:
    """What stands between the first and the last line of private keys, also of those cut off."""
    done = 0
    for begin in _BEGIN.finditer(text):
        start = begin.end()
        if start < done or "END" in text[max(0, begin.start() - 30) : begin.start()]:
            continue
        end = _END.search(text, start, start + _LONGEST_KEY)
        stop = end.start() if end else _body_end(text, start)
        if _ENCODED.search(text, start, stop):
            yield start, stop
            done = stop
    for end in _END.finditer(text):
        if end.start() > done and not _BEGIN.search(text, done, end.start()):
            before = text[max(done, end.start() - _LONGEST_KEY) : end.start()]
            tail = _TAIL.match(before[::-1])
            size = tail.end() if tail else 0
            if _ENCODED.search(before, len(before) - size):
                yield end.start() - size, end.start()
        done = max(done, end.end())


def _body_end(text: str, start: int) -> int:
    body = _BODY.match(text, start, start + _LONGEST_KEY)
    return body.end() if body else start


def _apart(found: Sequence[Span]) -> list[Span]:
    """Spans in order, those that overlap made one."""
    merged: list[Span] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
