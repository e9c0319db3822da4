"""A machine as far as it decides which models run on it: this one, or one that is described."""

from __future__ import annotations

import platform
import subprocess
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import psutil

from lsp_server.errors import UsageError
from lsp_server.models import hardware

Maker = Literal["nvidia", "amd", "apple"]
UNIFIED_SHARE = 2 / 3
"""Of a Mac's memory, so much is taken to be the GPU's; the rest is for the system."""
_QUESTION = ("nvidia-smi", "--query-gpu=name,memory.free", "--format=csv,noheader,nounits")
_PATIENCE_SECONDS = 10.0
_GIB = 1 << 30
_SYSTEM_GIB = 2.0
"""Of a described machine's memory, so much is taken not to be free."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """The GPUs of one maker, together."""

    maker: Maker
    name: str
    bytes: int
    """That are free."""
    gb_per_second: float = 0.0
    """At which its memory is read; 0 if that is not known."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast a model was on a machine's processor."""

    model: str
    weight_bytes: int
    parameters: int
    prompt_tokens_per_second: float
    seconds_per_token: float


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to run models on."""

    name: str
    bytes: int
    """Of main memory, free."""
    cores: int
    gpu: Gpu | None = None
    gb_per_second: float = 0.0
    """At which main memory is read; 0 if that is not known."""
    measured: Measured | None = None

    @property
    def speed(self) -> float:
        """Gigabytes a second that the processor reads weights with: measured if possible, or 0."""
        if self.measured is None:
            return self.gb_per_second
        return self.measured.weight_bytes / self.measured.seconds_per_token / 1e9


def detect() -> Machine:
    """This machine as it is now. Runs `nvidia-smi` if there is one; blocks for that long."""
    return Machine(
        "this machine",
        hardware.available_memory(),
        hardware.physical_cores(),
        nvidia() or amd() or apple(),
    )


def with_measured(machine: Machine, measured: Measured | None) -> Machine:
    """The same machine, with what is known of its speed."""
    return replace(machine, measured=measured)


def nvidia() -> Gpu | None:
    """NVIDIA's GPUs, as their driver's tool tells."""
    try:
        told = subprocess.run(_QUESTION, capture_output=True, text=True, timeout=_PATIENCE_SECONDS)
    except (OSError, subprocess.TimeoutExpired):  # no driver, or one that hangs
        return None
    return _sum("nvidia", _nvidia_lines(told.stdout)) if told.returncode == 0 else None


def _nvidia_lines(text: str) -> list[tuple[str, int]]:
    found = []
    for line in text.splitlines():
        name, _, free = line.rpartition(",")
        if free.strip().isdecimal():  # "[N/A]" for those that share the machine's memory
            found.append((name.strip(), int(free) << 20))
    return found


def amd(drivers: Path = Path("/sys/class/drm")) -> Gpu | None:
    """AMD's GPUs, as their Linux driver tells; one without memory of its own has hardly any."""
    found = []
    for device in sorted(drivers.glob("card*/device")):
        try:
            total = int((device / "mem_info_vram_total").read_text())
            used = int((device / "mem_info_vram_used").read_text())
        except (OSError, ValueError):  # another maker's
            continue
        found.append(("AMD GPU", total - used))
    return _sum("amd", found)


def apple() -> Gpu | None:
    """The GPU of a Mac with Apple's processor."""
    if platform.system() != "Darwin" or platform.machine() != "arm64":
        return None
    total = int(psutil.virtual_memory().total)
    return Gpu("apple", platform.processor() or "Apple GPU", int(total * UNIFIED_SHARE))


def _sum(maker: Maker, found: list[tuple[str, int]]) -> Gpu | None:
    if not found:
        return None
    return Gpu(maker, found[0][0], sum(free for _, free in found))


def described(path: Path) -> list[Machine]:
    """Machines that a TOML file describes, for `fimble models recommend --describe`.

    Raises UsageError if it can't be read or isn't of the form that `docs/models.md` shows.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["machine"]
        return [_machine(entry) for entry in entries]
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} does not describe machines: each [[machine]] has a name, memory_gb and cores, "
            "and may have memory_gb_per_second, gpu (nvidia, amd or apple), gpu_gb and "
            "gpu_gb_per_second (docs/models.md has examples)."
        ) from error


def _machine(entry: dict[str, Any]) -> Machine:
    fields = dict(entry)
    name, cores = str(fields.pop("name")), int(fields.pop("cores"))
    memory, speed = float(fields.pop("memory_gb")), float(fields.pop("memory_gb_per_second", 0))
    maker: Maker | None = fields.pop("gpu", None)
    gpu_memory = float(fields.pop("gpu_gb", 0))
    gpu_speed = float(fields.pop("gpu_gb_per_second", 0))
    if fields or cores < 1 or memory <= 0 or maker not in (None, *get_args(Maker)):
        raise ValueError
    if maker == "apple":
        gpu_memory = gpu_memory or memory * UNIFIED_SHARE
    gpu = Gpu(maker, maker, int(gpu_memory * _GIB), gpu_speed) if maker else None
    free = max(0.0, memory - _SYSTEM_GIB)
    return Machine(name, int(free * _GIB), cores, gpu, speed)
