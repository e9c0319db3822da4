"""llama.cpp's grammars (GBNF): which tokens an answer may go on with."""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import llama_cpp.llama_cpp as C
import numpy as np

from lsp_server.engines.local.llama import Model
from lsp_server.engines.local.sampling import Logits
from lsp_server.errors import UsageError

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""`llama_token_data`."""


class Grammar:
    """The `Rules` of a sampler. Holds native memory, which goes with it."""

    def __init__(self, model: Model, text: str) -> None:
        """Raises UsageError if llama.cpp can't read the text."""
        data = text.encode(errors="replace")
        with _silence():
            self._sampler = C.llama_sampler_init_grammar(model.vocab, data, b"root")
        if not self._sampler:
            raise UsageError("The grammar of this chat is no GBNF with a rule `root`; correct it.")
        weakref.finalize(self, C.llama_sampler_free, self._sampler)
        self._model = model

    def allows(self, token: int) -> bool:
        """Whether the token may come next."""
        if token in self._model.silent_endings:
            return False
        candidates = np.zeros(1, dtype=_CANDIDATE)
        candidates["id"] = token
        self._apply(candidates)
        return not np.isneginf(candidates["logit"][0])

    def restrict(self, logits: Logits) -> Logits:
        """A copy in which all tokens that may not come next have minus infinity."""
        candidates = np.zeros(len(logits), dtype=_CANDIDATE)
        candidates["id"] = np.arange(len(logits), dtype=np.int32)
        candidates["logit"] = logits
        self._apply(candidates)
        restricted: Logits = candidates["logit"].copy()
        restricted[list(self._model.silent_endings)] = -np.inf
        return restricted

    def accept(self, token: int) -> None:
        """Go on behind an allowed token. One that ends the answer leaves the grammar where it is.

        llama.cpp ends the process at a token that is not allowed.
        """
        if not self._model.ends(token):
            C.llama_sampler_accept(self._sampler, token)

    def _apply(self, candidates: np.ndarray[tuple[int], np.dtype[np.void]]) -> None:
        data = ctypes.cast(candidates.ctypes.data, C.llama_token_data_p)
        array = C.llama_token_data_array(data, len(candidates), -1, False)
        C.llama_sampler_apply(self._sampler, ctypes.byref(array))


@contextmanager
def _silence() -> Iterator[None]:
    """Keep llama.cpp from printing a grammar that it can't read: there may be names of code in it,
    and what a worker prints last is logged.
    """
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
