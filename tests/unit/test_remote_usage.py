"""What requests have cost, as the documentation of each dialect says that it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from lsp_server.engines.base import Finished, InfillRequest, Usage
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.settings import RemoteSettings
from tests.http_endpoint import Endpoint, endpoint
from tests.remote import DONE, ask, choice
from tests.strict_endpoints import STRICT, USAGE, serve

GAP = InfillRequest("def f():\n    ", "\n\nf()\n", max_tokens=16)
DETAILS = {"usage": USAGE | {"prompt_tokens_details": {"cached_tokens": 190}}}
HITS = {"usage": USAGE | {"prompt_cache_hit_tokens": 190, "prompt_cache_miss_tokens": 10}}
LAST: dict[str, Any] = {"id": "1", "object": "text_completion", "choices": []}
"""What comes behind the last piece where a stream is asked for its cost."""

TOLD: dict[str, tuple[Any, ...]] = {
    "openai": (choice("", "stop"), LAST | DETAILS, DONE),
    "vllm": (choice("", "stop"), LAST | DETAILS, DONE),
    "sglang": (choice("", "stop"), LAST | DETAILS, DONE),
    "deepseek": (choice("", "stop"), LAST | HITS, DONE),
    "mistral": (
        {"choices": [{"delta": {"content": ""}, "finish_reason": "stop"}], **DETAILS},
        DONE,
    ),
    "ollama": (
        {
            "response": "",
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": 200,
            "prompt_eval_cached_count": 190,
            "eval_count": 1,
        },
    ),
    "llama-server": (
        {
            "content": "",
            "tokens": [],
            "stop": True,
            "stop_type": "eos",
            "timings": {"cache_n": 190, "prompt_n": 10, "predicted_n": 1},
        },
    ),
}


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


@pytest.mark.parametrize("name", TOLD)
async def test_what_was_cached_is_told_apart(served: Endpoint, name: str) -> None:
    strict = STRICT[name]
    problems = serve(served, strict)
    served.routes[strict.fim_path] = strict.events(strict.fim_event("a"), *TOLD[name])
    bills: list[Usage] = []
    engine = RemoteEngine(
        RemoteSettings(url=served.url, dialect=name),  # type: ignore[arg-type]
        lambda _status: None,
        lambda _priority, usage: bills.append(usage),
    )
    finished = (await ask(engine, GAP))[-1]
    await engine.close()
    cost = Usage(prompt_tokens=200, reused_tokens=190, generated_tokens=1, evaluated_tokens=10)
    assert isinstance(finished, Finished)
    assert (finished.usage, bills) == (cost, [cost])
    assert problems == []
