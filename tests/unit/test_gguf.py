"""GGUF headers: read exactly, and no file, however broken, does more than raise ModelUnusable."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest

from lsp_server.errors import ModelUnusable
from lsp_server.models import catalog, store
from lsp_server.models.gguf import read_header, read_vocabulary
from lsp_server.models.gguf_format import parse
from tests import gguf_files
from tests.gguf_files import QWEN


@pytest.mark.parametrize("version", [2, 3])
def test_header(tmp_path: Path, version: int) -> None:
    path = gguf_files.write(tmp_path / "m.gguf", version=version)
    header = read_header(path)
    assert header.name == "Tiny Coder"
    assert header.layers == 2
    assert header.context_length == 4096
    assert header.kv_numbers_per_token == 2 * 2 * (16 + 16)
    assert (header.heads, header.vocabulary) == (4, 4)
    assert (header.weight_bytes, header.repacked_bytes) == (64 * 4 * 4, 0)
    assert parse(path).required_bytes == path.stat().st_size


def test_key_value_heads_may_differ_between_layers(tmp_path: Path) -> None:
    metadata = {
        **QWEN,
        "qwen2.attention.head_count_kv": [1, 3],
        "qwen2.attention.key_length": 8,
        "qwen2.attention.value_length": 4,
    }
    header = read_header(gguf_files.write(tmp_path / "m.gguf", metadata))
    assert header.kv_numbers_per_token == (1 + 3) * (8 + 4)


def test_vocabulary(tmp_path: Path) -> None:
    vocabulary = read_vocabulary(gguf_files.write(tmp_path / "m.gguf"))
    assert vocabulary.tokens == ["a", "b", "ab", "<|fim_prefix|>"]
    assert vocabulary.merges == ["a b"]
    assert vocabulary.pre == "qwen2"


def test_tensors_are_measured_to_the_end_of_the_last(tmp_path: Path) -> None:
    path = gguf_files.write(tmp_path / "m.gguf", tensors={"a": (3,), "b": (5, 7)})
    assert parse(path).required_bytes == path.stat().st_size


def test_a_cut_file_says_how_much_is_missing(tmp_path: Path) -> None:
    path = gguf_files.write(tmp_path / "m.gguf")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelUnusable, match=r"cut short: 100 of .* missing; .*fimble models pull"):
        read_header(path)


def test_what_is_not_gguf_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    for content in (b"", b"GGU", b"PK\x03\x04" + bytes(100), b"<html>"):
        path.write_bytes(content)
        with pytest.raises(ModelUnusable, match="is not a GGUF file"):
            read_header(path)
    with pytest.raises(ModelUnusable, match="is not a file"):
        read_header(tmp_path)
    with pytest.raises(ModelUnusable, match="is not a file"):
        read_header(tmp_path / "missing.gguf")


HUGE = (1 << 64) - 1
ENTRY = gguf_files.text("k")


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<I", 3),
        struct.pack("<IQQ", 1, 0, 0),
        struct.pack(">IQQ", 3, 0, 0),
        struct.pack("<IQQ", 3, HUGE, 0),
        struct.pack("<IQQ", 3, 0, HUGE),
        struct.pack("<IQQQ", 3, 0, 1, HUGE),
        struct.pack("<IQQ", 3, 0, 1) + ENTRY + struct.pack("<IIQ", 9, 8, HUGE),
        struct.pack("<IQQ", 3, 0, 1) + ENTRY + struct.pack("<IIQ", 9, 4, 1 << 22),
        struct.pack("<IQQ", 3, 0, 1) + ENTRY + struct.pack("<IIQQ", 9, 8, 2, HUGE),
        struct.pack("<IQQ", 3, 0, 1) + ENTRY + struct.pack("<IIQ", 9, 9, 1),
        struct.pack("<IQQ", 3, 0, 1) + ENTRY + struct.pack("<I", 99),
        struct.pack("<IQQ", 3, 1, 0) + gguf_files.text("t") + struct.pack("<I", 1 << 31),
        struct.pack("<IQQ", 3, 1, 1)
        + gguf_files.text("general.alignment")
        + gguf_files.value(0)
        + bytes(64),
    ],
)
def test_hostile_headers_are_refused_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" + content)
    start = time.perf_counter()
    with pytest.raises(ModelUnusable, match=r"can't be used: .*fimble models pull"):
        read_header(path)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<IQQ", 3, 0, 1 << 27),
        struct.pack("<IQQ", 3, 1 << 27, 0),
        struct.pack("<IQQ", 3, 0, 1) + ENTRY + struct.pack("<IIQ", 9, 8, 1 << 27),
        struct.pack("<IQQ", 3, 0, 1) + ENTRY + struct.pack("<IIQ", 9, 0, 1 << 27),
        struct.pack("<IQQ", 3, 0, 1) + ENTRY + struct.pack("<IQ", 8, 1 << 31),
        struct.pack("<IQQ", 3, 1, 0) + ENTRY + struct.pack("<I", 1 << 24),
    ],
)
def test_counts_are_not_believed_even_if_the_file_is_large(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" + content)
    with path.open("r+b") as file:
        file.truncate(1 << 32)  # sparse
    start = time.perf_counter()
    with pytest.raises(ModelUnusable, match="header is damaged"):
        read_header(path)
    assert time.perf_counter() - start < 0.5


def test_absurd_figures_cost_no_memory(tmp_path: Path) -> None:
    metadata = {**QWEN, "qwen2.block_count": 0xFFFFFFFF, "qwen2.attention.head_count": 0}
    assert read_header(gguf_files.write(tmp_path / "m.gguf", metadata)).kv_numbers_per_token == 0


def test_damage_anywhere_never_does_more_than_raise(tmp_path: Path) -> None:
    path = gguf_files.write(tmp_path / "m.gguf")
    whole = path.read_bytes()
    chance = random.Random(1)
    for _ in range(1500):
        damaged = bytearray(whole[: chance.randrange(4, len(whole))])
        for _ in range(chance.randrange(4)):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 1, 0x7F, 0xFF))
        path.write_bytes(damaged)
        try:
            read_header(path)
            read_vocabulary(path)
        except ModelUnusable as error:
            assert "\n" not in str(error)


@pytest.mark.model
def test_the_real_model() -> None:
    model = catalog.find("qwen2.5-coder-0.5b")
    path = store.installed(model)
    assert path, "run `fimble models pull qwen2.5-coder-0.5b`"
    start = time.perf_counter()
    header = read_header(path)
    assert time.perf_counter() - start < 0.5
    assert parse(path).required_bytes == model.bytes
    assert (header.layers, header.kv_numbers_per_token) == (24, 24 * 2 * (64 + 64))
    assert header.context_length == 32_768
