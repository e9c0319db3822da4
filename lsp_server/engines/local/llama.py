"""llama.cpp's C interface to a model: its weights, its vocabulary, and where they can be put.

llama-cpp-python's high-level class is not used: its `suffix` sends wrong marker ids, and its
log-probabilities need `logits_all`, which allocates context x vocabulary floats.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import llama_cpp.llama_cpp as C

from lsp_server.engines.local.pieces import PieceIndex
from lsp_server.errors import ModelUnusable

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
        self.name = self._metadata("general.name") or path.stem
        self.vocab = C.llama_model_get_vocab(self.pointer)
        """llama.cpp's pointer to it."""
        self.parameters = int(C.llama_model_n_params(self.pointer))
        self.adds_bos = bool(C.llama_vocab_get_add_bos(self.vocab))
        self.bos = int(C.llama_vocab_bos(self.vocab))
        self.vocabulary_size = int(C.llama_vocab_n_tokens(self.vocab))
        self.can_forget_a_part = not (
            C.llama_model_is_recurrent(self.pointer) or C.llama_model_is_hybrid(self.pointer)
        )
        """Whether the last tokens evaluated can be dropped: some models keep but one state."""
        self._pieces = self._read_pieces()
        lookalikes = self._find_lookalikes()
        self._lookalikes = re.compile("|".join(map(re.escape, lookalikes.values())) or r"(?!)")
        silent = {
            token: self._spelling(token) for token, piece in enumerate(self._pieces) if not piece
        }
        self.markers = {spelling: token for token, spelling in (silent | lookalikes).items()}
        """Ids by spelling of all tokens that structure a prompt and are never found in `tokens`."""
        self.chat_template = (C.llama_model_chat_template(self.pointer, None) or b"").decode(
            errors="replace"
        )
        """Jinja, as the file has it; empty if it has none."""
        self._texts = [
            token for token, piece in enumerate(self._pieces) if piece and token not in lookalikes
        ]

    def _metadata(self, key: str) -> str:
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
            if C.llama_vocab_get_attr(self.vocab, token) & C.LLAMA_TOKEN_ATTR_USER_DEFINED
            and MARKER.fullmatch(spelling := self._spelling(token))
        }

    def _spelling(self, token: int) -> str:
        """How a token is written in the vocabulary, which for control tokens is how it looks."""
        text: bytes = C.llama_vocab_get_text(self.vocab, token)
        return text.decode(errors="replace")

    def end_spelling(self) -> str:
        """The token that ends a text."""
        token = C.llama_vocab_eos(self.vocab)
        return self._spelling(token) if token >= 0 else ""

    def begin_spelling(self) -> str:
        """The token that begins a text, empty if there is none."""
        return self._spelling(self.bos) if self.bos >= 0 else ""

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
        count = C.llama_tokenize(self.vocab, data, len(data), buffer, room, False, special)
        return list(buffer[:count])

    def piece(self, token: int) -> bytes:
        """The bytes that an ordinary token stands for; they may be part of a character."""
        return self._pieces[token]

    def _read_pieces(self) -> list[bytes]:
        """The bytes of all tokens by id; of control tokens, none."""
        buffer = ctypes.create_string_buffer(64)
        pieces = []
        for token in range(self.vocabulary_size):
            length = C.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, False)
            if length < 0:
                buffer = ctypes.create_string_buffer(-length)
                length = C.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, False)
            pieces.append(buffer.raw[:length])
        return pieces

    def end_at(self, stops: Iterable[str]) -> None:
        """Let these end a generation too, where they are single tokens of any kind.

        To be called before tokens are picked.
        """
        found = (self._tokenize(spelling, special=True) for spelling in stops)
        self._stops = frozenset(ids[0] for ids in found if len(ids) == 1)
        # All others that end a generation have no bytes.
        silent = (token for token, piece in enumerate(self._pieces) if not piece)
        endings = self._stops.union(filter(self.ends, silent))
        self.silent_endings = frozenset(
            token for token in endings if not C.llama_vocab_is_eog(self.vocab, token)
        )
        """Those that llama.cpp itself does not take for endings."""
        self.index = PieceIndex(self._pieces, self._texts, endings)

    def ends(self, token: int) -> bool:
        """Whether a sampled token says that generation is over: any control token does."""
        return (
            token in self._stops
            or bool(C.llama_vocab_is_eog(self.vocab, token))
            or bool(C.llama_vocab_is_control(self.vocab, token))
        )


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
