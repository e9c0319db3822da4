"""A real llama-server for tests: the one of xllamacpp, in a child process on a loopback port.

Run as a program, it serves until its standard input ends, so it never outlives the test run.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def llama_server(
    model: Path, *, context_tokens: int = 4096, threads: int = 2, api_key: str = ""
) -> Iterator[str]:
    """Start a server, yield its URL, end it. Raises RuntimeError if it does not start."""
    arguments = [str(model), str(context_tokens), str(threads), api_key]
    process = subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError("llama-server did not start; is xllamacpp installed?")
            yield url
        finally:
            process.kill()


def _serve(model: str, context_tokens: int, threads: int, api_key: str) -> None:
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = model
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = 128  # a disconnect is noticed between two batches
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.warmup = False
    params.api_keys = [api_key] if api_key else []
    server = Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
