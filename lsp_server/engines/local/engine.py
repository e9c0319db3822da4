"""The local engine: a GGUF file, run by a supervised worker."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from lsp_server.core.tokens import Counter, bpe_counter, estimate
from lsp_server.engines import thoughts
from lsp_server.engines.base import (
    EngineInfo,
    Event,
    InfillRequest,
    Priority,
    StatusListener,
    Usage,
    UsageListener,
)
from lsp_server.engines.chat import ChatEvent, ChatInfo, ChatRequest, Message
from lsp_server.engines.local import wire
from lsp_server.engines.local.fingerprint import fingerprint
from lsp_server.engines.local.slots import SLOTS
from lsp_server.engines.local.supervisor import WORKER_COMMAND, Supervisor
from lsp_server.errors import EngineUnavailable
from lsp_server.models import gguf, hardware
from lsp_server.settings import ChatSettings, LocalSettings

_ABLE = ChatInfo("A local model", 0, takes_grammar=True, takes_begun=True)


def not_counted(_priority: Priority, _usage: Usage) -> None:
    """The listener of those who don't want to know what requests cost."""


class LocalEngine:
    """Engine over a model file on this machine."""

    def __init__(
        self,
        find_model: Callable[[], Path],
        settings: LocalSettings,
        on_status: StatusListener,
        on_usage: UsageListener = not_counted,
        *,
        chat: ChatSettings | None = None,
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        """`find_model` is called, off the event loop, whenever a worker is started by `command`.

        It may raise a FimbleError, which then reaches every request.
        """
        self._find_model = find_model
        self._settings = settings
        self._chat_tokens = (chat or ChatSettings()).context_tokens
        self._counter: Counter = estimate
        self._identity = self._name = ""
        self._counted: Path | None = None
        """The file whose vocabulary the counter knows; building one takes half a second."""
        self._supervisor = Supervisor(self._load_order, on_status, on_usage, command=command)

    def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the text between prefix and suffix."""
        return self._supervisor.infill(request)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream the assistant's next message."""
        _ABLE.check(request)
        stream = self._supervisor.chat(request)
        if not thoughts.are_read_by(request):
            stream = thoughts.told_apart(stream, lambda: thoughts.begins_inside(self._name))
        async with aclosing(stream) as events:
            async for event in events:
                yield event

    async def chat_info(self) -> ChatInfo:
        """Wait until the model is loaded."""
        told = await self._supervisor.tell("chat_info")
        return replace(_ABLE, **told, identity=self._identity)

    async def count_chat(self, messages: Sequence[Message]) -> int:
        """Exact: the worker makes the prompt. It is asked between two steps of its work."""
        fields = [{"role": message.role, "content": message.content} for message in messages]
        return int(await self._supervisor.tell("count", messages=fields))

    async def info(self) -> EngineInfo:
        """Wait until the model is loaded."""
        return await self._supervisor.info()

    def counter(self) -> Counter:
        """Exact for byte-level BPE vocabularies once the model's file has been read."""
        return self._counter

    async def close(self) -> None:
        """Unload the model; what it has evaluated is kept for the next start if that is quick."""
        await self._supervisor.close()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, for diagnosis."""
        return self._supervisor.worker_pid

    async def _load_order(self) -> wire.Message:
        return await asyncio.to_thread(self._prepare)

    def _prepare(self) -> wire.Message:
        """Check what can be checked without native code. Raises FimbleError."""
        if importlib.util.find_spec("llama_cpp") is None:
            raise EngineUnavailable(
                "The local engine is not installed; run `pip install llama-cpp-python`, or set "
                "fimble.remote.url."
            )
        path = self._find_model()
        header = gguf.read_header(path)
        self._identity, self._name = fingerprint(path), path.name
        if path != self._counted:
            self._counter, self._counted = _counter(path), path
        trained = header.context_length or sys.maxsize
        context_tokens = min(self._settings.context_tokens, trained)
        chat_tokens = min(self._chat_tokens, trained)
        hardware.check_memory(header, context_tokens, SLOTS)
        return {
            "path": str(path),
            "context_tokens": context_tokens,
            "chat_tokens": chat_tokens,
            "threads": self._settings.threads,
            "gpu_layers": self._settings.gpu_layers,
            "keep_state": self._settings.keep_state,
        }


def _counter(path: Path) -> Counter:
    """Count by the file's own vocabulary, if it is of the kind that tiktoken knows."""
    vocabulary = gguf.read_vocabulary(path)
    return bpe_counter(vocabulary.tokens, vocabulary.merges, vocabulary.pre) or estimate
