"""`fimble doctor`: what works, what doesn't, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import importlib.util
import platform
import sys

from rich.console import Console
from rich.markup import escape

from lsp_server import __version__
from lsp_server.cli.engine import opener
from lsp_server.cli.status import shown_status
from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.engines.base import EngineInfo, StatusListener
from lsp_server.engines.local.engine import not_counted
from lsp_server.errors import FimbleError
from lsp_server.models import discover, hardware, store
from lsp_server.settings import Settings

SOURCES = {
    "a.py": "x = 1\n",
    "a.ts": "let x = 1;\n",
    "a.tsx": "let x = <p/>;\n",
    "a.js": "let x = 1;\n",
    "a.go": "package a\n",
    "a.rs": "fn a() {}\n",
    "a.java": "class A {}\n",
    "a.c": "int a;\n",
    "a.cpp": "int a;\n",
}


def run(options: argparse.Namespace) -> int:
    """Print one line a check; the exit code is 1 if one failed."""
    console = Console(highlight=False, soft_wrap=True)
    checks = [_machine(), _grammars()]
    if not (options.endpoint or options.script):  # these need nothing of what is local
        checks += [_llama_cpp(), _models()]
    with shown_status() as on_status:
        checks.append(asyncio.run(_engine(options, on_status)))
    for good, text in checks:
        console.print("[green]ok  [/]" if good else "[red]FAIL[/]", escape(text))
    return 0 if all(good for good, _ in checks) else 1


def _machine() -> tuple[bool, str]:
    memory = hardware.available_memory() / 1e9
    return True, (
        f"fimble {__version__}, Python {platform.python_version()} on {sys.platform}, "
        f"{hardware.physical_cores()} cores, {memory:.1f} GB of memory free"
    )


def _grammars() -> tuple[bool, str]:
    broken = []
    for name, source in SOURCES.items():
        grammar = grammar_for("", f"file:///{name}")
        try:
            parsed = None if grammar is None else Syntax.parse(source, grammar)
        except ImportError:
            parsed = None
        if parsed is None:
            broken.append(name[2:])
    if broken:
        return False, f"no grammar for {', '.join(broken)}; install Fimble and its packages again"
    return True, f"grammars for {', '.join(name[2:] for name in SOURCES)}"


def _llama_cpp() -> tuple[bool, str]:
    if importlib.util.find_spec("llama_cpp") is None:
        return False, (
            "the local engine is not installed; install llama-cpp-python "
            "(`pip install llama-cpp-python`), or set fimble.remote.url"
        )
    return True, f"llama-cpp-python {importlib.metadata.version('llama-cpp-python')}"


def _models() -> tuple[bool, str]:
    found = discover.found()
    if not found:
        return (
            False,
            f"no model in {store.cache_dir()}; run `fimble models pull {Settings().model}`",
        )
    return True, f"models: {', '.join(item.name for item in found)}"


async def _engine(options: argparse.Namespace, on_status: StatusListener) -> tuple[bool, str]:
    engine = opener(options)(Settings(), on_status, not_counted)
    try:
        info = await engine.info()
    except FimbleError as error:
        return False, str(error)
    finally:
        await engine.close()
    if not info.fim_ok:
        return False, f"{info.model} answers, but does not fill a simple gap; use a Coder model"
    return True, f"{info.model} fills gaps ({info.template} markers){_speed(info)}"


def _speed(info: EngineInfo) -> str:
    if info.prompt_tokens_per_second is None or info.seconds_per_token is None:
        return ""
    return (
        f": reads {info.prompt_tokens_per_second:.0f} tokens/s, writes "
        f"{1 / info.seconds_per_token:.0f} tokens/s, {info.gpu_layers} layers on a GPU"
    )
