"""What this machine has, and whether a model fits into it."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from lsp_server.errors import NotEnoughMemory
from lsp_server.models import memory
from lsp_server.models.gguf import Header
from lsp_server.models.memory import Weights


def check_memory(
    header: Header,
    context_tokens: int,
    contexts: int,
    *,
    available: int | None = None,
) -> None:
    """Raise NotEnoughMemory if the model needs more than is `available` (None: asks the system).

    So many contexts are kept at the same time, each of `context_tokens`.
    """
    weights = Weights(header.weight_bytes, header.repacked_bytes)
    _check(
        f"The model {header.name} with {contexts} contexts of {context_tokens:,} tokens",
        memory.on_processor(header, weights, context_tokens, contexts).needed,
        "fimble.local.contextTokens",
        available,
    )


def check_chat_memory(header: Header, context_tokens: int, *, available: int | None = None) -> None:
    """Raise NotEnoughMemory if there is no room for a chat beside its model, which is loaded."""
    _check(
        f"A chat of {context_tokens:,} tokens with the model {header.name}",
        memory.cache_bytes(header, context_tokens) + memory.scratch_bytes(header, context_tokens),
        "fimble.chat.contextTokens",
        available,
    )


def _check(what: str, needed: int, setting: str, available: int | None) -> None:
    free = available_memory() if available is None else available
    if needed > free:
        raise NotEnoughMemory(
            f"{what} needs {needed / (1 << 30):.1f} GiB of memory, and {free / (1 << 30):.1f} GiB "
            "are free; close other programs, choose a smaller model (`fimble models list`) or "
            f"lower {setting}."
        )


def available_memory() -> int:
    """Bytes that programs can still get: of the machine, or of the container if that has fewer."""
    return min([int(psutil.virtual_memory().available), *_left_in_groups(control_groups())])


def physical_cores() -> int:
    """Cores that this process may use, hyper-threads not counted twice; at least 1."""
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    return max(1, min([cores, *_cores_of_groups(control_groups())]))


def on_battery() -> bool:
    """Whether the machine runs on its battery; False where that is not known."""
    try:
        battery = psutil.sensors_battery()
    except Exception:  # it reads what drivers report, and not every system has it
        return False
    return battery is not None and battery.power_plugged is False


def control_groups(
    root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")
) -> list[Path]:
    """Folders of this process's control group and those around it (Linux, version 2), else none."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        if line.startswith("0::/"):
            group = root / line.removeprefix("0::/")
            return [group, *(parent for parent in group.parents if parent.is_relative_to(root))]
    return []


def _left_in_groups(groups: list[Path]) -> list[int]:
    """Bytes left below each memory limit. Files held in memory are given back when needed."""
    left = []
    for group in groups:
        try:
            limit = int((group / "memory.max").read_text())
            used = int((group / "memory.current").read_text())
            figures = dict(
                line.split() for line in (group / "memory.stat").read_text().splitlines()
            )
            cached = int(figures["inactive_file"]) + int(figures["active_file"])
        except (OSError, ValueError, KeyError):  # no limit reads "max"
            continue
        left.append(max(0, limit - used + cached))
    return left


def _cores_of_groups(groups: list[Path]) -> list[int]:
    """Cores that each CPU quota is worth, rounded up."""
    cores = []
    for group in groups:
        try:
            quota, period = map(int, (group / "cpu.max").read_text().split())
        except (OSError, ValueError):
            continue
        cores.append(-(-quota // period))
    return cores
