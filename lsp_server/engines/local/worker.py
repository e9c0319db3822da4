"""The child process that runs the model: `python -m lsp_server.engines.local.worker`.

Two threads. The reader moves messages from standard input to the inbox; the main thread owns all
else, and looks into the inbox between any two steps of the scheduler. When standard input ends, the
server is gone, and the reader ends the process at once, even if native code hangs.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, NoReturn

from lsp_server.core import fim
from lsp_server.engines.base import Delta, EngineInfo, Finished, InfillRequest
from lsp_server.engines.local import wire
from lsp_server.engines.local.calibration import calibrate
from lsp_server.engines.local.chatting import Chatting
from lsp_server.engines.local.context import Context
from lsp_server.engines.local.fingerprint import fingerprint
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.lane import Lane
from lsp_server.engines.local.llama import Model, gpu_free_bytes
from lsp_server.engines.local.placement import layers_that_fit
from lsp_server.engines.local.prompter import Prompter
from lsp_server.engines.local.scheduler import EvaluationFailed, Scheduler
from lsp_server.engines.local.slots import SLOTS
from lsp_server.engines.local.speed import SLICES, processor
from lsp_server.engines.local.states import States
from lsp_server.errors import FimbleError, describe
from lsp_server.models import gguf, hardware


class Worker:
    """A loaded model and the requests for it."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._inbox: queue.SimpleQueue[wire.Message] = queue.SimpleQueue()
        self._jobs: dict[int, Job] = {}
        self._chatting: Chatting
        self._states: States | None = None

    def read(self, source: BinaryIO) -> None:
        """Move messages to the inbox until the server is gone, then end the process."""
        for line in source:
            self._inbox.put(wire.decode(line))
        os._exit(0)

    def run(self) -> int:
        """Load the model, then serve until told to end; return early if loading has failed."""
        try:
            self._load(self._inbox.get())
        except FimbleError as error:
            self._send("failed", error=type(error).__name__, message=str(error))
            return 1
        while True:
            while not self._inbox.empty() or not self._scheduler.busy:
                message = self._inbox.get()
                if message["op"] == "end":
                    self._end()
                self._take(message)
            self._send("working")
            try:
                self._scheduler.step()
            except EvaluationFailed as failure:
                self._drop(next(key for key, job in self._jobs.items() if job is failure.job))

    def _end(self) -> NoReturn:
        """Keep what is worth it. Python's own end would wait for the reader."""
        if self._states is not None:
            self._scheduler.main.slots.keep(self._states)
        os._exit(0)

    def _send(self, event: str, **fields: object) -> None:
        self._output.write(wire.encode({"event": event, **fields}))
        self._output.flush()

    def _take(self, message: wire.Message) -> None:
        if message["op"] == "cancel":
            if message["id"] in self._jobs:  # else it has just finished
                self._scheduler.remove(self._jobs[message["id"]])
                self._drop(message["id"])
            return
        try:
            self._answer(message)
        except FimbleError as error:
            name = type(error).__name__
            self._send("refused", id=message["id"], error=name, message=str(error))

    def _answer(self, message: wire.Message) -> None:
        """Take up a request, or answer it at once. Raises FimbleError if it can't be."""
        job_id = message["id"]

        def emit(event: Delta | Finished) -> None:
            self._emit(job_id, event)

        match message["op"]:
            case "infill":
                request = wire.infill_request(message["request"])
                job = self._jobs[job_id] = self._prompter.job(request, emit)
                if len(job.tokens) > self._context_tokens:
                    self._drop(job_id)
                else:
                    self._scheduler.add(job)
            case "chat":
                chat = self._chatting
                job = chat.job(wire.chat_request(message["request"]), emit)
                self._scheduler.add(job, chat.lane)
                self._jobs[job_id] = job
            case "chat_info":
                self._send("told", id=job_id, value=self._chatting.info())
            case "count":
                tokens = self._chatting.count(wire.chat_messages(message["messages"]))
                self._send("told", id=job_id, value=tokens)

    def _emit(self, job_id: int, event: Delta | Finished) -> None:
        if isinstance(event, Delta):
            self._send("delta", id=job_id, **asdict(event))
            return
        del self._jobs[job_id]
        self._send(
            "finished",
            id=job_id,
            reason=event.reason,
            usage=asdict(event.usage),
            speed=self._speed(),
        )

    def _drop(self, job_id: int) -> None:
        """Say that a job that the scheduler no longer has won't be finished."""
        usage = self._jobs.pop(job_id).usage()
        self._send("dropped", id=job_id, usage=asdict(usage), speed=self._speed())

    def _speed(self) -> list[float]:
        lane = self._scheduler.main
        return [lane.prompt_tokens_per_second, lane.seconds_per_token]

    def _load(self, order: wire.Message) -> None:
        path = Path(order["path"])
        layers = 0 if order["conservative"] else order["gpu_layers"]
        if layers < 0:
            tokens = order["context_tokens"] * SLOTS + order["chat_tokens"]
            layers = layers_that_fit(path, tokens, gpu_free_bytes())
        model = Model(
            path,
            gpu_layers=layers,
            special_kernels=not order["conservative"],
            on_progress=lambda fraction: self._send("loading", fraction=fraction),
        )
        threads = order["threads"]
        context = Context(
            model,
            size=order["context_tokens"],
            sequences=SLOTS,
            threads=threads or hardware.physical_cores(),
            slice_tokens=max(SLICES),
            on_gpu=layers > 0,
        )
        self._context_tokens = context.size
        self._prompter = prompter = Prompter(model, context.size)
        model.end_at(prompter.template.stops)
        conditions = (processor(), threads, layers, int(order["conservative"]))
        speed = calibrate(context, fingerprint(path, *conditions), threads)
        self._scheduler = Scheduler(context, model, speed)

        def open_lane(tokens: int) -> Lane:
            hardware.check_chat_memory(gguf.read_header(path), tokens)
            chat = Context(
                model,
                size=tokens,
                sequences=1,
                threads=speed.threads,
                slice_tokens=speed.slice_tokens,
                on_gpu=layers > 0,
                setting="fimble.chat.contextTokens",
            )
            return Lane(chat, speed, sequences=1)

        self._chatting = Chatting(model, order["chat_tokens"], open_lane)
        fim_ok = self._self_test()
        if order["keep_state"]:
            self._states = States(fingerprint(path, context.size), context.save, context.load)
            self._scheduler.main.slots.restore(self._states)
        info = EngineInfo(
            model=model.name,
            kind="local",
            template=prompter.template.id,
            fim_ok=fim_ok,
            context_tokens=context.size,
            # As calibrated, so that after a restart the window is the one that was evaluated.
            prompt_tokens_per_second=speed.prompt_tokens_per_second,
            seconds_per_token=speed.seconds_per_token,
            gpu_layers=layers,
            shows_files=prompter.shows_files,
            chooses_names=True,
        )
        self._send("ready", info=asdict(info))

    def _self_test(self) -> bool:
        test = fim.self_test()
        answer: list[str] = []

        def emit(event: Delta | Finished) -> None:
            if isinstance(event, Delta):
                answer.append(event.text)

        request = InfillRequest(test.prefix, test.suffix, fim.SELF_TEST_TOKENS)
        self._scheduler.add(self._prompter.job(request, emit))
        while self._scheduler.busy:
            self._scheduler.step()
        return test.passed("".join(answer))


def main() -> int:
    """Run the worker on this process's standard streams."""
    # Native code may print: give it standard error, and keep the pipe to the server for messages.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    worker = Worker(output)
    threading.Thread(target=worker.read, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        return worker.run()
    except Exception as error:
        print(describe(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
