"""Counting tokens without asking the engine.

The engine's own vocabulary is the authority. For byte-level BPE vocabularies (GPT-2's kind, which
nearly all Coder models use) tiktoken counts from the same vocabulary, offline and in-process; for
others and for remotes whose vocabulary is unknown there is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable

Counter = Callable[[str], int]
"""Number of tokens in a text that holds no control tokens."""


def estimate(text: str) -> int:
    """Tokens by a rule of thumb that errs upwards for code: three characters a token."""
    return -(-len(text) // 3)
