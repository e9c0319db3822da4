"""How many layers of a model go to a GPU."""

from __future__ import annotations

from pathlib import Path

from lsp_server.models import gguf, memory
from lsp_server.models.memory import MARGIN_BYTES


def layers_that_fit(path: Path, context_tokens: int, free_bytes: int) -> int:
    """Number of layers, output layer included, whose weights and KV cache fit into `free_bytes`.

    Weights and cache are taken to be spread evenly over the layers, which holds for dense models.
    """
    if free_bytes <= MARGIN_BYTES:
        return 0
    header = gguf.read_header(path)
    layers = header.layers + 1
    needed = memory.on_gpu(header, header.weight_bytes, context_tokens)
    return min(layers, (free_bytes - MARGIN_BYTES) * layers // needed)
