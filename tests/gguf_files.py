"""Small GGUF files for tests: written by the specification, independently of the reader."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

Metadata = Mapping[str, bool | int | float | str | Sequence[str] | Sequence[int]]

F32 = 0
ALIGNMENT = 32

QWEN: Metadata = {
    "general.architecture": "qwen2",
    "general.name": "Tiny Coder",
    "general.file_type": 15,
    "qwen2.block_count": 2,
    "qwen2.context_length": 4096,
    "qwen2.embedding_length": 64,
    "qwen2.attention.head_count": 4,
    "qwen2.attention.head_count_kv": 2,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen2",
    "tokenizer.ggml.tokens": ["a", "b", "ab", "<|fim_prefix|>"],
    "tokenizer.ggml.token_type": [1, 1, 1, 3],
    "tokenizer.ggml.merges": ["a b"],
    "tokenizer.chat_template": "{{ messages }}",
}


def write(
    path: Path,
    metadata: Metadata = QWEN,
    tensors: Mapping[str, tuple[int, ...]] | None = None,
    *,
    version: int = 3,
) -> Path:
    """Write a GGUF file whose tensors (name -> shape) are zeros in F32; return its path."""
    tensors = {"token_embd.weight": (64, 4)} if tensors is None else tensors
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    head += b"".join(text(key) + value(item) for key, item in metadata.items())
    data = b""
    for name, shape in tensors.items():
        data += bytes(-len(data) % ALIGNMENT)
        head += text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head += struct.pack("<IQ", F32, len(data))
        elements = 1
        for length in shape:
            elements *= length
        data += bytes(4 * elements)
    path.write_bytes(head + bytes(-len(head) % ALIGNMENT) + data)
    return path


def text(string: str) -> bytes:
    """A string as GGUF stores it."""
    raw = string.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(item: bool | int | float | str | Sequence[str] | Sequence[int]) -> bytes:
    """A metadata value with its type."""
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, str):
        return struct.pack("<I", 8) + text(item)
    body = b"".join(
        text(part) if isinstance(part, str) else struct.pack("<i", part) for part in item
    )
    kind = 8 if item and isinstance(item[0], str) else 5
    return struct.pack("<IIQ", 9, kind, len(item)) + body
