"""What a GGUF file says of its model, without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lsp_server.errors import ModelUnusable
from lsp_server.models.gguf_format import Contents, parse


@dataclass(frozen=True, slots=True)
class Header:
    """What decides whether and how a model runs. Missing texts are empty, missing counts 0."""

    name: str
    layers: int
    context_length: int
    """Tokens that the model was trained on at once."""
    kv_numbers_per_token: int
    """Numbers that a token puts into the key-value cache, over all layers."""
    heads: int
    """Of attention, in one layer; the most where layers differ."""
    vocabulary: int
    """Tokens that there are."""
    weight_bytes: int
    """Of all tensors; the file's size if some are of a type that is not known here."""
    repacked_bytes: int
    """Of the tensors that llama.cpp copies, rearranged, when they are multiplied by a processor."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokenizer's tables. A token's id is its place in `tokens`."""

    pre: str
    tokens: list[str]
    merges: list[str]


def read_header(path: Path) -> Header:
    """Read the header of the file at `path`.

    Raises ModelUnusable if the file can't be read, is not GGUF, is damaged or is cut short.
    """
    contents = parse(path)
    size = path.stat().st_size
    missing = contents.required_bytes - size
    if missing > 0:
        raise ModelUnusable(
            f"{path} is cut short: {missing:,} of {contents.required_bytes:,} bytes are missing; "
            "fetch it again with `fimble models pull`."
        )
    return _header(contents, size)


def read_vocabulary(path: Path) -> Vocabulary:
    """Read the tokenizer's tables from the file at `path`. Raises ModelUnusable."""
    key = "tokenizer.ggml.{}".format
    contents = parse(path, frozenset(map(key, ("tokens", "merges"))))
    return Vocabulary(
        pre=_text(contents, key("pre")),
        tokens=_texts(contents, key("tokens")),
        merges=_texts(contents, key("merges")),
    )


def _header(contents: Contents, file_bytes: int) -> Header:
    architecture = _text(contents, "general.architecture")

    def count(key: str) -> int:
        return _count(contents, f"{architecture}.{key}")

    layers = count("block_count")
    heads = count("attention.head_count") or max(
        _counts(contents, f"{architecture}.attention.head_count"), default=0
    )
    kv_heads = _counts(contents, f"{architecture}.attention.head_count_kv")
    if not kv_heads:
        kv_heads = [count("attention.head_count_kv") or heads]
    all_kv_heads = sum(kv_heads) if len(kv_heads) > 1 else kv_heads[0] * layers
    head_length = count("embedding_length") // heads if heads else 0
    key_length = count("attention.key_length") or head_length
    value_length = count("attention.value_length") or head_length
    sizes = [tensor.bytes for tensor in contents.tensors]
    return Header(
        name=_text(contents, "general.name"),
        layers=layers,
        context_length=count("context_length"),
        kv_numbers_per_token=all_kv_heads * (key_length + value_length),
        heads=heads,
        vocabulary=_vocabulary_size(contents),
        weight_bytes=sum(sizes) if all(sizes) else file_bytes,
        repacked_bytes=sum(
            tensor.bytes
            for tensor in contents.tensors
            if tensor.type in _REPACKED and len(tensor.shape) == 2 and tensor.name != _EMBEDDING
        ),
    )


def _vocabulary_size(contents: Contents) -> int:
    """Rows of the table of embeddings, which has one for each token."""
    shapes = (tensor.shape for tensor in contents.tensors if tensor.name == _EMBEDDING)
    return next((shape[1] for shape in shapes if len(shape) == 2), 0)


def _text(contents: Contents, key: str) -> str:
    value = contents.metadata.get(key)
    return value if isinstance(value, str) else ""


def _texts(contents: Contents, key: str) -> list[str]:
    value = contents.metadata.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _count(contents: Contents, key: str) -> int:
    value = contents.metadata.get(key)
    return value if isinstance(value, int) and 0 <= value <= _MAX_COUNT else 0


def _counts(contents: Contents, key: str) -> list[int]:
    value = contents.metadata.get(key)
    return [item for item in value if isinstance(item, int)] if isinstance(value, list) else []


_MAX_COUNT = 1 << 40
_EMBEDDING = "token_embd.weight"
"""Rows of it are looked up, so it is left as it is."""
_REPACKED = {2, 12}
"""Q4_0 and Q4_K: what was seen to be copied on x86 with AVX2."""
