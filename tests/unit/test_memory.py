"""What a model takes of memory: the parts, and that they hold for the files that were measured."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.memory import forged
from lsp_server.engines.local.slots import SLOTS
from lsp_server.engines.local.speed import SLICES
from lsp_server.models import catalog, memory, store
from lsp_server.models.descriptions import descriptions
from lsp_server.models.gguf import Header, read_header
from lsp_server.models.memory import Weights
from tests import gguf_files

MIB = 1 << 20
SHAPES = {each.id: each.cache for each in descriptions()}
MEASURED = [
    # model, weights and copies of them, context, resident size in MiB (benchmarks/memory.py)
    ("qwen2.5-coder-0.5b", 463, 28, 2048, 742),
    ("qwen2.5-coder-0.5b", 463, 28, 8192, 1098),
    ("qwen2.5-coder-0.5b", 463, 28, 32768, 2519),
    ("qwen2.5-coder-1.5b", 1060, 597, 2048, 2034),
    ("qwen2.5-coder-1.5b", 1060, 597, 8192, 2765),
    ("qwen2.5-coder-1.5b", 1060, 597, 32768, 5688),
]


@pytest.mark.parametrize(("model", "mapped", "copied", "context", "resident"), MEASURED)
def test_the_estimate_is_what_was_measured(
    model: str, mapped: int, copied: int, context: int, resident: int
) -> None:
    shape = SHAPES[model]
    assert shape
    estimate = memory.on_processor(shape, Weights(mapped * MIB, copied * MIB), context, SLOTS)
    assert estimate.resident == pytest.approx(resident * MIB, rel=0.03)


@pytest.mark.parametrize("model", [model.id for model in catalog.models()])
def test_the_catalogue_says_of_a_file_what_the_file_says_of_itself(model: str) -> None:
    path = store.installed(catalog.find(model))
    if path is None:
        pytest.skip(f"{model} is not on this machine")
    header, shape = read_header(path), SHAPES[model]
    assert shape
    assert header.layers == shape.layers
    assert header.heads == shape.heads
    assert header.kv_numbers_per_token == shape.kv_numbers_per_token
    assert header.vocabulary == pytest.approx(shape.vocabulary, rel=0.01)
    assert 0 < header.repacked_bytes < header.weight_bytes <= path.stat().st_size


@pytest.fixture
def header(tmp_path: Path) -> Header:
    return read_header(gguf_files.write(tmp_path / "m.gguf"))


def test_parts_add_up(header: Header) -> None:
    estimate = memory.on_processor(header, Weights(1000, copied=300), 4096, 2)
    per_token = 2 * 2 * (16 + 16) * 2  # layers, heads, key and value, bytes
    assert estimate.cache == 2 * 4096 * per_token
    assert estimate.scratch == 4096 * 128 * (4 * 6 + 4)
    parts = 1000 + estimate.cache + estimate.scratch + estimate.worker
    assert estimate.needed == parts + memory.PARKED_BYTES
    assert estimate.resident == parts + 300
    assert memory.on_gpu(header, 1000, 10) == 1000 + 10 * per_token + memory.GPU_BYTES


def test_what_is_shared_by_query_heads_is_counted_once(header: Header) -> None:
    more_queries = replace(header, heads=8 * header.heads)
    assert memory.cache_bytes(more_queries, 100) == memory.cache_bytes(header, 100)
    assert memory.scratch_bytes(more_queries, 100) > memory.scratch_bytes(header, 100)


def test_its_figures_are_the_worker_s() -> None:
    assert max(SLICES) == memory.SLICE_TOKENS
    assert SLOTS == memory.WINDOWS


def test_a_forged_state_has_more_cells() -> None:
    real, cells, layers, streams = 2, 5, 1, 2
    state = struct.pack("<4I", 7, 0, streams, real)
    state += b"".join(struct.pack("<3I", cell, 1, 0) for cell in range(real))
    state += struct.pack("<2I", 1, layers)
    state += struct.pack("<iQ", 1, 8) + bytes(8 * real)
    state += struct.pack("<iII", 1, 2, 4) + bytes(2 * 4 * real)
    state += struct.pack("<I", 0)  # the second stream has none
    longer = forged(state, cells, real)
    assert len(longer) - len(state) == (cells - real) * (12 + 8 + 8)
    assert struct.unpack_from("<4I", longer) == (7, 0, streams, cells)
    assert struct.unpack_from("<3I", longer, 16 + 12 * (cells - 1)) == (cells - 1, 1, 0)
    with pytest.raises(ValueError, match="otherwise"):
        forged(state, cells, real + 1)
