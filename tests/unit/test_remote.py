"""The remote engine: streams, failures, waiting and closing, against odd and hostile endpoints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from lsp_server.engines.base import (
    Delta,
    EngineStatus,
    Finished,
    InfillRequest,
    Priority,
    Usage,
)
from lsp_server.engines.remote import backoff, open_remote, sse
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.errors import EngineUnavailable, RemoteError
from lsp_server.settings import RemoteSettings
from tests.http_endpoint import STREAM, Endpoint, Request, dripping, endpoint, reply, stream
from tests.remote import (
    DONE,
    REQUEST,
    ask,
    choice,
    engine_for,
    pass_self_test,
    refusal,
    text_of,
)


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


async def test_a_stream_is_read_however_it_is_cut(served: Endpoint) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": None}
    first = json.dumps(choice("é😀\u2028"), ensure_ascii=False)
    events = (
        f": keep-alive\r\n\r\ndata: {first}\r\n\r\n"
        + "event: message\rdata:"
        + json.dumps(choice(" = 1\x0c", "length"))
        + "\n\n: ping\n\ndata: "
        + json.dumps({"choices": [], "usage": usage})
        + "\n\ndata: [DONE]\n\n"
    ).encode()

    async def byte_by_byte(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM)
        for index in range(len(events)):
            writer.write(events[index : index + 1])
            await writer.drain()
            if index % 8 == 0:
                await asyncio.sleep(0)

    served.routes["/v1/completions"] = byte_by_byte
    engine = engine_for(served)
    assert await ask(engine) == [
        Delta("é😀\u2028"),
        Delta(" = 1\x0c"),
        Finished("length", Usage(prompt_tokens=9, generated_tokens=3, evaluated_tokens=9)),
    ]
    await engine.close()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_events_do_not_depend_on_the_chunks(size: int) -> None:
    source = 'data: {"a": "x\u2028\u0085😀"}\r\n\r\n:c\ndata:b\n\n'.encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(source), size):
            yield source[start : start + size]

    events = [event async for event in sse.events(chunks())]
    assert events == ['{"a": "x\u2028\u0085😀"}'.encode(), b"b"]


async def test_what_is_sent(served: Endpoint) -> None:
    served.routes["/v1/completions"] = stream(choice("x", "stop"), DONE)
    engine = engine_for(served, model="coder")
    await ask(engine, InfillRequest("a\ud800", "b", max_tokens=3))  # a lone surrogate
    assert served.bodies("/v1/completions") == [
        {
            "model": "coder",
            "prompt": "<|fim_prefix|>a?<|fim_suffix|>b<|fim_middle|>",
            "max_tokens": 3,
            "temperature": 0.0,
            "stop": ["<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|endoftext|>"],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]
    await engine.close()


async def test_costs_are_told_once_finished_or_left(served: Endpoint) -> None:
    told: list[tuple[Priority, Usage]] = []
    served.before_routes = pass_self_test
    settings = RemoteSettings(url=served.url, dialect="openai", template="qwen")
    engine = RemoteEngine(settings, lambda status: None, lambda *cost: told.append(cost))
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": None}
    served.routes["/v1/completions"] = stream(
        choice("a"), choice("b", "stop"), {"choices": [], "usage": usage}, DONE
    )
    await ask(engine)
    assert told == [
        (Priority.TYPING, Usage(prompt_tokens=9, generated_tokens=3, evaluated_tokens=9))
    ]
    request = InfillRequest("a", "b", priority=Priority.IDLE)
    async with aclosing(engine.infill(request)) as events:
        await anext(events)
    assert told[1:] == [(Priority.IDLE, Usage(generated_tokens=1))]
    await engine.close()


async def test_control_text_in_an_answer_ends_it(served: Endpoint) -> None:
    pieces = [choice("a <"), choice("b<|im"), choice("_en"), choice("d|>secret")]
    served.routes["/v1/completions"] = stream(*pieces, DONE)
    engine = engine_for(served)
    assert await ask(engine) == [Delta("a "), Delta("<b"), Finished("end")]
    served.routes["/v1/completions"] = stream(choice("a <|im_"), DONE)
    assert await text_of(engine) == "a <|im_"
    await engine.close()


async def test_lone_surrogates_in_an_answer_are_replaced(served: Endpoint) -> None:
    served.routes["/v1/completions"] = stream('{"choices":[{"text":"a\\ud83d"}]}', DONE)
    engine = engine_for(served)
    assert await text_of(engine) == "a\ufffd"
    await engine.close()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (stream(choice("x")), "broke off its answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ndata: {}", "broke off the connection"),
        (stream({"error": {"message": "REQUEST"}}), "failed while answering"),
        (stream("{"), "did not answer as a completion server"),
        (stream("[" * 100_000), "did not answer as a completion server"),
        (stream('{"choices": [{"text": 5}]}'), "did not answer as a completion server"),
        (stream('{"choices": 5}'), "did not answer as a completion server"),
        (stream('{"choices": [7]}'), "did not answer as a completion server"),
        (stream('{"other": NaN}'), "did not answer as a completion server"),
        (STREAM + b"x" * (sse.MAX_LINE_BYTES + 70_000), "did not answer as a completion server"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "broke off the connection"),
        (b"", "broke off the connection"),
        (reply({}, status=302, headers="Location: http://x.test/\r\n"), "redirects (302)"),
        (reply({}, status=400), "refused the request (400)"),
        (reply({}, status=401), "wants an API key (401)"),
        (reply({}, status=404), "no such address or model (404)"),
        (reply({}, status=429, headers="Retry-After: \x1b[2Jx\r\n"), "(429); try again later."),
        (reply({}, status=500), "failed (500)"),
        (reply({}, status=503), "still loading its model (503)"),
    ],
)
async def test_a_failure_is_one_sentence_and_does_not_last(
    served: Endpoint, answer: bytes, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "PAUSES_SECONDS", (0,))
    engine = engine_for(served)
    served.routes["/v1/completions"] = answer
    with pytest.raises(RemoteError) as caught:
        await ask(engine)
    message = str(caught.value)
    assert says in message
    assert served.url.removeprefix("http://") in message
    assert "REQUEST" not in message
    served.routes["/v1/completions"] = stream(choice("ok"), DONE)
    assert await text_of(engine) == "ok"
    await engine.close()


async def test_an_endpoint_that_asks_for_it_is_left_alone(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "PAUSES_SECONDS", (0,))
    engine, changes = listened_to(served)
    served.before_routes = pass_self_test
    busy = reply({}, status=429, headers="Retry-After: 7\r\n")
    served.routes["/v1/completions"] = busy
    for _ in range(20):
        with pytest.raises(RemoteError, match=r"\(429\); try again in 7 s\."):
            await ask(engine)
    assert len(served.bodies("/v1/completions")) == 1
    assert [change.state for change in changes] == ["loading", "ready"]
    await engine.close()


async def test_only_a_lost_endpoint_is_asked_again_what_it_is(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "PAUSES_SECONDS", (0,))
    engine = engine_for(served)
    busy, broken, other = reply({}, status=429), stream(choice("x")), reply({}, status=404)
    for answer, asked in ((busy, 1), (broken, 1), (other, 2), (b"", 3)):
        served.routes["/v1/completions"] = answer
        with pytest.raises(RemoteError):
            await ask(engine)
        assert len(served.bodies("/v1/models")) == asked
    await engine.close()


def listened_to(served: Endpoint) -> tuple[RemoteEngine, list[EngineStatus]]:
    changes: list[EngineStatus] = []
    settings = RemoteSettings(url=served.url, dialect="openai", template="qwen")
    return RemoteEngine(settings, changes.append), changes


async def test_an_endpoint_that_is_down_is_not_probed_at_every_key(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "PAUSES_SECONDS", (0.2, 60))
    served.routes["/v1/models"] = reply({}, status=503)
    engine, changes = listened_to(served)

    async def typing() -> None:
        for _ in range(21):
            with pytest.raises(RemoteError, match=r"still loading its model \(503\)"):
                await ask(engine)
        with pytest.raises(RemoteError, match=r"\(503\)"):
            await engine.info()

    served.before_routes = lambda request: reply({}, status=503)
    await typing()
    assert [change.state for change in changes] == ["loading", "failed"]
    await asyncio.sleep(0.2 * (1 + backoff.SPREAD))
    await typing()
    assert [change.state for change in changes] == ["loading", "failed", "failed"]
    await engine.close()


def test_pauses_grow_differ_and_are_as_long_as_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(backoff.time, "monotonic", lambda: now)  # type: ignore[attr-defined]
    error = RemoteError("no")

    def pause(pauses: backoff.Backoff, at_least: float = 0) -> float:
        """Seconds for which it raises."""
        nonlocal now
        pauses.failed(error, at_least)
        start = now
        while True:
            try:
                pauses.check()
            except RemoteError:
                now += 0.01
            else:
                return now - start

    first = {pause(backoff.Backoff()) for _ in range(30)}
    assert min(first) >= 0.99
    assert max(first) <= 1.27
    assert len(first) > 5
    pauses = backoff.Backoff()
    times = [pause(pauses) for _ in range(8)]
    for taken, least in zip(times, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert least - 0.02 <= taken <= least * (1 + backoff.SPREAD) + 0.02
    assert 44.9 <= pause(pauses, 45) <= 45.1


async def test_requests_that_fail_together_are_one_failure_and_success_ends_the_series(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "PAUSES_SECONDS", (0, 60))
    served.before_routes = pass_self_test
    engine, changes = listened_to(served)
    for _ in range(3):
        served.routes["/v1/completions"] = reply({}, status=500)
        together = await asyncio.gather(*(ask(engine) for _ in range(5)), return_exceptions=True)
        assert [type(error).__name__ for error in together] == ["Refused"] * 5
        served.routes["/v1/completions"] = stream(choice("ok"), DONE)
        assert await text_of(engine) == "ok"
    states = [change.state for change in changes]
    assert states == ["loading", "ready", *["failed", "ready"] * 3]
    await engine.close()


async def test_the_self_test_is_part_of_connecting(served: Endpoint) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(stream(choice("x = 1"), DONE))

    served.routes["/v1/completions"] = slow
    engine, changes = listened_to(served)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await engine.info()
    first, second = await asyncio.gather(engine.info(), engine.info())
    assert first == second
    assert not first.fim_ok
    assert len(served.bodies("/v1/completions")) == 1
    assert changes[-1] == EngineStatus(
        "ready",
        f"{served.url.removeprefix('http://')} is ready, but failed a simple fill-in-the-middle "
        "test; suggestions may be poor.",
    )
    await engine.close()


async def test_a_self_test_without_end_is_failed(served: Endpoint) -> None:
    served.routes["/v1/completions"] = dripping(stream(choice("x"))[len(STREAM) :])
    served.before_routes = lambda request: None
    engine = engine_for(served, timeout_seconds=0.5)
    async with asyncio.timeout(10):
        assert not (await engine.info()).fim_ok
    await engine.close()


async def test_no_redirect_is_followed(served: Endpoint) -> None:
    async with endpoint() as elsewhere:
        there = f"Location: {elsewhere.url}/v1/completions\r\n"
        served.routes["/v1/completions"] = reply({}, status=307, headers=there)
        await refusal(engine_for(served))
        assert elsewhere.requests == []


async def test_an_answer_without_done_is_whole_if_it_has_a_reason(served: Endpoint) -> None:
    served.routes["/v1/completions"] = stream(choice("x"), choice("", "stop"))
    engine = engine_for(served)
    assert await ask(engine) == [Delta("x"), Finished("end")]
    await engine.close()


@pytest.mark.parametrize("drip", [b"", b": keep-alive\n\n", b"x"])
async def test_time_is_bounded_whatever_drips(served: Endpoint, drip: bytes) -> None:
    served.routes["/v1/completions"] = dripping(drip)
    message = await refusal(engine_for(served, timeout_seconds=0.2))
    assert "did not answer within 0.2 s" in message


async def test_closing_the_iterator_closes_the_connection(served: Endpoint) -> None:
    served.routes["/v1/completions"] = dripping(stream(choice("x"))[len(STREAM) :])
    engine = engine_for(served)
    async with asyncio.timeout(1), aclosing(engine.infill(REQUEST)) as events:
        assert await anext(events) == Delta("x")
        served.ended.clear()
    await asyncio.wait_for(served.ended.wait(), 0.5)
    await engine.close()


async def test_cancelled_requests_do_not_stop_the_connecting(served: Endpoint) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(reply({"data": []}))

    served.routes |= {
        "/v1/models": slow,
        "/v1/completions": stream(choice("x"), DONE),
    }
    engine = engine_for(served)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await ask(engine)
    assert await text_of(engine) == "x"
    assert len(served.bodies("/v1/models")) == 1
    await engine.close()


@pytest.mark.parametrize("path", ["/v1/models", "/v1/completions"])
async def test_close_ends_what_is_running(served: Endpoint, path: str) -> None:
    served.routes[path] = dripping(b"")
    engine = engine_for(served)
    running = asyncio.create_task(ask(engine))
    while await served.arrived.get() != path:
        pass
    await engine.close()
    await engine.close()
    with pytest.raises((RemoteError, EngineUnavailable)):
        await asyncio.wait_for(running, 1)
    with pytest.raises(EngineUnavailable):
        await ask(engine)


async def test_status_tells_each_change(served: Endpoint) -> None:
    changes: list[EngineStatus] = []
    settings = RemoteSettings(url=served.url, dialect="openai", template="qwen")
    engine = open_remote(settings, changes.append)
    assert served.requests == []
    assert changes == []
    served.routes["/v1/completions"] = stream(choice("self.width  * self.height\nx"), DONE)
    info = await engine.info()
    assert (info.kind, info.template, info.fim_ok, info.context_tokens) == (
        "remote",
        "qwen",
        True,
        4096,
    )
    await engine.info()
    assert len(served.bodies("/v1/completions")) == 1
    await engine.close()
    assert [change.state for change in changes] == ["loading", "ready", "stopped"]


async def test_an_endpoint_that_does_not_heed_the_limit(served: Endpoint) -> None:
    served.routes["/v1/completions"] = stream(*[choice("a ")] * 100, DONE)
    engine = engine_for(served)
    events = await ask(engine, InfillRequest("x", "", max_tokens=5))
    assert events == [Delta("a ")] * 5 + [Finished("length")]
    await engine.close()
