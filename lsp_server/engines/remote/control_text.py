"""Text that a server may take for a control token must not reach it as the user's text.

Where a prompt travels as text, `<|im_start|>` in a source file would act as one. Such a text can't
be escaped. Around a cursor it is never altered: what is sent is the part between the nearest such
places. In a chat, of which nothing may be left out, a space in it breaks it up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_LOOKS_LIKE_CONTROL = "|".join(
    (
        r"<\|[^\s|<>]{1,64}\|>",  # Qwen, Llama 3, Granite, Phi
        r"<｜[^\s｜<>]{1,64}｜>",  # DeepSeek
        r"<\[[^\s\[\]<>]{1,64}\]>",  # Seed-Coder
        r"</?s>|\[/?INST\]|<</?SYS>>",  # Llama 2, Mistral
        r"\[(?:PREFIX|MIDDLE|SUFFIX|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]",  # Mistral
        r"</?fim[_-]\w+>|<(?:file_sep|filename|repo_name|reponame)>",  # StarCoder, SantaCoder
        r"▁?<(?:PRE|SUF|MID|EOT)>",  # CodeLlama
        r"<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>",  # Gemma
    )
)


_PATTERN = re.compile(_LOOKS_LIKE_CONTROL)


def broken_up(text: str) -> str:
    """The text with a space before the last character of all that looks like a control token."""
    return _PATTERN.sub(lambda match: f"{match[0][:-1]} {match[0][-1]}", text)


def between(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of `text[start:end]` between all that looks like a control token."""
    for match in _PATTERN.finditer(text, start, end):
        if start < match.start():
            yield start, match.start()
        start = match.end()
    if start < end:
        yield start, end


def cut(prefix: str, suffix: str, spellings: Iterable[str]) -> tuple[str, str]:
    """The parts of prefix and suffix next to the cursor that hold no control text.

    Control text is one of `spellings`, or anything that looks like a control token of some model.
    """
    listed = [re.escape(spelling.strip()) for spelling in spellings]
    pattern = re.compile("|".join([*listed, _LOOKS_LIKE_CONTROL]))
    start = max((match.end() for match in pattern.finditer(prefix)), default=0)
    first = pattern.search(suffix)
    return prefix[start:], suffix[: first.start()] if first else suffix
