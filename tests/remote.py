"""What tests of the remote engine share."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest

from lsp_server.core import fim
from lsp_server.engines.base import Delta, EngineInfo, Event, InfillRequest
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings
from tests.http_endpoint import Endpoint, Request, stream

REQUEST = InfillRequest("def f():\n    ", "\n", max_tokens=16)
DONE = "[DONE]"


def choice(text: str, finish_reason: str | None = None) -> dict[str, object]:
    return {"choices": [{"text": text, "finish_reason": finish_reason}]}


def pass_self_test(request: Request) -> bytes | None:
    """The right answer to the streamed self-test; None to anything else."""
    test = fim.self_test()
    if (
        request.body
        and request.body.get("stream")
        and test.prefix in request.body.get("prompt", "")
    ):
        return stream(choice(test.expected), DONE)
    return None


def engine_for(served: Endpoint, **settings: object) -> RemoteEngine:
    """An engine for an OpenAI endpoint with a known template: no probes on the way.

    Unless a test has set `before_routes` itself, the endpoint passes the self-test unseen.
    """
    if served.before_routes is None:
        served.before_routes = pass_self_test
    values = {"url": served.url, "dialect": "openai", "template": "qwen", "timeout_seconds": 5.0}
    return RemoteEngine(RemoteSettings(**(values | settings)), lambda status: None)  # type: ignore[arg-type]


async def ask(engine: RemoteEngine, request: InfillRequest = REQUEST) -> list[Event]:
    async with aclosing(engine.infill(request)) as events:
        return [event async for event in events]


async def text_of(engine: RemoteEngine, request: InfillRequest = REQUEST) -> str:
    return "".join([event.text for event in await ask(engine, request) if isinstance(event, Delta)])


async def refusal(engine: RemoteEngine) -> str:
    with pytest.raises(RemoteError) as caught:
        await ask(engine)
    await engine.close()
    return str(caught.value)


class RemoteFake(FakeEngine):
    """The scripted engine on somebody else's machine."""

    async def info(self) -> EngineInfo:
        return replace(await super().info(), kind="remote")
