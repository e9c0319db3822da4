"""Places in the code that a printed error names: of Python, Node, TypeScript, Rust and Go."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_server.core.uris import path_of

MAX_FRAMES = 500
"""Recursion prints thousands; those that are the innermost count."""
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PATH = r"(?P<path>(?:[A-Za-z]:|file://)?[^\s:()\"'][^:()\"'\n]*?)"
_DOTTED = r"(?P<path>(?:[A-Za-z]:)?(?=[^\s:()\"']*[./\\])[^\s:()\"']+)"

_INNERMOST_LAST: tuple[str, ...] = (
    r'^[ \t]*(?:E[ ]+)?File "(?P<path>[^"\n]+)", line (?P<line>\d{1,9})',  # Python
    r"^(?P<path>\S[^:\n]*\.py):(?P<line>\d{1,9}): (?:in \S+|\w*)$",  # pytest
)
_INNERMOST_FIRST: tuple[str, ...] = (
    rf"^[ \t]+at (?:.*?\()?{_PATH}:(?P<line>\d{{1,9}}):\d+\)?$",  # Node; a panic of Rust
    rf"^{_DOTTED}:(?P<line>\d{{1,9}})$",  # where Node says it was thrown
    rf"panicked at (?:'.{{0,500}}', )?{_PATH}:(?P<line>\d{{1,9}}):\d+",
    rf"^[ \t]*--> {_PATH}:(?P<line>\d{{1,9}}):\d+",  # rustc, ruff
    r"^[ \t]+(?P<path>\S+\.go):(?P<line>\d{1,9})(?: \+0x[0-9a-f]+)?$",
    rf"^{_PATH}\((?P<line>\d{{1,9}}),\d+\): (?:error|warning)",  # tsc
    rf"^[ \t]*{_DOTTED}:(?P<line>\d{{1,9}}):(?:\d+:?)? ",  # most compilers
)
_LAST, _FIRST = (
    tuple(re.compile(each, re.MULTILINE) for each in table)
    for table in (_INNERMOST_LAST, _INNERMOST_FIRST)
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A line of a file."""

    path: str
    """As it is told."""
    line: int
    """From 1."""


def plain(output: str) -> str:
    """What a tool printed, without colours, and with lines that end with `\\n`."""
    return _ESCAPE.sub("", output).replace("\r\n", "\n")


def frames(text: str) -> list[Frame]:
    """The places that an error names, the innermost first, each once.

    Of several errors those of the last one of Python come first, and else those of the first one.
    """
    text = plain(text)
    last = sorted(_found(text, _LAST), reverse=True)
    first = sorted(_found(text, _FIRST))
    return list(dict.fromkeys(frame for _, frame in [*last, *first]))[:MAX_FRAMES]


def _found(text: str, patterns: tuple[re.Pattern[str], ...]) -> list[tuple[int, Frame]]:
    return [
        (match.start(), Frame(_local(match["path"]), int(match["line"])))
        for pattern in patterns
        for match in pattern.finditer(text)
    ]


def _local(path: str) -> str:
    """A path that is told as a URI, or without its beginning."""
    return str(path_of(path) or path) if path.startswith("file:") else path
