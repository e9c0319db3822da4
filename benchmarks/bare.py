"""llama-cpp-python alone: what Fimble's own layers are measured against."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.engines.local.process import ENVIRONMENT
from lsp_server.models import hardware

if TYPE_CHECKING:
    from llama_cpp import Llama

CONTEXT_TOKENS = 4096


def load(model: Path) -> Llama:
    """A model with the threads, the context and the environment that the worker has."""
    os.environ.update(ENVIRONMENT)  # before llama.cpp is loaded, as for the worker
    from llama_cpp import Llama

    threads = hardware.physical_cores()
    return Llama(
        str(model),
        n_ctx=CONTEXT_TOKENS,
        n_threads=threads,
        n_threads_batch=threads,
        n_batch=512,
        verbose=False,
    )


def prompt(llama: Llama, before: str, after: str) -> list[int]:
    """Tokens of a prompt with Qwen's markers written by hand."""
    text = f"<|fim_prefix|>{before}<|fim_suffix|>{after}<|fim_middle|>"
    tokens: list[int] = llama.tokenize(text.encode(), add_bos=False, special=True)
    return tokens


@dataclass(frozen=True, slots=True)
class Written:
    """What a loop has written, and how fast."""

    text: str
    tokens: int
    seconds: float
    prompt_tokens_per_second: float


def write(llama: Llama, before: str, after: str, max_tokens: int) -> Written:
    """The loop that every llama.cpp program has: evaluate, pick the likeliest token, repeat.

    The prompt but for its last token is evaluated beforehand, and timed apart.
    """
    import llama_cpp.llama_cpp as C

    *tokens, last = prompt(llama, before, after)
    context = llama._ctx.ctx
    vocabulary = C.llama_model_get_vocab(llama._model.model)
    C.llama_memory_seq_rm(C.llama_get_memory(context), 0, -1, -1)

    def evaluate(batch: list[int]) -> None:
        array = (C.llama_token * len(batch))(*batch)
        if C.llama_decode(context, C.llama_batch_get_one(array, len(batch))) != 0:
            raise RuntimeError("llama.cpp could not evaluate a batch")
        C.llama_synchronize(context)

    started = time.perf_counter()
    for start in range(0, len(tokens), 512):
        evaluate(tokens[start : start + 512])
    prompt_seconds = time.perf_counter() - started

    greedy = C.llama_sampler_init_greedy()
    written: list[int] = []
    started = time.perf_counter()
    while len(written) < max_tokens:
        evaluate([last])
        last = int(C.llama_sampler_sample(greedy, context, -1))
        if C.llama_vocab_is_eog(vocabulary, last):
            break
        written.append(last)
    seconds = time.perf_counter() - started
    C.llama_sampler_free(greedy)
    text = llama.detokenize(written).decode(errors="replace")
    return Written(text, len(written), seconds, len(tokens) / prompt_seconds)
