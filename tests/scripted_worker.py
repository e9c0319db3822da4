"""A worker without a model, which does as the messages it gets say; for tests of the supervisor.

The load order's `does` and a request's prefix name what happens; the functions below say what that
is. A request that has none of them as its prefix is answered with that prefix.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from dataclasses import asdict
from typing import NoReturn

from lsp_server.engines.base import EngineInfo, Usage
from lsp_server.engines.local import wire

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def send(event: str, **fields: object) -> None:
    sys.stdout.buffer.write(wire.encode({"event": event, **fields}))
    sys.stdout.buffer.flush()


def die(signal_number: int) -> None:
    print("last words", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal_number)


def info(name: str) -> dict[str, object]:
    return asdict(EngineInfo(name, "local", "qwen", fim_ok=True, context_tokens=4096))


def load(order: wire.Message) -> None:
    match order["does"]:
        case "die":
            die(signal.SIGKILL)
        case "fault":
            die(signal.SIGSEGV)
        case "hang":
            time.sleep(600)
        case "fail":
            send("failed", error="NotEnoughMemory", message="There is too little of it.")
            sys.exit(1)
        case "babble":
            print("Hello from a native library", flush=True)
            time.sleep(600)
        case "babble on":
            print("Hello " * 2_000_000, flush=True)
            time.sleep(600)
        case "stop listening":
            os.close(sys.stdin.fileno())
            os.close(sys.stdout.fileno())
            time.sleep(600)
    name = "conservative" if order["conservative"] else "ordinary"
    send("loading", fraction=0.5)
    if order["does"] == "babble when ready":
        message = wire.encode({"event": "ready", "info": info(name)})
        os.write(sys.stdout.fileno(), message + b"Hello\n")  # read at once: nobody can ask between
        time.sleep(600)
    send("ready", info=info(name))
    if order["does"] == "die when ready":
        die(signal.SIGKILL)


def answer(request: wire.Message, received: list[str]) -> None:
    key = request["id"]
    text = request["request"]["prefix"]
    match text:
        case "die":
            die(signal.SIGKILL)
        case "fault":
            die(signal.SIGSEGV)
        case "speak and die":
            send("delta", id=key, text="half", logprobs=[-0.5], evaluated_tokens=0)
            die(signal.SIGKILL)
        case "speak and go on":
            send("delta", id=key, text="half", logprobs=[-0.5], evaluated_tokens=0)
            return
        case "hang":
            time.sleep(600)
        case "work for long":
            for _ in range(10):
                send("working")
                time.sleep(0.1)
        case "refuse":
            send("dropped", id=key, usage=asdict(Usage(5)), speed=[1, 1])
            return
        case "tell what you heard":
            text = " ".join(received)
    send("delta", id=key, text=text, logprobs=[-0.25], evaluated_tokens=0)
    send("finished", id=key, reason="end", usage=asdict(Usage(7, 3, 1, 0.5, 0.25)), speed=[1, 1])


def end(order: wire.Message) -> NoReturn:
    match order["does"]:
        case "speak at the end":
            print("goodbye", file=sys.stderr, flush=True)
        case "go on at the end":
            time.sleep(600)
    sys.exit(0)


def main() -> None:
    order = wire.decode(sys.stdin.buffer.readline())
    load(order)
    received: list[str] = []
    for line in sys.stdin.buffer:
        message = wire.decode(line)
        if message["op"] == "end":
            end(order)
        received.append(f"{message['op']} {message['id']}")
        if message["op"] == "cancel":
            send("dropped", id=message["id"], usage=asdict(Usage(9, 2)), speed=[1, 1])
        else:
            answer(message, received)


if __name__ == "__main__":
    main()
