"""One model in a quantisation on a machine: how fast it can be, and whether that is enough.

Speeds of writing are upper bounds: whoever writes a token reads all weights that it goes through
once, so tokens a second <= bytes a second of the memory / bytes of those weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lsp_server.models.descriptions import Description, File
from lsp_server.models.machine import Machine
from lsp_server.settings import DEFAULT_MODEL

RANKED = (
    "qwen2.5-coder-0.5b",
    "qwen2.5-coder-1.5b",
    "qwen2.5-coder-7b",
    "qwen2.5-coder-14b",
    "devstral-small-24b",
    "qwen2.5-coder-32b",
    "qwen3-coder-30b-a3b",
)
"""What is chosen from, the best last: by size, and of the large ones those last that their makers
trained for agents. We measured the first two only. Models whose licence keeps them from being used
at work (the 3B, Codestral) are not among them."""
QUANTISATIONS = {
    "Q3_K_M": "low quality",
    "Q4_K_M": "good quality, the usual one",
    "Q5_K_M": "high quality",
    "Q8_0": "extremely high quality, generally not needed",
}
"""What each costs in quality, as those say who publish such files; we have not measured it."""
PARAMETERS_READ = 73e9
"""A second, by each core: as two cores of a server's processor with AVX-512 read prompts, 295
tokens a second with the 0.5B model and 96 with the 1.5B. Others may differ by half."""
_COMPLETION_WRITES, _COMPLETION_WRITES_MEASURED = 25.0, 12.0
"""Tokens a second: a line of code in half a second at the upper bound, in a second as measured."""
_COMPLETION_READS = 90.0
"""On a processor: what our default does on two cores."""
_CHAT_WRITES = {"gpu": 10.0, "processor": 8.0}
_CHAT_READS = 50.0
"""On a processor: a file of 200 lines in 40 seconds."""

Place = Literal["gpu", "processor"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A model in a quantisation, and how to run it."""

    model: Description
    file: File
    context: int
    """Tokens of one place in a file, or of a chat."""

    @property
    def read_bytes(self) -> int:
        """Weights that are read to write a token."""
        active = self.model.active / self.model.parameters if self.model.parameters else 1
        return round(self.file.bytes * active)


def tokens_per_second(machine: Machine, place: Place, choice: Choice) -> float | None:
    """At most so many are written; None if the speed of the memory is not known."""
    speed = machine.gpu.gb_per_second if place == "gpu" and machine.gpu else machine.speed
    return speed * 1e9 / choice.read_bytes if speed else None


def prompt_tokens_per_second(machine: Machine, place: Place, choice: Choice) -> float | None:
    """About so many are read on a processor, which has to compute for it; None on a GPU."""
    if place == "gpu":
        return None
    measured = machine.measured
    parameters = PARAMETERS_READ * machine.cores
    if measured:
        parameters = measured.prompt_tokens_per_second * measured.parameters
    return parameters / choice.model.active


def obstacle(machine: Machine, place: Place, choice: Choice, *, chats: bool) -> str:
    """What keeps a model from being quick enough, as the end of a sentence; empty if nothing.

    On a processor nothing is said against what is not larger than the default: it was measured to
    be worth its time on a small machine.
    """
    on_processor = place == "processor"
    if on_processor and RANKED.index(choice.model.id) <= RANKED.index(DEFAULT_MODEL):
        least_writing, least_reading = 0.0, 0.0
    elif chats:
        least_writing, least_reading = _CHAT_WRITES[place], _CHAT_READS
    else:
        real = on_processor and machine.measured
        least_writing = _COMPLETION_WRITES_MEASURED if real else _COMPLETION_WRITES
        least_reading = _COMPLETION_READS
    what = "chats want" if chats else "completion wants"
    writes = tokens_per_second(machine, place, choice)
    if writes is not None and writes < least_writing:
        return f"would write at most {writes:.0f} tokens a second, and {what} {least_writing:.0f}"
    reads = prompt_tokens_per_second(machine, place, choice)
    if reads is not None and reads < least_reading:
        return f"would read about {reads:.0f} tokens a second, and {what} {least_reading:.0f}"
    if on_processor and writes is None and least_writing:
        return "may be too slow, and the speed of this memory is not known"
    return ""
