"""Which model of the catalogue, that is of those that can be pulled, to take on this machine.

`plan` says which ones to run if others may come onto it otherwise.

The default is the one whose quality was measured to be worth its time on a small machine, so only
memory speaks against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.models import memory
from lsp_server.models.catalog import Model
from lsp_server.models.descriptions import descriptions
from lsp_server.models.memory import Weights
from lsp_server.settings import DEFAULT_MODEL, LocalSettings


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A model, and a sentence that says why it is this one."""

    model: Model
    why: str


def recommend(models: Sequence[Model], free_bytes: int) -> Recommendation:
    """Return the default model if it fits into so much memory, else the largest below that does.

    If none does, it is the smallest. `models` has the default among them.
    """
    upwards = sorted(models, key=lambda model: model.bytes)
    default = next(model for model in upwards if model.id == DEFAULT_MODEL)
    candidates = upwards[: upwards.index(default) + 1]
    fitting = [model for model in candidates if _needed(model) <= free_bytes]
    model = fitting[-1] if fitting else candidates[0]
    needed, free = f"{_needed(model) / 1e9:.1f} GB", f"{free_bytes / 1e9:.1f} GB"
    if model is default:
        why = f"It takes about {needed} of the {free} of memory that are free."
    elif fitting:
        why = f"It takes about {needed} of memory; {default.id} doesn't fit into the {free} free."
    else:
        why = f"It takes about {needed} of memory, and {free} are free: close other programs first."
    return Recommendation(model, why)


def _needed(model: Model) -> int:
    """What a model takes that isn't here yet, with the windows of completion."""
    cache = next(each.cache for each in descriptions() if each.id == model.id)
    assert cache  # read from the file itself
    window = LocalSettings().context_tokens
    return memory.on_processor(cache, Weights(model.bytes), window, memory.WINDOWS).needed
