"""Our estimate of a model's memory against the resident size of the real worker.

For each model and context, the worker is loaded by the engine, as the server does it, and its `Rss`
is read from the kernel (`/proc/PID/smaps_rollup`; Linux only). So that this doesn't take half an
hour, the context is not filled by evaluating text: after the self-test, the worker's child gives
one of its places forged cells up to the last slice (`forged`), and then really evaluates that
slice at full depth, so that the scratch for it is touched. How that is counted:

- The weights are mapped; llama.cpp reads all of them at load, so they are resident. The originals
  of tensors that it copies are clean pages of the file, which count in Rss as long as nobody else
  wants the memory; `needed` in the output leaves them out.
- Of a context four places are kept, each of so many tokens; llama.cpp clears the whole cache when
  it is made, so all of it is resident however few tokens are in it.
- The last slice has 128 tokens, the most that a worker takes; a slow machine's slices are smaller.

Prints one JSON object; sizes are MiB.

    nice -n 19 python -m benchmarks.memory --models qwen2.5-coder-0.5b qwen2.5-coder-1.5b
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import sys
import threading
from pathlib import Path

import numpy as np

from lsp_server.engines.local.context import Context
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.engines.local.slots import SLOTS
from lsp_server.engines.local.speed import SLICES
from lsp_server.engines.local.worker import Worker
from lsp_server.engines.local.worker import main as run_worker
from lsp_server.models import gguf, memory
from lsp_server.models.discover import resolve
from lsp_server.models.memory import Weights
from lsp_server.settings import LocalSettings

CONTEXTS = (2048, 8192, 32768)
COMMAND = (sys.executable, "-P", "-c", "from benchmarks import memory; memory.child()")
"""The worker, at the end of whose self-test a context is deep."""
_TOKEN = 0
_CELL = struct.Struct("<3I")
"""Position, number of sequences, the sequence."""


def forged(state: bytes, cells: int, real: int) -> bytes:
    """A state as llama.cpp serialises one, with `cells` cells instead of the `real` ones it has.

    Positions count from 0; what the cells hold is zeros. The state is of sequence 0 of a context
    without flash attention, which stores values transposed.
    """
    head = struct.Struct("<4I")  # magic, flags, streams, cells of the first stream
    magic, flags, streams, count = head.unpack_from(state)
    if count != real:
        raise ValueError("this llama.cpp serialises a state otherwise")
    position = head.size + real * _CELL.size
    transposed, layers = struct.unpack_from("<2I", state, position)
    position += 8
    if transposed != 1:
        raise ValueError("values are expected to be transposed")
    parts = [head.pack(magic, flags, streams, cells)]
    parts += [_CELL.pack(cell, 1, 0) for cell in range(cells)]
    parts.append(struct.pack("<2I", transposed, layers))
    for form in ("<iQ", "<iII"):  # keys: type, bytes of a row; values: type, bytes of one, rows
        for _ in range(layers):
            fields = struct.unpack_from(form, state, position)
            row = int(np.prod(fields[1:]))
            parts += [struct.pack(form, *fields), bytes(row * cells)]
            position += struct.calcsize(form) + row * real
    return b"".join([*parts, state[position:]])


def deepen(context: Context) -> None:
    """Evaluate a slice at the end of the context's first sequence, as if the rest had been."""
    slice_tokens, real = max(SLICES), 16
    context.keep(0, 0)
    context.evaluate(0, [_TOKEN] * real, 0)
    cells = context.size - slice_tokens
    state = forged(context.state(0).tobytes(), cells, real)
    context.keep(0, 0)
    if not context.restore(0, np.frombuffer(bytearray(state), dtype=np.uint8)):
        raise ValueError("llama.cpp did not take the forged state")
    if not context.evaluate(0, [_TOKEN] * slice_tokens, cells):
        raise ValueError("the last slice could not be evaluated")
    context.best()
    context.keep(0, 0)


def child() -> None:
    """Run the worker; its context has been deep when it says that it is ready."""
    test = Worker._self_test

    def test_and_deepen(worker: Worker) -> bool:
        passed = test(worker)
        context = worker._scheduler.main.context
        assert isinstance(context, Context)
        done = threading.Event()

        def live() -> None:  # one slice at full depth may take longer than a worker may be silent
            while not done.wait(10):
                worker._send("loading", fraction=1.0)

        beat = threading.Thread(target=live)
        beat.start()
        deepen(context)
        done.set()
        beat.join()
        return passed

    Worker._self_test = test_and_deepen  # type: ignore[method-assign, assignment]
    sys.exit(run_worker())


async def measured(model: Path, context_tokens: int) -> int:
    """Resident bytes of a worker that has used a context to its end."""
    settings = LocalSettings(context_tokens=context_tokens, keep_state=False, gpu_layers=0)
    engine = LocalEngine(lambda: model, settings, lambda _: None, command=COMMAND)
    try:
        await engine.info()
        return resident(engine.worker_pid or 0)
    finally:
        await engine.close()


def resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Rss:"))


def compared(model: Path, context_tokens: int) -> dict[str, float]:
    """Estimate and measurement side by side, in MiB."""
    header = gguf.read_header(model)
    weights = Weights(header.weight_bytes, header.repacked_bytes)
    estimate = memory.on_processor(header, weights, context_tokens, SLOTS)
    real = asyncio.run(measured(model, context_tokens))
    return {
        "estimated": round(estimate.resident / 2**20),
        "measured": round(real / 2**20),
        "error %": round(100 * (estimate.resident / real - 1), 1),
        "needed": round(estimate.needed / 2**20),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Estimated and measured memory of the worker.")
    parser.add_argument("--models", nargs="+", default=["qwen2.5-coder-0.5b"])
    parser.add_argument("--contexts", nargs="+", type=int, default=CONTEXTS)
    options = parser.parse_args()
    figures = {}
    for name in options.models:
        model = resolve(name)
        figures[name] = {tokens: compared(model, tokens) for tokens in options.contexts}
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
