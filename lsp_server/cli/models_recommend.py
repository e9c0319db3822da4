"""`fimble models recommend`: what to run on this machine, or on machines that a file describes."""

from __future__ import annotations

import argparse
import importlib.util
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from lsp_server.engines.local import speed
from lsp_server.engines.local.fingerprint import fingerprint
from lsp_server.models import catalog, machine, plan, store
from lsp_server.models.choice import (
    QUANTISATIONS,
    Choice,
    prompt_tokens_per_second,
    tokens_per_second,
)
from lsp_server.models.descriptions import descriptions
from lsp_server.models.machine import Machine, Measured
from lsp_server.models.plan import Plan
from lsp_server.models.recommend import Recommendation, recommend

FORMULA = (
    "Speeds are upper bounds, not measurements: the bytes a second at which the memory is read, "
    "divided by the bytes of the weights that a token goes through."
)


@dataclass(frozen=True, slots=True)
class Advice:
    """What is told of one machine."""

    machine: Machine
    pull: Recommendation
    """Of the models that can be pulled."""
    plan: Plan


def run(options: argparse.Namespace) -> int:
    """Print what to run."""
    described = machine.described(Path(options.describe)) if options.describe else None
    machines = [this_machine()] if described is None else described
    advice = [advise(each) for each in machines]
    if options.json:
        told = [as_json(each) for each in advice]
        print(json.dumps(told if described is not None else told[0]))
    elif options.table:
        print("\n".join(table(advice)))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for each in advice:
            console.print("\n".join(map(escape, lines(each))))
    return 0


def advise(described: Machine) -> Advice:
    """What to run on a machine."""
    pull = recommend(catalog.models(), described.bytes)
    return Advice(described, pull, plan.plan(described, descriptions()))


def this_machine() -> Machine:
    """This one, with its speed if a model of the catalogue was run here."""
    return machine.with_measured(machine.detect(), measured())


def measured() -> Measured | None:
    """How fast a model of the catalogue was, as its worker measured when it was first loaded."""
    if importlib.util.find_spec("llama_cpp") is None:
        return None
    for model in reversed(catalog.models()):
        path = store.installed(model)
        if path is None:
            continue
        # The conditions of a worker with the default settings on a processor.
        known = speed.known(fingerprint(path, speed.processor(), 0, 0, 0))
        if known:
            return Measured(
                model.id,
                model.bytes,
                model.parameters,
                known.prompt_tokens_per_second,
                known.seconds_per_token,
            )
    return None


def as_json(advice: Advice) -> dict[str, Any]:
    """The members that editors read, and all else."""
    chosen = advice.plan
    return {
        "model": advice.pull.model.id,
        "bytes": advice.pull.model.bytes,
        "why": advice.pull.why,
        "machine": asdict(advice.machine),
        "completion": _choice_json(advice, chosen.completion),
        "chat": _choice_json(advice, chosen.chat),
        "place": chosen.place,
        "gpuLayers": chosen.gpu_layers,
        "threads": chosen.threads,
        "memory": chosen.bytes,
        "room": chosen.room,
        "whyNoLarger": chosen.why_no_larger,
        "speeds": _speed_note(advice),
    }


def _choice_json(advice: Advice, choice: Choice) -> dict[str, Any]:
    place = advice.plan.place
    return {
        "model": choice.model.id,
        "quantisation": choice.file.quantisation,
        "bytes": choice.file.bytes,
        "about": choice.file.about,
        "contextTokens": choice.context,
        "get": _get(choice),
        "writesAtMost": tokens_per_second(advice.machine, place, choice),
        "readsAbout": prompt_tokens_per_second(advice.machine, place, choice),
    }


def lines(advice: Advice) -> list[str]:
    """What is told of a machine, in plain text."""
    chosen = advice.plan
    told = [_machine_line(advice.machine), ""]
    told += _choice_lines(advice, "Completion", chosen.completion)
    told += _choice_lines(advice, "Chat", chosen.chat)
    where = "the GPU" if chosen.place == "gpu" else "the processor"
    fits = "" if chosen.bytes <= chosen.room else ": close other programs first"
    together = "Loaded once for both, it takes" if chosen.shared else "Together they take"
    told += [
        f"{together} about {_gb(chosen.bytes)} on {where}, of {_gb(chosen.room)}{fits}. "
        f"fimble.local.gpuLayers: {chosen.gpu_layers}; threads: {chosen.threads}.",
        chosen.why_no_larger,
        "",
        *_quantisation_lines(advice),
        _speed_note(advice),
    ]
    if chosen.place == "gpu":
        told.append("A GPU needs a llama-cpp-python that was built for it, or Ollama or LM Studio.")
    told += ["", f"Of what can be pulled: {advice.pull.model.id}. {advice.pull.why}"]
    return told


def _speed_note(advice: Advice) -> str:
    known = advice.machine.measured
    if known is None or advice.plan.place == "gpu":
        return FORMULA
    return (
        f"Speeds are scaled from what was measured here with {known.model}, by the weights that a "
        "token goes through."
    )


def _machine_line(described: Machine) -> str:
    parts = [f"{_gb(described.bytes)} of memory free", f"{described.cores} cores"]
    gpu = described.gpu
    parts.append(f"{gpu.name} with {_gb(gpu.bytes)}" if gpu else "no GPU found")
    known = described.measured
    if known:
        parts.append(
            f"measured with {known.model}: reads {known.prompt_tokens_per_second:.0f} tokens/s, "
            f"writes {1 / known.seconds_per_token:.0f}"
        )
    return f"{described.name}: {', '.join(parts)}"


def _choice_lines(advice: Advice, role: str, choice: Choice) -> list[str]:
    about = "about " if choice.file.about else ""
    rates = [f"context {choice.context:,} tokens", *_speeds(advice, choice)]
    return [
        f"{role}: {choice.model.id} {choice.file.quantisation} "
        f"({about}{_gb(choice.file.bytes)}; {_get(choice)})",
        f"  {', '.join(rates)}",
    ]


def _speeds(advice: Advice, choice: Choice) -> list[str]:
    place = advice.plan.place
    told = []
    most = "about" if place == "processor" and advice.machine.measured else "at most"
    writes = tokens_per_second(advice.machine, place, choice)
    if writes:
        told.append(f"writes {most} {writes:.0f} tokens/s")
    reads = prompt_tokens_per_second(advice.machine, place, choice)
    if reads:
        told.append(f"reads about {reads:.0f}")
    return told


def _quantisation_lines(advice: Advice) -> list[str]:
    """What each quantisation of the chat model costs."""
    chosen = advice.plan
    told = [f"Quantisations of {chosen.chat.model.id}:"]
    for name, quality in QUANTISATIONS.items():
        file = chosen.chat.model.file(name)
        if file is None:
            continue
        choice = Choice(chosen.chat.model, file, chosen.chat.context)
        about = "about " if file.about else ""
        parts = [f"{about}{_gb(file.bytes)}", *_speeds(advice, choice), quality]
        told.append(f"  {name}: {', '.join(parts)}")
    return told


def table(advice: list[Advice]) -> list[str]:
    """Markdown: a line for each machine."""
    head = (
        "machine", "completion", "chat", "GPU layers", "threads", "memory, of",
        "writes at most, tokens/s", "why no larger one",
    )  # fmt: skip
    rows = [head, ("---",) * len(head), *map(_row, advice)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(advice: Advice) -> tuple[str, ...]:
    chosen = advice.plan
    speeds = [
        f"{speed:.0f}" if speed else "-"
        for choice in (chosen.completion, chosen.chat)
        for speed in [tokens_per_second(advice.machine, chosen.place, choice)]
    ]
    return (
        advice.machine.name,
        _cell(chosen.completion),
        _cell(chosen.chat),
        str(chosen.gpu_layers),
        str(chosen.threads),
        f"{_gb(chosen.bytes)}, {_gb(chosen.room)}",
        ", ".join(speeds),
        chosen.why_no_larger,
    )


def _cell(choice: Choice) -> str:
    return f"{choice.model.id} {choice.file.quantisation}, {choice.context:,} tokens"


def _get(choice: Choice) -> str:
    if choice.model.id in {model.id for model in catalog.models()}:
        return f"fimble models pull {choice.model.id}"
    return choice.model.get[0] if choice.model.get else "no source known"


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
