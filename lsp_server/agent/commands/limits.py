"""How much of the machine a command may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Of memory and processes all that a command started are counted together, ten times a second.

    A limit on address space would hold at once, but runtimes reserve far more than they use (Node
    tens of GiB), so that none that they can live with would protect anything.
    """

    seconds: float = 120.0
    """Of the clock, for all of it."""
    cpu_seconds: int = 600
    """Of processor time, for each process."""
    memory_bytes: int = 4 << 30
    processes: int = 256
    file_bytes: int = 1 << 30
    """The largest file that can be written."""
    kept_characters: int = 64_000
    """Of the output; half of them from its beginning, half from its end."""
    output_bytes: int = 64 << 20
    """Who writes more is stopped."""
