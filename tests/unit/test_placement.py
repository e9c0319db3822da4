"""How many layers go to a GPU: as many as fit beside the margin, all of them if they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.engines.local.placement import layers_that_fit
from lsp_server.models import gguf, memory
from lsp_server.models.memory import MARGIN_BYTES
from tests import gguf_files

LAYERS = 3  # two of the file's, and the output layer
CONTEXT_TOKENS = 4096


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return gguf_files.write(tmp_path / "m.gguf")


@pytest.fixture
def needed(model: Path) -> int:
    header = gguf.read_header(model)
    return memory.on_gpu(header, header.weight_bytes, CONTEXT_TOKENS)


@pytest.mark.parametrize(
    ("share", "layers"), [(0, 0), (0.3, 0), (0.4, 1), (0.6, 1), (0.7, 2), (1, 3), (50, 3)]
)
def test_layers_are_as_many_as_fit_beside_the_margin(
    model: Path, needed: int, share: float, layers: int
) -> None:
    free = MARGIN_BYTES + int(share * needed)
    assert layers_that_fit(model, CONTEXT_TOKENS, free) == layers


@pytest.mark.parametrize("free", [0, MARGIN_BYTES // 2, MARGIN_BYTES])
def test_without_room_for_the_margin_the_file_is_not_even_read(free: int) -> None:
    assert layers_that_fit(Path("/nonexistent"), CONTEXT_TOKENS, free) == 0


def test_a_longer_context_leaves_less_room(model: Path, needed: int) -> None:
    free = MARGIN_BYTES + needed
    assert layers_that_fit(model, CONTEXT_TOKENS, free) == LAYERS
    assert layers_that_fit(model, 100 * CONTEXT_TOKENS, free) < LAYERS
