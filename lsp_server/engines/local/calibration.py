"""Threads, slices and speeds of a context on this machine, measured where they are not known."""

from __future__ import annotations

import time

from lsp_server.engines.local import speed
from lsp_server.engines.local.context import Context
from lsp_server.models import hardware

_TOKEN = 0
"""Any will do: they all take the same time."""


def calibrate(context: Context, name: str, wanted_threads: int) -> speed.Speed:
    """Give the context the settings that are best on this machine, and tell the speed with them.

    `name` is the fingerprint of all that they depend on. `wanted_threads` is what the user wants,
    or 0. Leaves sequence 0 empty.
    """

    def evaluate(tokens: int, threads: int) -> float:
        context.set_threads(threads)
        started = time.perf_counter()
        if not context.evaluate(0, [_TOKEN] * tokens, 0):
            raise RuntimeError("llama.cpp could not evaluate a batch")
        context.best()
        seconds = time.perf_counter() - started
        context.keep(0, 0)
        return seconds

    most = wanted_threads or hardware.physical_cores()
    evaluate(1, most)  # the first one reads the weights from disk
    found = speed.cached(name, lambda: speed.measure(evaluate, most, wanted_threads or 1))
    context.set_threads(found.threads)
    context.slice_tokens = found.slice_tokens
    return found
