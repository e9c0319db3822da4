"""A model of 100 kilobytes that llama.cpp really loads, and whose every answer is known.

One layer, whose attention and feed-forward weights are zero, so the next token depends on the last
one only: the output row of a token is the embedding of the token it follows. The tokens form one
chain, from the last FIM marker through the bytes of `ANSWER` to the end of text.
"""

from __future__ import annotations

import random
import struct
from itertools import pairwise
from pathlib import Path

from tests import gguf_files

ANSWER = "abc dé🙂!"
"""What the model writes into every gap: each of its bytes is a token, and occurs once."""
WIDTH = 32
CONTEXT_TOKENS = 1024
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
FIM = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>")
NORMAL_TYPE, CONTROL_TYPE, USER_DEFINED_TYPE = 1, 3, 4


def write(path: Path, *, fim: bool = True, chat_template: str = "") -> Path:
    """Write the model to `path`, with Qwen's FIM markers in its vocabulary or without."""
    markers = FIM if fim else ()
    tokens = [*_byte_characters(), "th", "<tool_call>", *CONTROL, *markers]
    types = (
        [NORMAL_TYPE] * 257 + [USER_DEFINED_TYPE] + [CONTROL_TYPE] * (len(CONTROL) + len(markers))
    )
    metadata: gguf_files.Metadata = {
        "general.architecture": "llama",
        "general.name": "Tiny",
        "llama.block_count": 1,
        "llama.context_length": CONTEXT_TOKENS,
        "llama.embedding_length": WIDTH,
        "llama.feed_forward_length": WIDTH,
        "llama.attention.head_count": 1,
        "llama.attention.head_count_kv": 1,
        "llama.attention.layer_norm_rms_epsilon": 1e-6,
        "llama.rope.dimension_count": WIDTH,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.merges": ["t h"],
        "tokenizer.ggml.eos_token_id": tokens.index("<|endoftext|>"),
        "tokenizer.ggml.bos_token_id": tokens.index("<|endoftext|>"),
        "tokenizer.ggml.add_bos_token": False,
    }
    if chat_template:
        metadata = {**metadata, "tokenizer.chat_template": chat_template}
    end = tokens.index("<|endoftext|>")
    chain = [*ANSWER.encode(), end]
    if fim:
        chain.insert(0, tokens.index("<|fim_middle|>"))
    weights = _weights(len(tokens), chain)
    shapes = {name: shape for name, (shape, _) in weights.items()}
    gguf_files.write(path, metadata, shapes)
    # The writer puts zeros last and in order, and every tensor fills whole alignment units.
    numbers = [number for _, values in weights.values() for number in values]
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    with path.open("r+b") as file:
        file.seek(-len(data), 2)
        file.write(data)
    return path


def _weights(vocabulary: int, chain: list[int]) -> dict[str, tuple[tuple[int, ...], list[float]]]:
    chance = random.Random(1)
    embeddings = [[chance.choice((-1.0, 1.0)) for _ in range(WIDTH)] for _ in range(vocabulary)]
    output = [[0.0] * WIDTH for _ in range(vocabulary)]
    for before, after in pairwise(chain):
        output[after] = [number / 4 for number in embeddings[before]]  # likely, but not certain
    norm, square = ((WIDTH,), [1.0] * WIDTH), ((WIDTH, WIDTH), [0.0] * WIDTH**2)
    table = (WIDTH, vocabulary)
    return {
        "token_embd.weight": (table, [number for row in embeddings for number in row]),
        "output_norm.weight": norm,
        "output.weight": (table, [number for row in output for number in row]),
        "blk.0.attn_norm.weight": norm,
        "blk.0.ffn_norm.weight": norm,
    } | {
        f"blk.0.{name}.weight": square
        for name in (
            *("attn_q", "attn_k", "attn_v", "attn_output"),
            *("ffn_gate", "ffn_up", "ffn_down"),
        )
    }


def _byte_characters() -> list[str]:
    """GPT-2's character for each byte, in the order of the bytes."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]
