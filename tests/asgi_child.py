"""Serves an application, by whichever Python has it installed, until standard input ends.

    python asgi_child.py llama_cpp '{"model": "/a/file.gguf", "n_ctx": 2048}'
    python asgi_child.py litellm '{"config": "/a/config.yaml"}'

The URL is printed as soon as it can answer. Imports nothing of the tests, nor of Fimble.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from importlib import import_module
from typing import Any


def _llama_cpp(options: dict[str, Any]) -> Any:
    settings = import_module("llama_cpp.server.settings").Settings(**options)
    return import_module("llama_cpp.server.app").create_app(settings=settings)


def _litellm(options: dict[str, Any]) -> Any:
    server = import_module("litellm.proxy.proxy_server")
    server.save_worker_config(**options)
    return server.app


APPLICATIONS = {"llama_cpp": _llama_cpp, "litellm": _litellm}


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Serve until killed, or until standard input ends."""
    sys.path.pop(0)  # the tests' folder, whose files must not hide other modules
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    import uvicorn

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(url, file=announcement, flush=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        # Applications print whatever they like; the parent reads the URL only.
        announcement, sys.stdout = sys.stdout, sys.stderr
        application = APPLICATIONS[sys.argv[1]](json.loads(sys.argv[2]))
        Announced(uvicorn.Config(application, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
