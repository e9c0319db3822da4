"""What an answer must begin with, as a grammar for llama-server.

Source of the format: llama.cpp, grammars/README.md (GBNF).
"""

from __future__ import annotations

from collections.abc import Iterable

_OTHER = r"[^0-9A-Za-z_\x80-\U0010FFFF]"
"""What may stand behind a whole name; `.` stands for line ends too."""


def going_on_with(begun: str, names: Iterable[str]) -> str:
    """The texts that start with `begun`, then with one of the names, whole, if there are any."""
    spelled = " | ".join(_quoted(begun + name) for name in dict.fromkeys(names))
    return f"root ::= ({spelled}) ({_OTHER} .*)?" if spelled else f"root ::= {_quoted(begun)} .*"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
