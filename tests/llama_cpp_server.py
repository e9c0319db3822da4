"""A real `llama_cpp.server` for tests: the extra `server` of llama-cpp-python."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import asgi_child
from tests.child_servers import Child, serving


@contextmanager
def llama_cpp_server(
    model: Path,
    *,
    context_tokens: int = 2048,
    threads: int = 1,
    api_key: str = "",
    interrupts: bool = True,
) -> Iterator[Child]:
    """Start a server, end it. Raises RuntimeError if it does not start.

    `interrupts`: each request ends the one before, which is its default.
    """
    options = {
        "model": str(model),
        "n_ctx": context_tokens,
        "n_threads": threads,
        "n_threads_batch": threads,
        "api_key": api_key or None,
        "interrupt_requests": interrupts,
        "verbose": False,
    }
    command = [sys.executable, asgi_child.__file__, "llama_cpp", json.dumps(options)]
    with serving(command, "llama_cpp.server") as child:
        yield child
