"""The local engine with real llama.cpp workers: a tiny model whose answers are known, and the 0.5B.

The tests' own process loads no native code: what is asked of it directly runs in a child.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path

import pytest
import pytest_asyncio

from benchmarks.decode import WITHOUT_DRAFTS
from lsp_server.engines.base import Delta, EngineStatus, Finished, InfillRequest, Priority, Usage
from lsp_server.engines.local import wire
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.engines.local.fingerprint import fingerprint
from lsp_server.engines.local.process import WorkerProcess
from lsp_server.engines.local.speed import Speed, processor
from lsp_server.engines.local.supervisor import WORKER_COMMAND
from lsp_server.errors import (
    EngineCrashed,
    EngineUnavailable,
    ModelError,
    ModelUnusable,
    NoFimMarkers,
)
from lsp_server.models import discover
from lsp_server.settings import LocalSettings
from tests import gguf_files, tiny_model

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL = "qwen2.5-coder-0.5b"
CONTROL_TEXT = (
    "a<|im_start|>b<|fim_middle|>c<tool_call>d<|endoftext|></tool_call><<tool_call><|repo_name|>"
)


class Running:
    """An engine and what it said."""

    def __init__(
        self,
        find_model: Callable[[], Path],
        context_tokens: int,
        command: Sequence[str] = WORKER_COMMAND,
        *,
        keep_state: bool = False,
    ) -> None:
        self.statuses: list[EngineStatus] = []
        settings = LocalSettings(context_tokens=context_tokens, keep_state=keep_state)
        self.costs: list[tuple[Priority, Usage]] = []
        self.engine = LocalEngine(
            find_model,
            settings,
            self.statuses.append,
            lambda priority, usage: self.costs.append((priority, usage)),
            command=command,
        )

    async def ask(
        self,
        prefix: str,
        suffix: str = "",
        max_tokens: int = 16,
        priority: Priority = Priority.TYPING,
        middle: str = "",
    ) -> tuple[list[Delta], Finished]:
        request = InfillRequest(prefix, suffix, max_tokens, priority, middle)
        async with aclosing(self.engine.infill(request)) as stream:
            *deltas, finished = [event async for event in stream]
        assert isinstance(finished, Finished)
        return [delta for delta in deltas if isinstance(delta, Delta)], finished


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def tiny(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    path = tiny_model.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf")
    running = Running(lambda: path, context_tokens=512)
    yield running
    await running.engine.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def real() -> AsyncIterator[Running]:
    running = Running(lambda: discover.resolve(REAL), context_tokens=2048)
    yield running
    await running.engine.close()


async def test_the_answer_is_the_models(tiny: Running) -> None:
    deltas, finished = await tiny.ask("def f(", ")")
    assert [delta.text for delta in deltas] == list(tiny_model.ANSWER)
    assert [len(delta.logprobs) for delta in deltas] == [len(c.encode()) for c in tiny_model.ANSWER]
    assert all(-1 < logprob < 0 for delta in deltas for logprob in delta.logprobs)
    assert (finished.reason, finished.usage.generated_tokens) == ("end", 12)
    assert finished.usage.prompt_tokens == len("def f(") + len(")") + 3


async def test_what_is_known_of_the_model(tiny: Running) -> None:
    info = await tiny.engine.info()
    assert (info.model, info.kind, info.template) == ("Tiny", "local", "qwen")
    assert not info.fim_ok  # it answers the self-test with ANSWER too
    assert info.context_tokens == 512
    assert info.prompt_tokens_per_second
    assert info.seconds_per_token


async def test_no_more_than_max_tokens(tiny: Running) -> None:
    deltas, finished = await tiny.ask("", max_tokens=5)
    assert text(deltas) == "abc d"
    assert (finished.reason, finished.usage.generated_tokens) == ("length", 5)


async def test_lone_surrogates_and_nul_are_text(tiny: Running) -> None:
    deltas, finished = await tiny.ask("a\ud800b\0", "\udfff")
    assert text(deltas) == tiny_model.ANSWER
    assert finished.usage.prompt_tokens == 5 + 3


async def test_a_prompt_longer_than_the_context_is_cut_at_its_far_ends(tiny: Running) -> None:
    room = 512 - 16 - 3
    prefix = "".join(chr(97 + n % 7) for n in range(3000))
    suffix = "".join(chr(97 + n % 11) for n in range(3000))
    _, whole = await tiny.ask(prefix, suffix)
    assert whole.usage.prompt_tokens == room + 3
    kept = room // 4
    _, cut = await tiny.ask(prefix[-(room - kept) :], suffix[:kept])
    assert cut.usage.prompt_tokens == whole.usage.prompt_tokens
    assert cut.usage.reused_tokens == whole.usage.prompt_tokens - 1


async def test_the_answer_goes_on_from_the_middle(tiny: Running) -> None:
    for length in range(len(tiny_model.ANSWER)):
        deltas, finished = await tiny.ask("def f(", ")", middle=tiny_model.ANSWER[:length])
        assert text(deltas) == tiny_model.ANSWER[length:]
        rest = len(tiny_model.ANSWER[length:].encode())
        assert (finished.reason, finished.usage.generated_tokens) == ("end", rest)
        assert sum(len(delta.logprobs) for delta in deltas) == rest


async def test_what_the_model_would_not_have_said_is_believed(tiny: Running) -> None:
    deltas, finished = await tiny.ask("def f(", ")", middle="xyz d")
    assert text(deltas) == "é🙂!"
    assert finished.usage.prompt_tokens == len("def f()xyz d") + 3


async def test_a_middle_is_never_cut(tiny: Running) -> None:
    _, with_room = await tiny.ask("p" * 300, "s" * 300, middle="x" * 200 + "abc d")
    assert with_room.usage.prompt_tokens == 512 - 16 - 256 + 205
    deltas, finished = await tiny.ask("p" * 300, "s" * 300, middle="x" * 499 + "abc d")
    assert text(deltas) == "é🙂"[:1]
    assert (finished.reason, finished.usage.prompt_tokens) == ("length", 504 + 3)
    with pytest.raises(EngineCrashed, match="refused this prompt"):
        await tiny.ask("", "", middle="x" * 600)
    assert tiny.costs[-1][1].evaluated_tokens == 0


async def test_to_get_ready_is_to_evaluate_and_say_nothing(tiny: Running) -> None:
    prefix = "quite a new prompt: "
    deltas, finished = await tiny.ask(prefix, max_tokens=0, priority=Priority.IDLE)
    size = len(prefix) + 3
    assert deltas == []
    assert finished.reason == "length"
    assert (finished.usage.prompt_tokens, finished.usage.generated_tokens) == (size, 0)
    assert 0 < finished.usage.evaluated_tokens <= size
    _, after = await tiny.ask(prefix)
    assert after.usage.evaluated_tokens == 1
    assert tiny.costs[-2:] == [(Priority.IDLE, finished.usage), (Priority.TYPING, after.usage)]


async def test_half_the_context_is_left_to_the_prompt(tiny: Running) -> None:
    _, finished = await tiny.ask("x" * 3000, max_tokens=100_000)
    assert finished.usage.prompt_tokens == 256


async def test_the_context_is_no_larger_than_the_model_was_trained_for(tmp_path: Path) -> None:
    path = tiny_model.write(tmp_path / "tiny.gguf")
    running = Running(lambda: path, context_tokens=100_000)
    assert (await running.engine.info()).context_tokens == tiny_model.CONTEXT_TOKENS
    await running.engine.close()


async def test_a_worker_ends_with_the_server(tmp_path: Path) -> None:
    order = load_order(tiny_model.write(tmp_path / "tiny.gguf"))
    assert await asyncio.to_thread(exit_code_without_server, order) == 0


def exit_code_without_server(order: wire.Message) -> int:
    """Load a model, then close the worker's input; its exit code."""
    with subprocess.Popen(WORKER_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin
        assert worker.stdout
        worker.stdin.write(wire.encode(order))
        worker.stdin.flush()
        while wire.decode(worker.stdout.readline())["event"] != "ready":
            pass
        worker.stdin.close()
        return worker.wait(timeout=5)


def without_markers(path: Path) -> Path:
    return tiny_model.write(path, fim=False)


def truncated(path: Path) -> Path:
    tiny_model.write(path).write_bytes(path.read_bytes()[:-1000])
    return path


def not_gguf(path: Path) -> Path:
    path.write_text("<html>")
    return path


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (without_markers, NoFimMarkers, "The model Tiny has no fill-in-the-middle markers"),
        (lambda path: path, ModelUnusable, "is not a file"),
        (truncated, ModelUnusable, r"is cut short: 1,000 of .* `fimble models pull`"),
        (not_gguf, ModelUnusable, "is not a GGUF file"),
        (gguf_files.write, ModelUnusable, "llama.cpp can't load model.gguf: "),
    ],
)
async def test_a_model_that_cannot_be_used(
    tmp_path: Path, make: Callable[[Path], Path], error: type[ModelError], sentence: str
) -> None:
    path = make(tmp_path / "model.gguf")
    running = Running(lambda: path, context_tokens=512)
    with pytest.raises(error, match=sentence):
        await running.ask("x")
    with pytest.raises(error) as failure:
        await running.engine.info()
    assert running.statuses[-1] == EngineStatus.failed(failure.value)
    assert running.engine.worker_pid is None
    await running.engine.close()


async def test_without_llama_cpp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    running = Running(lambda: pytest.fail("looked for a model"), context_tokens=512)
    with pytest.raises(EngineUnavailable, match="pip install llama-cpp-python"):
        await running.engine.info()
    await running.engine.close()


async def test_the_server_loads_no_native_engine() -> None:
    code = "import sys, lsp_server.engines.local.engine; print('llama_cpp' in sys.modules)"
    assert await output(code) == "False\n"


async def output(code: str, *arguments: str) -> str:
    """What Python code prints in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    return await asyncio.to_thread(subprocess.check_output, command, text=True)


TOKENS = """
import json, sys
from pathlib import Path
from lsp_server.engines.local.llama import Model

path, *texts = sys.argv[1:]
model = Model(Path(path), gpu_layers=0, special_kernels=False, on_progress=lambda fraction: None)
ids = [model.tokens(text) for text in texts]
pieces = [b"".join(map(model.piece, tokens)).decode() for tokens in ids]
print(json.dumps([ids, pieces]))
"""


async def check_that_text_stays_text(path: Path, first_special: int) -> None:
    """No id of a control or user-defined token, and nothing of the text is lost."""
    texts = [CONTROL_TEXT, "<tool_call>", "x <|im_start|>user\n", "<|fim_prefix|>" * 3]
    ids, pieces = json.loads(await output(TOKENS, str(path), *texts))
    assert pieces == texts
    assert max(token for tokens in ids for token in tokens) < first_special


async def test_text_never_becomes_a_control_token(tmp_path: Path) -> None:
    await check_that_text_stays_text(tiny_model.write(tmp_path / "tiny.gguf"), first_special=257)


@pytest.mark.model
async def test_text_never_becomes_a_control_token_of_the_real_model() -> None:
    await check_that_text_stays_text(discover.resolve(REAL), first_special=151_643)


@pytest.mark.model
async def test_the_gap_is_filled(real: Running) -> None:
    info = await real.engine.info()
    assert info.fim_ok
    assert info.template == "qwen"
    prefix = "def celsius(fahrenheit):\n    return (fahrenheit - 32) * 5 / 9\n\n\ndef add(a, b):\n"
    deltas, finished = await real.ask(f"{prefix}    return ", "\n\n\nprint(add(1, 2))\n")
    assert text(deltas).split("\n")[0] == "a + b"
    logprobs = [logprob for delta in deltas for logprob in delta.logprobs]
    assert len(logprobs) == finished.usage.generated_tokens
    assert all(-20 < logprob <= 0 for logprob in logprobs)
    assert logprobs[0] > -0.5


@pytest.mark.model
async def test_the_counter_is_exact(real: Running) -> None:
    await real.engine.info()
    count = real.engine.counter()
    source = inspect.getsource(tiny_model)[:1500]
    odd = "x = '🙂 naïve'\t\t# 12345 <|im_start|>\r\n\n\n        y=[ ]  "
    for prefix in (source, odd, " " * 50):
        _, finished = await real.ask(prefix, "\nend", max_tokens=1)
        assert finished.usage.prompt_tokens == count(prefix) + count("\nend") + 3


@pytest.mark.model
async def test_what_was_evaluated_is_not_evaluated_again(real: Running) -> None:
    prefix = "# evaluated once\n" + "total = total + 1\n" * 20
    _, first = await real.ask(prefix, "\n", max_tokens=4)
    _, again = await real.ask(prefix, "\n", max_tokens=4)
    assert first.usage.reused_tokens < 5
    assert again.usage.reused_tokens == again.usage.prompt_tokens - 1
    _, typed = await real.ask(prefix + "tot", "\n", max_tokens=4)
    assert typed.usage.reused_tokens >= real.engine.counter()(prefix)


ADD = ("def add(a, b):\n", "\n\n\nprint(add(1, 2))\n")


@pytest.mark.model
@pytest.mark.parametrize(
    "middle", ["    return a +", "    ret", "    return ", "    return a", "    ", "   ", ""]
)
async def test_half_a_line_is_completed(real: Running, middle: str) -> None:
    deltas, finished = await real.ask(*ADD, middle=middle)
    line = (middle + text(deltas)).split("\n")[0]
    assert line == "    return a + b"
    logprobs = [logprob for delta in deltas for logprob in delta.logprobs]
    assert len(logprobs) == finished.usage.generated_tokens
    assert logprobs[0] > -1


@pytest.mark.model
@pytest.mark.parametrize("middle", ["name = 'J\u00fcr", "mood = '\U0001f642", "mood = '\u20ac"])
async def test_a_middle_that_is_not_ascii_goes_on(real: Running, middle: str) -> None:
    deltas, _ = await real.ask("", "\nprint(1)\n", middle=middle)
    assert text(deltas)
    assert "\ufffd" not in text(deltas)


@pytest.mark.model
async def test_a_key_costs_its_own_tokens(real: Running) -> None:
    source = inspect.getsource(tiny_model)
    start = source.index("    chance = random.Random(1)")
    prefix, typed, suffix = source[:start], source[start : start + 80], source[start + 500 :]
    await real.ask(prefix, suffix[:1000], max_tokens=0)
    costs = []
    for length in range(1, len(typed) + 1):
        _, finished = await real.ask(prefix, suffix[:1000], 1, middle=typed[:length])
        costs.append(finished.usage.evaluated_tokens)
    mean, p95 = sum(costs) / len(costs), sorted(costs)[-len(costs) // 20]
    print(f"prompt tokens evaluated a key: mean {mean:.2f}, p95 {p95}")
    assert mean <= 2
    assert p95 <= 4


@pytest.mark.model
async def test_going_back_and_forth_costs_nothing(real: Running) -> None:
    source = inspect.getsource(tiny_model)
    anchors = []
    for line in ("    markers = FIM", "    tokens = [*_byte"):
        start = source.index(line)
        anchors.append((source[:start], source[start + 30 : start + 300], line))
        await real.ask(*anchors[-1][:2], max_tokens=1)
    for typed in range(4, 14, 2):
        for prefix, suffix, line in anchors:
            _, finished = await real.ask(prefix, suffix, 1, middle=line[:typed])
            assert finished.usage.evaluated_tokens <= 2


@pytest.mark.model
async def test_a_copied_beginning_is_as_good_as_an_evaluated_one(real: Running) -> None:
    common = "# a beginning that is copied\n" + "total = total + 1\n" * 10
    tail = common + "print(total)\n" * 30
    numbers = common + "numbers = [1, 2, 3, 4, 5, 6, "
    expected = [text((await real.ask(prompt, "\n", 8))[0]) for prompt in (tail, numbers)]
    assert (await real.ask(tail, "\n", 8))[1].usage.evaluated_tokens == 1
    assert expected[1].startswith("7, 8, 9")
    for number in range(4):  # others push them out
        await real.ask(f"# other {number}\n" + "pass\n" * 20, "\n", 1)
    assert [text((await real.ask(p, "\n", 8))[0]) for p in (numbers, tail)] == expected[::-1]


@pytest.mark.model
async def test_an_answer_that_is_interrupted_is_the_same(real: Running) -> None:
    prefix = "numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
    alone = text((await real.ask(prefix, "\n", 40))[0])
    request = InfillRequest(prefix, "\n", 40, Priority.CHAT)
    pieces: list[str] = []
    async with aclosing(real.engine.infill(request)) as stream:
        async for event in stream:
            if isinstance(event, Delta):
                pieces.append(event.text)
            if len(pieces) == 10:
                deltas, _ = await real.ask("import numpy as ", "\n\nnp.zeros(3)\n", 2)
                assert text(deltas).startswith("np")
    assert "".join(pieces) == alone
    assert alone.startswith("13, 14, 15")


BOOK = """class Book:
    def __init__(self, title: str, author: str, publisher: str, language: str, pages: int) -> None:
        self.title = title
        self.author = author
"""
FORM = """def check(form):
    errors = []
    if not form.get("title"):
        errors.append(Problem(field="title", message="must not be empty"))
    if not form.get("author"):
        errors.append(Problem(field="author", message="must not be empty"))
    if not form.get("publisher"):
"""
GAPS = [
    (BOOK, "\n    def label(self):\n        return self.title\n"),
    (FORM, "    return errors\n"),
    ("numbers = [1, 2, 3, 4, 5, 6, 7, 8, ", "]\n"),
    (inspect.getsource(tiny_model)[:1500], "\n"),
]


@pytest.mark.model
async def test_drafts_change_no_answer_but_where_two_tokens_are_as_good(real: Running) -> None:
    plain = Running(lambda: discover.resolve(REAL), 2048, WITHOUT_DRAFTS)
    same = 0
    try:
        for gap in GAPS:
            drafted, expected = [(await who.ask(*gap, 48))[0] for who in (real, plain)]
            pairs = zip(drafted, expected, strict=False)
            other = next(((one, two) for one, two in pairs if one.text != two.text), None)
            if other is None:
                same += len(drafted) == len(expected)
            else:  # kernels for other batch sizes round otherwise
                assert other[0].logprobs == pytest.approx(other[1].logprobs, abs=0.2)
                assert max(delta.logprobs[0] for delta in other) < -0.5
    finally:
        await plain.engine.close()
    assert same >= 3


async def test_a_prompt_outlives_its_worker(tmp_path: Path) -> None:
    path = tiny_model.write(tmp_path / "tiny.gguf")
    await check_that_a_prompt_outlives_its_worker(lambda: path)
    running = Running(lambda: path, context_tokens=1024, keep_state=False)
    assert (await running.ask(*KEPT, 1))[1].usage.reused_tokens == 0
    await running.engine.close()


@pytest.mark.model
async def test_a_prompt_of_the_real_model_outlives_its_worker() -> None:
    await check_that_a_prompt_outlives_its_worker(lambda: discover.resolve(REAL))


KEPT = ("# kept\n" + "total = total + 1\n" * 30 + "print(", ")\n")


async def check_that_a_prompt_outlives_its_worker(find_model: Callable[[], Path]) -> None:
    answers = []
    for evaluated in (range(60, 1024), range(1, 3)):
        running = Running(find_model, context_tokens=1024, keep_state=True)
        deltas, finished = await running.ask(*KEPT, 5)
        await running.engine.close()
        assert finished.usage.evaluated_tokens in evaluated
        answers.append(text(deltas))
    assert answers[0] == answers[1] != ""


async def test_a_speed_that_is_known_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path))
    path = tiny_model.write(tmp_path / "tiny.gguf")
    known = Speed(threads=1, slice_tokens=64, prompt_tokens_per_second=1.0, seconds_per_token=9.0)
    gpu_layers = conservative = threads = 0
    name = fingerprint(path, processor(), threads, gpu_layers, conservative)
    speeds = []
    for _ in range(2):
        running = Running(lambda: path, context_tokens=512)
        speeds.append((await running.engine.info()).seconds_per_token or 0.0)
        await running.engine.close()
        (tmp_path / "speed").mkdir(exist_ok=True)
        (tmp_path / "speed" / f"{name}.json").write_text(json.dumps(asdict(known)))
    assert speeds[0] < 0.01 < speeds[1]  # the self-test has brought it down from 9 s


def load_order(path: Path) -> wire.Message:
    settings = {"context_tokens": 1024, "chat_tokens": 1024, "threads": 2, "gpu_layers": 0}
    return {
        "op": "load",
        "path": str(path),
        "keep_state": False,
        "conservative": False,
        **settings,
    }


class Tapped:
    """A worker and every message from it."""

    def __init__(self, process: WorkerProcess) -> None:
        self.send = process.send
        self._messages: asyncio.Queue[wire.Message] = asyncio.Queue()
        self.reading = asyncio.create_task(process.read(self._messages.put_nowait))

    async def until(self, *events: str) -> list[str]:
        """Names of the messages up to the first that is one of `events`, in the order they came."""
        names = [(await self._messages.get())["event"]]
        while names[-1] not in events:
            names.append((await self._messages.get())["event"])
        return names


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def worker() -> AsyncIterator[Tapped]:
    process = await WorkerProcess.start(WORKER_COMMAND)
    tapped = Tapped(process)
    tapped.send(load_order(discover.resolve(REAL)))
    await tapped.until("ready")
    yield tapped
    await process.end(0)
    await tapped.reading


def infill(key: int, prefix: str, max_tokens: int = 64) -> wire.Message:
    asked = {"prefix": prefix, "suffix": "\n", "max_tokens": max_tokens, "priority": 0}
    return {"op": "infill", "id": key, "request": asked}


@pytest.mark.model
async def test_cancelled_in_its_prompt_a_request_is_dropped_within_a_slice(worker: Tapped) -> None:
    worker.send(infill(1, "total = total + 1\n" * 100))
    for _ in range(3):
        assert await worker.until("working", "delta") == ["working"]
    worker.send({"op": "cancel", "id": 1})
    heard = await worker.until("dropped", "delta")
    # The slice under way was the last, or the next if this process was too late for it.
    assert heard in (["dropped"], ["working", "dropped"])


@pytest.mark.model
async def test_cancelled_at_its_answer_a_request_is_dropped_within_a_token(worker: Tapped) -> None:
    worker.send(infill(2, "numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, "))
    for _ in range(3):
        await worker.until("delta")
    worker.send({"op": "cancel", "id": 2})
    heard = await worker.until("dropped")
    # The token that was under way, and the next if this process was too late for it.
    assert heard.count("working") <= 2


@pytest.mark.model
async def test_a_cancelled_request_leaves_the_worker_to_the_next(worker: Tapped) -> None:
    worker.send(infill(3, "total = total + 1\n" * 90))
    worker.send(infill(4, "import numpy as ", max_tokens=2))
    worker.send({"op": "cancel", "id": 3})
    heard = await worker.until("finished")
    slices = list(takewhile(lambda name: name != "delta", heard))
    assert slices.count("working") <= 3
    assert heard.count("dropped") == 1
