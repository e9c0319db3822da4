"""A real llama-server for tests: the one of xllamacpp, in a child process on a loopback port.

Run as a program, it serves until its standard input ends, so it never outlives the test run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.child_servers import Child, serving


@dataclass(frozen=True, slots=True)
class Options:
    """What the child is told."""

    model: str
    context_tokens: int = 4096
    threads: int = 2
    api_key: str = ""
    batch_tokens: int = 128
    cache_reuse: int = 0
    warm_up: bool = False
    slots: int = 1
    cache_ram_mib: int = 8192


@contextmanager
def llama_server(
    model: Path,
    *,
    context_tokens: int = 4096,
    threads: int = 2,
    api_key: str = "",
    batch_tokens: int = 128,
    cache_reuse: int = 0,
    warm_up: bool = False,
    slots: int = 1,
    cache_ram_mib: int = 8192,
) -> Iterator[str]:
    """Start a server, yield its URL, end it. Raises RuntimeError if it does not start."""
    options = Options(
        str(model),
        context_tokens,
        threads,
        api_key,
        batch_tokens,
        cache_reuse,
        warm_up,
        slots,
        cache_ram_mib,
    )
    with llama_server_child(options) as child:
        yield child.url


@contextmanager
def llama_server_child(options: Options) -> Iterator[Child]:
    """The same, with its process.

    A disconnect is noticed between two batches, so small ones suit tests. `cache_reuse`: see the
    option of that name of llama-server. `slots` is how many requests it answers at a time; each has
    an equal part of the context. Prompts that had to leave their slot are kept in `cache_ram_mib`.
    """
    command = [sys.executable, "-m", "tests.llama_server", json.dumps(asdict(options))]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    with serving(command, "llama-server (xllamacpp)", environment) as child:
        yield child


def _serve(options: Options) -> None:
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = options.model
    params.n_ctx = options.context_tokens
    params.n_parallel = options.slots
    params.cache_ram_mib = options.cache_ram_mib
    params.n_batch = params.n_ubatch = options.batch_tokens
    params.n_cache_reuse = options.cache_reuse
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.warmup = options.warm_up
    params.endpoint_metrics = True
    params.api_keys = [options.api_key] if options.api_key else []
    server = Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(Options(**json.loads(sys.argv[1])))
