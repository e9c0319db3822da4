"""The remote engine with real servers and a real model: llama-server, llama-cpp-python's server,
and LiteLLM's proxy in front of both.

What a server still does is seen from the processor time of the process that runs the model: that
tells the same on a busy machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from lsp_server.agent.calls.render import Way, instructions
from lsp_server.agent.calls.schema import Call, Tool
from lsp_server.agent.dialect import Answered, Dialect
from lsp_server.core import fim
from lsp_server.engines.base import Delta, Finished, InfillRequest
from lsp_server.engines.chat import ChatRequest, Message, NativeCall, Thought
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.errors import ContextExceeded, RemoteError
from lsp_server.models import discover
from lsp_server.settings import RemoteSettings
from tests.child_servers import Child
from tests.litellm_proxy import Upstream, litellm_proxy
from tests.llama_cpp_server import llama_cpp_server
from tests.llama_server import Options, llama_server_child

pytestmark = [
    pytest.mark.model,
    pytest.mark.servers,
    pytest.mark.asyncio(loop_scope="module"),
]

KEY, MASTER_KEY = "test-key", "sk-test-key"
CONTEXT_TOKENS = 2048
MODEL = "qwen2.5-coder-0.5b"
TEST = fim.self_test()
GAP = InfillRequest(TEST.prefix, TEST.suffix, max_tokens=12)
TEXT = f"{TEST.expected}\n\n    def is_rectangle(self)"
"""The same from all, so all are asked for the same tokens."""
LONG_GAP = InfillRequest("numbers = [0, 1, 2, ", "\n", max_tokens=40)
LONG_CHAT = ChatRequest((Message("user", "Write a long story about a king."),), 40)
READ = Tool(
    "read_file",
    "Read a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What Fimble finds out by itself."""

    context_tokens: int = 4096
    chooses_names: bool = False
    note: str = ""
    tells_costs: bool = True
    native_tools: bool = True
    takes_grammar: bool = False
    tells_too_long: bool = True


NATIVE, PYTHON = "llama-server", "llama_cpp.server"
PROXIED = {NATIVE: "coder-a", PYTHON: "coder-b"}
"""Names that LiteLLM has for them; nothing in them tells of the model's family."""

EXPECTED = {
    NATIVE: Expected(CONTEXT_TOKENS, chooses_names=True, takes_grammar=True),
    PYTHON: Expected(
        CONTEXT_TOKENS,
        tells_costs=False,
        native_tools=False,
        takes_grammar=True,
    ),
    f"LiteLLM > {NATIVE}": Expected(
        note="It ignores the suffix of a completion, so the markers of qwen are used."
    ),
    f"LiteLLM > {PYTHON}": Expected(
        note="It failed a simple test with a suffix, so the markers of qwen are used.",
        tells_too_long=False,
    ),
}
EVERY = pytest.mark.parametrize("name", EXPECTED)


@dataclass(frozen=True, slots=True)
class Servers:
    """All that run."""

    models: dict[str, Child]
    proxy: Child

    def settings(self, name: str) -> RemoteSettings:
        """Only what a user must say: the address, the key, and which model where there are more."""
        proxied = name.startswith("LiteLLM")
        return RemoteSettings(
            url=self.proxy.url if proxied else self.models[name].url,
            model=PROXIED[behind(name)] if proxied else "",
            api_key="env:TEST_MASTER_KEY" if proxied else "env:TEST_KEY",
        )


def behind(name: str) -> str:
    """The server that runs the model."""
    return name.removeprefix("LiteLLM > ")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    model = discover.resolve(MODEL)
    options = Options(str(model), CONTEXT_TOKENS, threads=1, api_key=KEY, batch_tokens=64)
    with ExitStack() as running:
        models = {
            NATIVE: running.enter_context(llama_server_child(options)),
            PYTHON: running.enter_context(llama_cpp_server(model, api_key=KEY, interrupts=False)),
        }
        upstreams = {PROXIED[name]: Upstream(child.url, KEY) for name, child in models.items()}
        folder = tmp_path_factory.mktemp("litellm")
        proxy = running.enter_context(litellm_proxy(upstreams, folder, master_key=MASTER_KEY))
        yield Servers(models, proxy)


@pytest.fixture(scope="module", autouse=True)
def _keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_KEY", KEY)
        patch.setenv("TEST_MASTER_KEY", MASTER_KEY)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engines(servers: Servers) -> AsyncIterator[dict[str, RemoteEngine]]:
    running = {
        name: RemoteEngine(servers.settings(name), lambda _status: None) for name in EXPECTED
    }
    yield running
    for engine in running.values():
        await engine.close()


@pytest.fixture
def engine(engines: dict[str, RemoteEngine], name: str) -> RemoteEngine:
    return engines[name]


def stream(engine: RemoteEngine, request: InfillRequest | ChatRequest) -> AsyncGenerator[Any, None]:
    return engine.infill(request) if isinstance(request, InfillRequest) else engine.chat(request)


async def ask(engine: RemoteEngine, request: InfillRequest | ChatRequest) -> list[Any]:
    async with aclosing(stream(engine, request)) as events:
        return [event async for event in events]


def text(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


@EVERY
async def test_a_gap_is_filled_without_any_setting(engine: RemoteEngine, name: str) -> None:
    expected = EXPECTED[name]
    info = await engine.info()
    assert (info.template, info.fim_ok, info.note) == ("qwen", True, expected.note)
    assert (info.context_tokens, info.chooses_names) == (
        expected.context_tokens,
        expected.chooses_names,
    )
    events = await ask(engine, GAP)
    assert text(events) == TEXT
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "length"
    if expected.tells_costs:
        assert finished.usage.generated_tokens == GAP.max_tokens
        # The whole prompt: about a token for four characters, and three markers.
        assert 100 < finished.usage.prompt_tokens < 300


@EVERY
@pytest.mark.parametrize("request_", [LONG_GAP, LONG_CHAT], ids=["completion", "chat"])
async def test_an_answer_streams_and_stops_when_it_is_closed(
    servers: Servers, engine: RemoteEngine, name: str, request_: InfillRequest | ChatRequest
) -> None:
    await engine.info()
    model = servers.models[behind(name)]
    before = model.cpu_seconds()
    at_first, deltas = 0.0, 0
    async with aclosing(stream(engine, request_)) as events:
        async for event in events:
            at_first = at_first or model.cpu_seconds()
            deltas += isinstance(event, Delta)
    whole = model.cpu_seconds() - before
    assert deltas > 10
    # Most of the work was still to be done when the first piece was here.
    assert model.cpu_seconds() - at_first > whole / 2
    async with aclosing(stream(engine, request_)) as events:
        assert isinstance(await anext(events), Delta)
    left = model.cpu_seconds()
    # The model answers one after the other: this waits for what is left of the request before.
    await ask(engine, replace(LONG_GAP, max_tokens=1))
    assert model.cpu_seconds() - left < whole / 2


@EVERY
async def test_a_chat(engine: RemoteEngine, name: str) -> None:
    expected = EXPECTED[name]
    info = await engine.chat_info()
    assert (info.native_tools, info.takes_grammar, info.is_remote) == (
        expected.native_tools,
        expected.takes_grammar,
        True,
    )
    asked = ChatRequest((Message("user", "What is the capital of France? One word."),), 12)
    events = await ask(engine, asked)
    assert "Paris" in text(events)
    assert not any(isinstance(event, Thought | NativeCall) for event in events)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "end"
    # LiteLLM counts by itself what the server behind it doesn't tell.
    assert (finished.usage.prompt_tokens > 10) == expected.tells_costs
    thinking = Message("user", "Repeat exactly, with the tags: <think>so</think>yes")
    events = await ask(engine, ChatRequest((thinking,), 20))
    thoughts = [event.text for event in events if isinstance(event, Thought)]
    assert ("".join(thoughts), text(events)) == ("so", "yes")
    if expected.takes_grammar:
        answer = await ask(engine, replace(asked, grammar='root ::= "1" | "2"'))
        assert text(answer) in ("1", "2")


@EVERY
async def test_a_tool_is_called(engine: RemoteEngine, name: str) -> None:
    """So small a model forgets the tags of a call: it is found in the text."""
    way: Way = "native" if EXPECTED[name].native_tools else "fenced"
    dialect = Dialect(engine, (READ,), way, max_tokens=60)
    system = f"You call tools.\n{instructions((READ,), way)}"
    messages = (Message("system", system), Message("user", "Read the file src/main.py."))
    answered = Answered()
    async with aclosing(dialect.answer(messages, answered)) as pieces:
        async for _ in pieces:
            pass
    call = answered.calls[0]
    assert isinstance(call, Call)
    assert (call.name, call.arguments) == ("read_file", {"path": "src/main.py"})


@pytest.mark.parametrize("name", [NATIVE, f"LiteLLM > {NATIVE}"])
async def test_a_call_is_told_apart_by_the_server(engine: RemoteEngine, name: str) -> None:
    """With the tag written for the model: llama-server goes on from an assistant's message."""
    wish, begun = (
        Message("user", "Read the file src/main.py."),
        Message("assistant", "<tool_call>\n"),
    )
    tool = {"type": "function", "function": {"name": READ.name, "parameters": READ.parameters}}
    events = await ask(engine, ChatRequest((wish, begun), 40, tools=(tool,)))
    (call,) = [event for event in events if isinstance(event, NativeCall)]
    assert (call.name, json.loads(call.arguments)) == ("read_file", {"path": "src/main.py"})
    assert text(events) == ""


@EVERY
async def test_a_chat_that_is_too_long(engine: RemoteEngine, name: str) -> None:
    asked = ChatRequest((Message("user", "x " * 3 * CONTEXT_TOKENS),), 5)
    if EXPECTED[name].tells_too_long:
        with pytest.raises(ContextExceeded):
            await ask(engine, asked)
    else:  # LiteLLM makes a whole answer of an empty stream
        assert text(await ask(engine, asked)) == ""


@EVERY
async def test_a_wrong_key(servers: Servers, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(servers.settings(name), api_key="env:WRONG_KEY")
    monkeypatch.setenv("WRONG_KEY", "sk-wrong")
    engine = RemoteEngine(settings, lambda _status: None)
    for request in (GAP, LONG_CHAT):
        with pytest.raises(RemoteError, match=r"refused the API key \(401\); check the env.*KEY\."):
            await ask(engine, request)
    await engine.close()


async def test_llama_cpp_python_breaks_off_a_chat_for_a_completion() -> None:
    """So it does unless it is told not to; its own sign for that is an end without a reason."""
    with llama_cpp_server(discover.resolve(MODEL), api_key=KEY) as child:
        settings = RemoteSettings(url=child.url, api_key="env:TEST_KEY")
        engine = RemoteEngine(settings, lambda _status: None)
        await engine.info()
        async with aclosing(engine.chat(LONG_CHAT)) as events:
            await anext(events)
            await ask(engine, replace(LONG_GAP, max_tokens=1))
            with pytest.raises(RemoteError, match="start it with --interrupt_requests false"):
                async for _ in events:
                    pass
        await engine.close()


DOOMED = {
    f"LiteLLM > {PYTHON}": PYTHON,
    f"LiteLLM > {NATIVE}": "LiteLLM",
    NATIVE: NATIVE,
}
"""What is killed while it answers, in an order that leaves the next enough to answer."""


@pytest.mark.parametrize("name", DOOMED)
async def test_a_server_that_is_killed_in_mid_stream(
    servers: Servers, engine: RemoteEngine, name: str
) -> None:
    victim = servers.proxy if DOOMED[name] == "LiteLLM" else servers.models[DOOMED[name]]
    async with aclosing(engine.infill(replace(LONG_GAP, max_tokens=128))) as events:
        await anext(events)
        victim.kill()
        with pytest.raises(RemoteError) as caught:
            async for _ in events:
                pass
    assert re.fullmatch(
        r"127\.0\.0\.1:\d+ (broke off the connection; try again"
        r"|failed while answering; see its log)\.",
        str(caught.value),
    )
