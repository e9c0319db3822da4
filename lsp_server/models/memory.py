"""What running a model takes of a machine's memory, by what its file says of itself.

On a processor, llama.cpp maps the file, copies the tensors that it rearranges for the processor's
instructions, clears the cache of each context (so that all of it is resident from the start), and
keeps scratch for the scores of attention, which grows with the depth of a context. The rest is our
worker: Python, the bindings, and the vocabulary as text. `benchmarks/memory.py` holds this against
the resident size of the real worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

WINDOWS = 4
"""Places in files that completion keeps (`engines.local.slots`)."""
SLICE_TOKENS = 128
"""Most tokens that are evaluated at once (`engines.local.speed`): the scratch is for so many."""
PARKED_BYTES = 192 << 20
"""Room for evaluated prompts that no context has room for (`engines.local.parking`): 15 to 30 of
them, at 12 KiB a token with the 0.5B model, 28 with the 1.5B. It fills while the user works."""
WORKER_BYTES = 44 << 20
"""Of a worker with a vocabulary of nothing."""
VOCABULARY_ENTRY_BYTES = 620
"""What a token of the vocabulary takes in the worker, as bytes, as text, and in indexes."""
GPU_BYTES = 512 << 20
"""Compute buffers on a GPU: 0.3 to 0.6 GiB for models of up to 32 B parameters."""
MARGIN_BYTES = 1 << 30
"""Of a GPU's memory, left for whatever else draws on it; llama.cpp's own margin."""
_F16, _F32 = 2, 4


class Shape(Protocol):
    """What decides how much memory contexts take; `gguf.Header` has it of a file."""

    @property
    def kv_numbers_per_token(self) -> int:
        """Numbers that a token puts into the key-value cache, over all layers."""

    @property
    def heads(self) -> int:
        """Of attention, in one layer."""

    @property
    def vocabulary(self) -> int:
        """Tokens that there are."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of weights."""

    mapped: int
    copied: int = 0
    """Of the mapped ones, so many are copied, and the originals never read again."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes, by what they are for."""

    weights: Weights
    cache: int
    scratch: int
    worker: int

    @property
    def resident(self) -> int:
        """What a system's list of processes shows once the contexts have been used."""
        return self.needed - PARKED_BYTES + self.weights.copied

    @property
    def needed(self) -> int:
        """What must be free: the system can drop the originals of copies, and prompts get parked.

        A file's own pages that nobody else uses are taken to be dropped before others suffer.
        """
        return self.weights.mapped + self.cache + self.scratch + self.worker + PARKED_BYTES


def on_processor(shape: Shape, weights: Weights, window: int, windows: int) -> Estimate:
    """Memory of a worker that keeps so many contexts, each of `window` tokens."""
    return Estimate(
        weights,
        cache_bytes(shape, window * windows),
        scratch_bytes(shape, window),
        WORKER_BYTES + VOCABULARY_ENTRY_BYTES * shape.vocabulary,
    )


def on_gpu(shape: Shape, weight_bytes: int, tokens: int) -> int:
    """Bytes of a GPU's memory that a whole model takes with contexts of so many tokens together."""
    return weight_bytes + cache_bytes(shape, tokens) + GPU_BYTES


def cache_bytes(shape: Shape, tokens: int) -> int:
    """Keys and values of the key-value heads of all layers, in 16 bits.

    Models that attend to a sliding window or keep a fixed state may need less than this says.
    """
    return tokens * shape.kv_numbers_per_token * _F16


def scratch_bytes(shape: Shape, window: int) -> int:
    """Scores of a slice's tokens for each token of the window, by head, their copy, and the mask.

    The copy is in 16 bits, as the values are that it is multiplied by.
    """
    return window * SLICE_TOKENS * (shape.heads * (_F32 + _F16) + _F32)
