"""`fimble doctor`: what works, what doesn't, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import importlib.util
import json
import platform
import sys
from typing import TypeAlias

from rich.console import Console
from rich.markup import escape

from lsp_server import __version__
from lsp_server.agent.probe import remembered
from lsp_server.agent.probe.measure import measure
from lsp_server.agent.probe.scorecard import Scorecard, to_json
from lsp_server.agent.probe.trial import Trial
from lsp_server.cli import doctor_agent, doctor_servers
from lsp_server.cli.engine import opener
from lsp_server.cli.own_settings import own_settings
from lsp_server.cli.scorecard_table import print_scorecard
from lsp_server.cli.status import shown_status
from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.engines.base import Engine, EngineInfo, EngineStatus, StatusListener
from lsp_server.engines.chat import FullEngine
from lsp_server.engines.local.engine import not_counted
from lsp_server.engines.remote import discovery
from lsp_server.engines.roles.order import Health
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


Check: TypeAlias = tuple[bool, str]
"""Whether it is well, and a sentence."""


def run(options: argparse.Namespace) -> int:
    """Print one line a check, and the model's scorecard; the exit code is 1 if a check failed.

    What the agent lacks is no failure: chats go on without. Nor is it one if no server runs here.
    """
    settings = own_settings()
    checks = [_machine(), _grammars()]
    servers: tuple[discovery.Server, ...] | None = None
    if _needs_this_machine(options, settings):
        checks += [_llama_cpp(), _models()]
        servers = asyncio.run(discovery.find(log=settings.remote.log))
    with shown_status() as on_status:
        found, card = asyncio.run(_engine(options, settings, on_status))
    checks += found
    agent = [*_unasked(options, settings), *doctor_agent.checks()]
    if options.json:
        shown = {"checks": checks, "agent": agent}
        told = {
            name: [{"ok": good, "text": text} for good, text in each]
            for name, each in shown.items()
        }
        more = {
            "servers": doctor_servers.entries(servers or ()),
            "scorecard": to_json(card) if card else None,
        }
        print(json.dumps(told | more, indent=2))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for good, text in checks:
            console.print("[green]ok  [/]" if good else "[red]FAIL[/]", escape(text))
        if servers is not None:
            agent += doctor_servers.checks(servers)
        for good, text in agent:
            console.print("[green]ok  [/]" if good else "[yellow]note[/]", escape(text))
        if card:
            print_scorecard(card)
    return 0 if all(good for good, _ in checks) else 1


def _machine() -> Check:
    memory = hardware.available_memory() / 1e9
    return True, (
        f"fimble {__version__}, Python {platform.python_version()} on {sys.platform}, "
        f"{hardware.physical_cores()} cores, {memory:.1f} GB of memory free"
    )


def _grammars() -> Check:
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


def _llama_cpp() -> Check:
    if importlib.util.find_spec("llama_cpp") is None:
        return False, (
            "the local engine is not installed; install llama-cpp-python "
            "(`pip install llama-cpp-python`), or set fimble.remote.url"
        )
    return True, f"llama-cpp-python {importlib.metadata.version('llama-cpp-python')}"


def _models() -> Check:
    found = discover.found()
    if not found:
        return (
            False,
            f"no model in {store.cache_dir()}; run `fimble models pull {Settings().model}`",
        )
    return True, f"models: {', '.join(item.name for item in found)}"


def _needs_this_machine(options: argparse.Namespace, settings: Settings) -> bool:
    """Whether a model that is here is to be asked."""
    if options.endpoint or options.script:
        return False
    names = {*settings.engines("fim"), *settings.engines("chat")}
    return bool(options.model) or any(settings.endpoint(name) is None for name in names)


def _unasked(options: argparse.Namespace, settings: Settings) -> list[Check]:
    """Endpoints that are set and that nobody asks."""
    if options.endpoint or options.model or options.script:
        return []
    asked = {*settings.engines("fim"), *settings.engines("chat")}
    return [
        (False, f"{name} is asked for nothing; name it in fimble.roles.fim or fimble.roles.chat")
        for name in settings.endpoints
        if name not in asked
    ]


async def _engine(
    options: argparse.Namespace, settings: Settings, on_status: StatusListener
) -> tuple[list[Check], Scorecard | None]:
    """How the model fills gaps, and if it is named or that is asked for, how it is best asked."""
    engine = opener(options)(settings, on_status, not_counted)
    try:
        filling = await _filling(engine)
        checks = [filling]
        if engine.is_several:
            checks += map(_health, await engine.look())
        if not (options.probe or (options.model and filling[0])):
            return checks, None
        try:
            return checks, await _measured(engine, on_status)
        except FimbleError as error:
            return [*checks, (False, str(error))], None
    finally:
        await engine.close()


async def _filling(engine: Engine) -> Check:
    try:
        info = await engine.info()
    except FimbleError as error:
        return False, str(error)
    if not info.fim_ok:
        return False, f"{info.model} answers, but does not fill a simple gap; use a Coder model"
    return True, f"{info.model} fills gaps ({info.template} markers){_speed(info)}"


def _health(health: Health) -> Check:
    does = "fills gaps" if health.role == "fim" else "answers chats"
    if health.first_word_seconds is None or health.message:
        return False, f"{health.name}, which {does}: {health.message}"
    return True, f"{health.name} {does}: first word after {health.first_word_seconds:.2f} s"


async def _measured(engine: FullEngine, on_status: StatusListener) -> Scorecard:
    """Measure the model, whatever is known of it, and remember that. Raises FimbleError."""
    asked = 0

    def heard(kind: str, trial: Trial) -> None:
        nonlocal asked
        asked += 1
        on_status(EngineStatus("ready", f"Small tasks: {asked} done, now {kind}, {trial.task}"))

    card = await measure(engine, heard)
    identity = (await engine.chat_info()).identity
    if identity:
        remembered.remember(remembered.default_folder(), identity, card)
    return card


def _speed(info: EngineInfo) -> str:
    if info.prompt_tokens_per_second is None or info.seconds_per_token is None:
        return ""
    return (
        f": reads {info.prompt_tokens_per_second:.0f} tokens/s, writes "
        f"{1 / info.seconds_per_token:.0f} tokens/s, {info.gpu_layers} layers on a GPU"
    )
