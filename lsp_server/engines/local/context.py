"""llama.cpp's C interface to what has been evaluated: a few sequences of tokens."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

import llama_cpp.llama_cpp as C
import numpy as np
import numpy.typing as npt

from lsp_server.engines.local.llama import Model
from lsp_server.engines.local.parking import State
from lsp_server.errors import EngineUnavailable


class Context:
    """The evaluated state of a few sequences of tokens, numbered from 0."""

    def __init__(
        self,
        model: Model,
        *,
        size: int,
        sequences: int,
        threads: int,
        slice_tokens: int,
        on_gpu: bool,
        setting: str = "fimble.local.contextTokens",
    ) -> None:
        """Allocate `sequences` of `size` tokens; up to `slice_tokens` are evaluated at once.

        `on_gpu` says whether any layer of the model is, `setting` what the size comes from. Raises
        EngineUnavailable if there is not enough memory.
        """
        params = C.llama_context_default_params()
        params.n_ctx = size * sequences
        params.n_batch = params.n_ubatch = slice_tokens
        params.n_seq_max = sequences
        params.kv_unified = False  # else each token attends to the cells of all sequences
        params.n_threads = params.n_threads_batch = threads
        if not on_gpu:
            # On a processor, it takes twice the time for up to 63 tokens with 800 before them.
            params.flash_attn_type = C.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.no_perf = True
        self._pointer = C.llama_init_from_model(model.pointer, params)
        if not self._pointer:
            raise EngineUnavailable(
                f"llama.cpp could not make {sequences} contexts of {size} tokens; "
                f"set {setting} lower."
            )
        self._memory = C.llama_get_memory(self._pointer)
        self._batch = C.llama_batch_init(slice_tokens, 0, 1)
        self._vocabulary_size = model.vocabulary_size
        self.slice_tokens = slice_tokens
        """How many tokens to evaluate at once; may be set lower."""
        self.size = int(C.llama_n_ctx_seq(self._pointer))
        self.can_forget_a_part = model.can_forget_a_part

    def set_threads(self, threads: int) -> None:
        """Use so many threads from now on."""
        C.llama_set_n_threads(self._pointer, threads, threads)

    def keep(self, sequence: int, tokens: int) -> bool:
        """Forget all but the first tokens. False if the model can't: all are forgotten."""
        if C.llama_memory_seq_rm(self._memory, sequence, tokens, -1):
            return True
        C.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def copy(self, source: int, target: int) -> None:
        """Make a sequence hold what another does. llama.cpp can only copy the whole of one."""
        C.llama_memory_seq_rm(self._memory, target, -1, -1)
        C.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def evaluate(self, sequence: int, tokens: Sequence[int], start: int, outputs: int = 1) -> bool:
        """Evaluate tokens that stand at position `start`, at most `slice_tokens` of them.

        What follows each of the last `outputs` tokens can be asked for afterwards. False if
        llama.cpp failed.
        """
        batch = self._batch
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = start + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = index >= len(tokens) - outputs
        failure = C.llama_decode(self._pointer, batch)
        C.llama_synchronize(self._pointer)  # else the time of a GPU's work would not be seen
        return bool(failure == 0)

    def best(
        self,
        among: npt.NDArray[np.int32] | None = None,
        output: int = -1,
        rank: int = 0,
        *,
        of_all: bool = False,
    ) -> tuple[int, float]:
        """The likeliest token at one of the last evaluation's outputs, the last one being -1.

        With it comes its natural-log probability. With `among`, it is one of these, and its
        probability the one that it has among them, or `of_all` tokens. With `rank`, so many
        likelier ones are left aside; there must be more than that.
        """
        logits = everything = self.logits(output)
        if among is not None:
            logits = logits[among]
        index = top = int(logits.argmax())
        if rank:
            likeliest = np.flatnonzero(logits >= np.partition(logits, -1 - rank)[-1 - rank])
            order = np.argsort(-logits[likeliest], kind="stable")
            index = int(likeliest[order[rank]])
        total = np.log(np.exp((everything if of_all else logits) - logits[top]).sum())
        logprob = float(logits[index] - logits[top] - total)
        return index if among is None else int(among[index]), logprob

    def logits(self, output: int = -1) -> npt.NDArray[np.float32]:
        """llama.cpp's own array at an output: valid until the next evaluation."""
        pointer = C.llama_get_logits_ith(self._pointer, output)
        return np.ctypeslib.as_array(pointer, (self._vocabulary_size,))

    def state(self, sequence: int) -> State:
        """What a sequence holds, as llama.cpp serialises it; empty if it can't."""
        size = C.llama_state_seq_get_size(self._pointer, sequence)
        state = np.empty(size, dtype=np.uint8)  # many megabytes, so nothing copies them again
        written = C.llama_state_seq_get_data(self._pointer, _bytes(state), size, sequence)
        return state[:written]

    def restore(self, sequence: int, state: State) -> bool:
        """Make a sequence hold what `state` gave for any of this context's; False: it is empty."""
        if C.llama_state_seq_set_data(self._pointer, _bytes(state), len(state), sequence):
            return True
        self.keep(sequence, 0)
        return False

    def save(self, path: Path, sequence: int, tokens: Sequence[int]) -> bool:
        """Write what a sequence holds to a file, together with its tokens. False if it failed."""
        array = (C.llama_token * len(tokens))(*tokens)
        name = os.fsencode(path)
        return bool(C.llama_state_seq_save_file(self._pointer, name, sequence, array, len(tokens)))

    def load(self, path: Path, sequence: int) -> list[int] | None:
        """Make a sequence hold what `save` wrote, and return its tokens.

        None if it does not fit this context: the sequence is then empty. llama.cpp trusts the file.
        """
        array = (C.llama_token * self.size)()
        count = ctypes.c_size_t()
        if C.llama_state_seq_load_file(
            self._pointer, os.fsencode(path), sequence, array, len(array), ctypes.byref(count)
        ):
            return list(array[: count.value])
        self.keep(sequence, 0)
        return None


def _bytes(state: State) -> ctypes.Array[ctypes.c_uint8]:
    """The memory of an array, as llama-cpp-python wants to have it."""
    return (ctypes.c_uint8 * len(state)).from_buffer(state.data)
