"""Counting tokens without asking the engine.

The engine's own vocabulary is the authority. For byte-level BPE vocabularies (GPT-2's kind, which
nearly all Coder models use) tiktoken counts from the same vocabulary, offline and in-process; for
others and for remotes whose vocabulary is unknown there is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

Counter = Callable[[str], int]
"""Number of tokens in a text that holds no control tokens."""

_SLICE = 100_000
"""Characters counted at once; a run of spaces ten times as long is too much for the splitter."""


def estimate(text: str) -> int:
    """Tokens by a rule of thumb that errs upwards for code: three characters a token."""
    return -(-len(text) // 3)


def first_lines(text: str, room: int, rest: str) -> str:
    """The first lines, as many as fit into about `room` tokens, and then `rest` if some don't."""
    if estimate(text) <= room:
        return text
    kept: list[str] = []
    for line in text.split("\n"):
        room -= estimate(f"{line}\n")
        if room < 0:
            break
        kept.append(line)
    return "\n".join([*kept, rest])


def bpe_counter(tokens: Sequence[str], merges: Sequence[str], pre: str) -> Counter | None:
    """A counter from a vocabulary; parameters and None as in `bpe_encoding`."""
    encoding = bpe_encoding(tokens, merges, pre)
    if encoding is None:
        return None
    return lambda text: sum(
        len(encoding.encode_ordinary(text[start : start + _SLICE]))
        for start in range(0, len(text), _SLICE)
    )


def bpe_encoding(
    tokens: Sequence[str], merges: Sequence[str], pre: str
) -> tiktoken.Encoding | None:
    """A tiktoken encoding that splits plain text as llama.cpp does with this vocabulary.

    `tokens` are spelled with GPT-2's characters for bytes, in the order of their ids; `merges` are
    pairs ("t h"), first the one that goes first; `pre` names the split (`tokenizer.ggml.pre`).
    Control tokens are no part of the encoding, so no text can become one; nor are the few tokens
    that llama.cpp finds even in plain text (type 4, Qwen's "<tool_call>").

    The ids are the model's own where they follow the order of the merges, as all vocabularies seen
    so far do; elsewhere they are good for counting only. None if the split is not known here or
    the tables are not a byte-level BPE vocabulary.
    """
    pattern = _pattern(pre)
    ranks = _ranks(tokens, merges) if pattern else None
    if pattern is None or ranks is None:
        return None
    import tiktoken

    return tiktoken.Encoding(pre, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def _ranks(tokens: Sequence[str], merges: Sequence[str]) -> dict[bytes, int] | None:
    """Each ordinary token's bytes -> rank; None if this is not a byte-level vocabulary."""
    if not merges:
        return None
    characters = _byte_characters()
    ids = {token: number for number, token in enumerate(tokens)}
    merged = list(dict.fromkeys(merge.replace(" ", "", 1) for merge in merges))
    try:
        numbers = [ids[token] for token in merged]
        spellings = [bytes(map(characters.__getitem__, token)) for token in merged]
    except KeyError:
        return None
    if any(a >= b for a, b in pairwise(numbers)):
        numbers = list(range(len(tokens), len(tokens) + len(merged)))
    # Bytes that are in no UTF-8 text are missing in some vocabularies; tiktoken wants them all.
    ranks = {
        bytes([byte]): ids.get(character, _MISSING + byte) for character, byte in characters.items()
    }
    return ranks | dict(zip(spellings, numbers, strict=True))


def _byte_characters() -> dict[str, int]:
    """GPT-2's character for each byte: printable Latin-1 is itself, the rest follow from U+0100."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = (byte for byte in range(256) if byte not in printable)
    return {chr(byte): byte for byte in printable} | {
        chr(0x100 + number): byte for number, byte in enumerate(others)
    }


def _pattern(pre: str) -> str | None:
    """The regular expression that cuts text into pieces, inside which tokens are merged.

    The splits are those of llama.cpp (`llama-vocab.cpp`). Where that applies several expressions,
    each to what the ones before it left over, they are written as one here.
    """
    return next((pattern for names, pattern in _PATTERNS.items() if pre in names), None)


_MISSING = 1 << 30
"""Ranks from here on are no ids of the model."""

_CONTRACTION = "'(?:[sSdDmMtT]|[rR][eE]|[vV][eE]|[lL][lL])"
_WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_SIGNS = r" ?[^\s\p{L}\p{N}]+"
_SPACES = r"\s+(?!\S)|\s+"
_GPT2 = "'(?:[sdmt]|re|ve|ll)"
_CJK = r"[\x{0800}-\x{4E00}\x{4E00}-\x{9FA5}\x{AC00}-\x{D7FF}]"
_NO_WORD = r"(?!\s?[\p{L}\p{P}])"

_PATTERNS: dict[tuple[str, ...], str] = {
    ("qwen2", "deepseek-r1-qwen"): (
        rf"{_CONTRACTION}|{_WORDS}|\p{{N}}|{_SIGNS}[\r\n]*|\s*[\r\n]+|{_SPACES}"
    ),
    ("llama-bpe", "llama3"): (
        rf"{_CONTRACTION}|{_WORDS}|\p{{N}}{{1,3}}|{_SIGNS}[\r\n]*|\s*[\r\n]+|{_SPACES}"
    ),
    ("seed-coder",): (
        rf"{_CONTRACTION}|{_WORDS}|\p{{N}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|\s*[\r\n]+|{_SPACES}"
    ),
    ("gpt-2", "mellum"): rf"{_GPT2}| ?\p{{L}}+| ?\p{{N}}+|{_SIGNS}|{_SPACES}",
    ("starcoder", "refact", "command-r", "smollm", "codeshell", "mellum2"): (
        rf"\p{{N}}|{_GPT2}| ?\p{{L}}+|{_SIGNS}|\s+(?=\p{{N}})|{_SPACES}"
    ),
    ("deepseek-coder",): (
        rf"[\r\n]|[^\S\r\n]?\p{{L}}+|[^\S\r\n]?\p{{P}}+|\p{{N}}"
        rf"|(?:{_NO_WORD}{_CJK})+|(?:{_NO_WORD}[^\r\n\p{{N}}])+"
    ),
}


def fit(prefix: list[int], suffix: list[int], room: int) -> tuple[list[int], list[int]]:
    """Cut tokens at the far ends of prefix and suffix so that both fit into `room` tokens.

    The suffix gets at most a quarter unless the prefix leaves more. The window was already chosen
    to fit; this is the exact bound behind that estimate.
    """
    if len(prefix) + len(suffix) <= room:
        return prefix, suffix
    suffix = suffix[: max(room // 4, room - len(prefix))]
    return prefix[max(0, len(prefix) - (room - len(suffix))) :], suffix
