"""From a request to a job: the prompt of one model as tokens."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from lsp_server.core import fim
from lsp_server.engines.base import MAX_NAMES, Delta, Finished, InfillRequest
from lsp_server.engines.local import healing
from lsp_server.engines.local.constraint import going_on_with
from lsp_server.engines.local.drafts import History
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.llama import Model
from lsp_server.engines.local.slots import SLOTS


class Prompter:
    """Knows the model's markers and where they stand."""

    def __init__(self, model: Model, context_tokens: int) -> None:
        """Prompt and answer together have at most `context_tokens`, if the middle is no longer.

        Raises NoFimMarkers.
        """
        self._model = model
        self._context_tokens = context_tokens
        self.template = fim.choose(
            fim.shipped_templates(),
            is_token=lambda spelling: model.control_token(spelling) is not None,
            model_name=model.name,
        )
        self._markers = {
            marker: token
            for marker in self.template.all_markers()
            if (token := model.control_token(marker.token)) is not None
        }
        self.shows_files = self.template.shows_files(self._markers.__contains__)
        # Prefix, suffix and context stay the same while a middle is typed.
        self._tokens = lru_cache(maxsize=2 * SLOTS)(model.tokens)
        self._header = lru_cache(maxsize=2 * SLOTS)(self._new_header)
        self._history = lru_cache(maxsize=SLOTS)(self._new_history)

    def job(self, request: InfillRequest, emit: Callable[[Delta | Finished], None]) -> Job:
        """What the scheduler is to do for a request, and where its events go."""
        model = self._model
        max_tokens = min(request.max_tokens, self._context_tokens // 2)
        middle = model.tokens(request.middle)
        prompt = fim.prompt_ids(
            self.template,
            self._markers,
            [model.bos] if model.adds_bos else [],
            self._tokens(request.prefix),
            self._tokens(request.suffix),
            self._context_tokens - max_tokens,
            middle,
            self._header(request.context, request.path),
        )
        pieces = list(map(model.piece, middle))
        settled = len(middle) - healing.unsettled(request.middle, pieces)
        return Job(
            prompt[: len(prompt) - len(middle) + settled],
            max_tokens,
            request.priority,
            emit,
            constraint=going_on_with(b"".join(pieces[settled:]), request.names[:MAX_NAMES]),
            choice=request.choice,
            history=self._history(request.prefix, request.suffix),
            middle_start=len(prompt) - len(middle),
        )

    def _new_header(self, context: tuple[fim.Snippet, ...], path: str) -> list[int]:
        return fim.header_ids(
            self.template.header(context, path), self._markers, self._model.tokens
        )

    def _new_history(self, prefix: str, suffix: str) -> History:
        return History(self._tokens(prefix), self._tokens(suffix))
