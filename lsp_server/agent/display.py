r"""Text made safe to show: what can't be seen, or moves what can be seen, becomes an escape.

Commands, paths, diffs and outputs come from models, tools and files. A terminal obeys what is in
them, and an editor draws it: text that is reversed, hidden or painted over something else gets an
approval for what nobody has read. So each such character is shown as `\x1b` or `\u202e`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

MAX_MARKS = 8
"""Combining marks on one character; more of them cover the lines around it."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_SHOWN = frozenset(
    # Format characters that are drawn: signs of Arabic, Syriac and Kaithi numbers and verses.
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    # Spaces that can be told: the usual one, and the one of Chinese and Japanese.
    " \u3000"
)
_BLANK = re.compile(
    # Letters, marks and signs that nothing is drawn of, and variation selectors.
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)

_EMOJI = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_PART = f"{_EMOJI}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
_EMOJI_SEQUENCE = re.compile(
    f"{_PART}(?:\u200d{_PART}){{1,7}}|{_EMOJI}[\ufe0e\ufe0f]|[0-9#*]\ufe0f\u20e3"
)
"""Where a joiner or a selector is part of a picture, and says nothing by itself."""


def visible(text: str, *, keep: str = "\n\t") -> str:
    """The text with all that is invisible or steers a screen written as escapes.

    `keep` are control characters that stay. Scripts, accents and emoji stay as they are. A text
    that was made visible is not changed again; a backslash stays one, so that `\\x1b` may also
    have been written so.
    """
    if text.isascii():
        return text.translate(_table(keep))
    pieces: list[str] = []
    end = 0
    for emoji in _EMOJI_SEQUENCE.finditer(text):
        pieces += _thinned(text[end : emoji.start()]).translate(_table(keep)), emoji[0]
        end = emoji.end()
    pieces.append(_thinned(text[end:]).translate(_table(keep)))
    return "".join(pieces)


class _Table(dict[int, str]):
    """What each character becomes, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        hidden = unicodedata.category(character) in _HIDDEN and character not in _SHOWN
        self[code] = _escape(code) if hidden or _BLANK.match(character) else character
        return self[code]


@cache
def _table(keep: str) -> _Table:
    return _Table({ord(character): character for character in keep})


def _thinned(text: str) -> str:
    pieces: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        pieces.append(_escape(ord(character)) if marks > MAX_MARKS else character)
    return "".join(pieces)


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
