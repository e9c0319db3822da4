"""What a GGUF file says of its model, without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lsp_server.errors import ModelUnusable
from lsp_server.models.gguf_format import Contents, parse

FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M",
    30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4", 39: "NVFP4",
}  # fmt: skip
"""`general.file_type` -> name of the quantisation (`llama_ftype` in llama.h)."""


@dataclass(frozen=True, slots=True)
class Header:
    """What decides whether and how a model runs. Missing texts are empty, missing counts 0."""

    architecture: str
    name: str
    quantisation: str
    parameters: int
    layers: int
    context_length: int
    """Tokens that the model was trained on at once."""
    heads: int
    kv_heads: int
    """Key-value heads of a layer; the most, where layers differ."""
    kv_numbers_per_token: int
    """Numbers that a token puts into the key-value cache, over all layers."""
    tokenizer_model: str
    tokenizer_pre: str
    vocabulary_size: int
    has_chat_template: bool
    required_bytes: int
    """The least size of a complete file."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokenizer's tables. A token's id is its place in `tokens` and `types`."""

    model: str
    pre: str
    tokens: list[str]
    types: list[int]
    """1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte."""
    merges: list[str]


def read_header(path: Path) -> Header:
    """Read the header of the file at `path`.

    Raises ModelUnusable if the file can't be read, is not GGUF, is damaged or is cut short.
    """
    contents = parse(path)
    missing = contents.required_bytes - path.stat().st_size
    if missing > 0:
        raise ModelUnusable(
            f"{path} is cut short: {missing:,} of {contents.required_bytes:,} bytes are missing; "
            "fetch it again with `fimble models pull`."
        )
    return _header(contents)


def read_vocabulary(path: Path) -> Vocabulary:
    """Read the tokenizer's tables from the file at `path`. Raises ModelUnusable."""
    key = "tokenizer.ggml.{}".format
    contents = parse(path, frozenset(map(key, ("tokens", "token_type", "merges"))))
    return Vocabulary(
        model=_text(contents, key("model")),
        pre=_text(contents, key("pre")),
        tokens=_texts(contents, key("tokens")),
        types=_counts(contents, key("token_type")),
        merges=_texts(contents, key("merges")),
    )


def _header(contents: Contents) -> Header:
    architecture = _text(contents, "general.architecture")

    def count(key: str) -> int:
        return _count(contents, f"{architecture}.{key}")

    layers, heads = count("block_count"), count("attention.head_count")
    kv_heads = _counts(contents, f"{architecture}.attention.head_count_kv")
    if not kv_heads:
        kv_heads = [count("attention.head_count_kv") or heads]
    all_kv_heads = sum(kv_heads) if len(kv_heads) > 1 else kv_heads[0] * layers
    head_length = count("embedding_length") // heads if heads else 0
    key_length = count("attention.key_length") or head_length
    value_length = count("attention.value_length") or head_length
    return Header(
        architecture=architecture,
        name=_text(contents, "general.name"),
        quantisation=FILE_TYPES.get(_count(contents, "general.file_type", missing=-1), ""),
        parameters=contents.parameters,
        layers=layers,
        context_length=count("context_length"),
        heads=heads,
        kv_heads=max(kv_heads),
        kv_numbers_per_token=all_kv_heads * (key_length + value_length),
        tokenizer_model=_text(contents, "tokenizer.ggml.model"),
        tokenizer_pre=_text(contents, "tokenizer.ggml.pre"),
        vocabulary_size=contents.lengths.get("tokenizer.ggml.tokens", 0),
        has_chat_template="tokenizer.chat_template" in contents.metadata,
        required_bytes=contents.required_bytes,
    )


def _text(contents: Contents, key: str) -> str:
    value = contents.metadata.get(key)
    return value if isinstance(value, str) else ""


def _texts(contents: Contents, key: str) -> list[str]:
    value = contents.metadata.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _count(contents: Contents, key: str, *, missing: int = 0) -> int:
    value = contents.metadata.get(key)
    return value if isinstance(value, int) and 0 <= value <= _MAX_COUNT else missing


def _counts(contents: Contents, key: str) -> list[int]:
    value = contents.metadata.get(key)
    return [item for item in value if isinstance(item, int)] if isinstance(value, list) else []


_MAX_COUNT = 1 << 40
