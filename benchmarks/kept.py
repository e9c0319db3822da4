"""An engine that keeps what another has written, so that a benchmark can be repeated at once.

Decoding is greedy: the same request to the same model gets the same answer. A benchmark that was
stopped, or is run again after a change of what is made of the answers, asks the model only what it
was not asked before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lsp_server.engines.base import Delta, Engine, Event, Finished, InfillRequest
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.settings import LocalSettings


def open_kept(model: Path, context_tokens: int, kept: Path | None) -> Engine:
    """The local engine; what is in the folder `kept`, if there is one, it is not asked again."""
    settings = LocalSettings(context_tokens=context_tokens, keep_state=False)
    local = LocalEngine(lambda: model, settings, lambda _status: None)
    return KeptEngine(local, kept, f"{model.name} {context_tokens}") if kept else local


class KeptEngine:
    """Answers as `engine` would; what that has written is read from and added to `folder`."""

    def __init__(self, engine: Engine, folder: Path, model: str) -> None:
        """`model` says what answers depend on besides the request: the file, the context size."""
        self._engine = engine
        self._folder = folder
        self._model = model
        folder.mkdir(parents=True, exist_ok=True)
        self.info, self.counter, self.close = engine.info, engine.counter, engine.close

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """See Engine."""
        path = self._folder / f"{self._key(request)}.json"
        kept: list[list[Any]] = json.loads(path.read_text()) if path.exists() else []
        known = ""
        for text, logprobs, reason in kept:
            if reason:
                yield Finished(reason)
                return
            known += text
            yield Delta(text, tuple(logprobs))
        try:
            written = ""
            async with aclosing(self._engine.infill(request)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        kept.append(["", [], event.reason])
                        yield event
                        return
                    written += event.text
                    if len(written) <= len(known):
                        continue  # it is repeating itself: that much was wanted before
                    new = written[max(len(known), len(written) - len(event.text)) :]
                    kept.append([new, event.logprobs, None])
                    yield Delta(new, event.logprobs, event.evaluated_tokens)
        finally:
            if kept and request.max_tokens:
                path.write_text(json.dumps(kept))

    def _key(self, request: InfillRequest) -> str:
        fields = asdict(request) | {"model": self._model, "priority": None}
        if request.names:
            fields["logprobs"] = "of all"  # those of names among others are kept under another key
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:32]
