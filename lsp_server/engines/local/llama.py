"""llama.cpp's C interface, reduced to what completion needs: a vocabulary and a few sequences.

llama-cpp-python's high-level class is not used: its `suffix` sends wrong marker ids, and its
log-probabilities need `logits_all`, which allocates context x vocabulary floats.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import llama_cpp.llama_cpp as C
import numpy as np
import numpy.typing as npt

from lsp_server.engines.local.healing import PieceIndex
from lsp_server.errors import EngineUnavailable, ModelUnusable

MARKER = re.compile(r"[<\[].*[>\]]", re.DOTALL)
"""How tokens that structure a prompt are spelled, whatever their family."""


def _ignore(_level: int, _text: bytes, _user_data: object) -> None:
    """llama.cpp's own log: it says nothing that the supervisor doesn't know."""


_SILENT = C.llama_log_callback(_ignore)  # kept: native code calls it as long as the process lives


class Model:
    """Weights and vocabulary."""

    def __init__(
        self,
        path: Path,
        *,
        gpu_layers: int,
        special_kernels: bool,
        on_progress: Callable[[float], None],
    ) -> None:
        """Load a GGUF file; `on_progress` gets the part that is loaded, 0 to 1.

        With `special_kernels`, weights are repacked for what this processor does best.

        Raises ModelUnusable if llama.cpp can't load it.
        """
        C.llama_log_set(_SILENT, None)
        C.llama_backend_init()

        def progress(fraction: float, _user_data: object) -> bool:
            on_progress(fraction)
            return True

        params = C.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        params.use_extra_bufts = special_kernels
        params.progress_callback = C.llama_progress_callback(progress)
        self.pointer = C.llama_model_load_from_file(os.fsencode(path), params)
        if not self.pointer:
            raise ModelUnusable(
                f"llama.cpp can't load {path.name}: the file is damaged or of a kind that the "
                "installed llama-cpp-python doesn't know; pull it again or update llama-cpp-python."
            )
        self._vocab = C.llama_model_get_vocab(self.pointer)
        self.adds_bos = bool(C.llama_vocab_get_add_bos(self._vocab))
        self.bos = int(C.llama_vocab_bos(self._vocab))
        self.vocabulary_size = int(C.llama_vocab_n_tokens(self._vocab))
        self._pieces = self._read_pieces()
        lookalikes = self._find_lookalikes()
        self._lookalikes = re.compile("|".join(map(re.escape, lookalikes.values())) or r"(?!)")
        texts = (token for token, piece in enumerate(self._pieces) if piece)
        self._index = PieceIndex(
            self._pieces, (token for token in texts if token not in lookalikes)
        )
        self._stops: frozenset[int] = frozenset()

    def metadata(self, key: str) -> str:
        """A text of the file's metadata, empty if it has none of that name."""
        buffer = ctypes.create_string_buffer(512)
        length = C.llama_model_meta_val_str(self.pointer, key.encode(), buffer, len(buffer))
        return "" if length < 0 else buffer.value.decode(errors="replace")

    def tokens(self, text: str) -> list[int]:
        """Ordinary tokens of a text; what looks like a control token in it stays text."""
        tokens: list[int] = []
        start = 0
        for match in self._lookalikes.finditer(text):
            tokens += self._tokenize(text[start : match.start() + 1], special=False)
            start = match.start() + 1
        return tokens + self._tokenize(text[start:], special=False)

    def _find_lookalikes(self) -> dict[int, str]:
        """Tokens such as `<tool_call>` that llama.cpp finds in any text, by id.

        They are of the kind "user-defined", not "control", so `special=False` does not keep them
        apart; `tokens` cuts them behind their first character. The kind also holds runs of spaces,
        which are ordinary text.
        """
        return {
            token: spelling
            for token in range(self.vocabulary_size)
            if C.llama_vocab_get_attr(self._vocab, token) & C.LLAMA_TOKEN_ATTR_USER_DEFINED
            and MARKER.fullmatch(
                spelling := C.llama_vocab_get_text(self._vocab, token).decode(errors="replace")
            )
        }

    def control_token(self, spelling: str) -> int | None:
        """Id of the control token that is spelled so in the vocabulary; None if there is none."""
        ids = self._tokenize(spelling, special=True)
        if len(ids) != 1 or self._tokenize(spelling, special=False) == ids:
            return None
        return ids[0]

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        data = text.encode(errors="replace")
        room = len(data) + 8
        buffer = (C.llama_token * room)()
        count = C.llama_tokenize(self._vocab, data, len(data), buffer, room, False, special)
        return list(buffer[:count])

    def piece(self, token: int) -> bytes:
        """The bytes that an ordinary token stands for; they may be part of a character."""
        return self._pieces[token]

    def agreeing(self, missing: bytes) -> npt.NDArray[np.int32]:
        """Ordinary tokens that start with the missing bytes, or are a beginning of them."""
        return self._index.agreeing(missing)

    def _read_pieces(self) -> list[bytes]:
        """The bytes of all tokens by id; of control tokens, none."""
        buffer = ctypes.create_string_buffer(64)
        pieces = []
        for token in range(self.vocabulary_size):
            length = C.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
            if length < 0:
                buffer = ctypes.create_string_buffer(-length)
                length = C.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
            pieces.append(buffer.raw[:length])
        return pieces

    def end_at(self, stops: Iterable[str]) -> None:
        """Let these end a generation too, where they are single tokens of any kind."""
        found = (self._tokenize(spelling, special=True) for spelling in stops)
        self._stops = frozenset(ids[0] for ids in found if len(ids) == 1)

    def ends(self, token: int) -> bool:
        """Whether a sampled token says that generation is over: any control token does."""
        return (
            token in self._stops
            or bool(C.llama_vocab_is_eog(self._vocab, token))
            or bool(C.llama_vocab_is_control(self._vocab, token))
        )


class Context:
    """The evaluated state of a few sequences of tokens, numbered from 0."""

    def __init__(
        self, model: Model, *, size: int, sequences: int, threads: int, slice_tokens: int
    ) -> None:
        """Allocate `sequences` of `size` tokens; up to `slice_tokens` are evaluated at once.

        Raises EngineUnavailable if there is not enough memory for it.
        """
        params = C.llama_context_default_params()
        params.n_ctx = size * sequences
        params.n_batch = params.n_ubatch = slice_tokens
        params.n_seq_max = sequences
        params.kv_unified = False  # else each token attends to the cells of all sequences
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        self._pointer = C.llama_init_from_model(model.pointer, params)
        if not self._pointer:
            raise EngineUnavailable(
                f"llama.cpp could not make {sequences} contexts of {size} tokens; "
                "set fimble.local.contextTokens lower."
            )
        self._memory = C.llama_get_memory(self._pointer)
        self._batch = C.llama_batch_init(slice_tokens, 0, 1)
        self._vocabulary_size = model.vocabulary_size
        self.slice_tokens = slice_tokens
        self.size = int(C.llama_n_ctx_seq(self._pointer))

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

    def evaluate(self, sequence: int, tokens: Sequence[int], start: int) -> bool:
        """Evaluate tokens that stand at position `start`, at most `slice_tokens` of them.

        The logits of the last one can be asked for afterwards. False if llama.cpp failed.
        """
        batch = self._batch
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = start + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = index == len(tokens) - 1
        return bool(C.llama_decode(self._pointer, batch) == 0)

    def best(self, among: npt.NDArray[np.int32] | None = None) -> tuple[int, float]:
        """The likeliest token after those evaluated last, and its natural-log probability.

        With `among`, it is one of these, and its probability the one that it has among them.
        """
        pointer = C.llama_get_logits_ith(self._pointer, -1)
        logits: npt.NDArray[np.float32] = np.ctypeslib.as_array(pointer, (self._vocabulary_size,))
        if among is not None:
            logits = logits[among]
        index = int(logits.argmax())
        logprob = -float(np.log(np.exp(logits - logits[index]).sum()))
        return index if among is None else int(among[index]), logprob


def gpu_free_bytes() -> int:
    """Free memory of the GPUs that the installed llama.cpp can use; 0 without any."""
    if not C.llama_supports_gpu_offload():
        return 0
    from llama_cpp._ggml import libggml  # the bindings have no device functions

    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    libggml.ggml_backend_dev_type.restype = ctypes.c_int
    libggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_memory.restype = None
    libggml.ggml_backend_dev_memory.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_size_t),
        ctypes.POINTER(ctypes.c_size_t),
    ]
    accelerators = (1, 2)  # GGML_BACKEND_DEVICE_TYPE_GPU and _IGPU of ggml-backend.h
    total_free = 0
    for index in range(libggml.ggml_backend_dev_count()):
        device = libggml.ggml_backend_dev_get(index)
        if libggml.ggml_backend_dev_type(device) in accelerators:
            free, total = ctypes.c_size_t(), ctypes.c_size_t()
            libggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
            total_free += free.value
    return total_free
