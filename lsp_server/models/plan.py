"""Which models a machine should run for completion and for chats, and why no larger ones.

A plan is chosen so: the best chat model that fits and is quick enough, and with it the best model
for completion that is; one model for both where that is possible, since its weights are loaded
once. All of it goes to the GPU if anything fits there beside a margin, else to the processor. What
room is left goes to longer chats and finer quantisations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lsp_server.models import memory
from lsp_server.models.choice import RANKED, Choice, Place, obstacle
from lsp_server.models.descriptions import Description
from lsp_server.models.machine import Machine
from lsp_server.models.memory import MARGIN_BYTES, WINDOWS, Weights
from lsp_server.settings import DEFAULT_MODEL

FEWEST_CHAT_TOKENS, MORE_CHAT_TOKENS, MOST_CHAT_TOKENS = 8_192, 16_384, 32_768
"""What a chat must have, what it gets before finer quantisations, and what after those."""
_WINDOW = {"gpu": 4_096, "processor": 2_048}
PROCESSOR_SHARE = 0.75
"""Of the main memory that is free; the rest is for editors, builds and browsers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run where."""

    place: Place
    completion: Choice
    chat: Choice
    gpu_layers: int
    threads: int
    room: int
    """Bytes that there are."""
    why_no_larger: str
    """A sentence."""

    @property
    def shared(self) -> bool:
        """Whether one model does both."""
        return (self.completion.model, self.completion.file) == (self.chat.model, self.chat.file)

    @property
    def bytes(self) -> int:
        """That both take."""
        return taken(self.place, self.completion, self.chat)


def taken(place: Place, completion: Choice, chat: Choice) -> int:
    """Bytes of the place's memory that two choices take together."""
    shared = (completion.model, completion.file) == (chat.model, chat.file)
    cells = completion.model.cache, chat.model.cache
    assert cells[0] and cells[1]
    tokens = completion.context * WINDOWS
    if place == "gpu":
        if shared:
            return memory.on_gpu(cells[0], completion.file.bytes, tokens + chat.context)
        return memory.on_gpu(cells[0], completion.file.bytes, tokens) + memory.on_gpu(
            cells[1], chat.file.bytes, chat.context
        )
    first = memory.on_processor(
        cells[0], Weights(completion.file.bytes), completion.context, WINDOWS
    ).needed
    if shared:
        beside = memory.cache_bytes(cells[0], chat.context)
        return first + beside + memory.scratch_bytes(cells[0], chat.context)
    return first + memory.on_processor(cells[1], Weights(chat.file.bytes), chat.context, 1).needed


def plan(machine: Machine, described: Sequence[Description]) -> Plan:
    """The best plan for a machine. `described` has the models of RANKED.

    If not even the smallest model fits, it is planned nevertheless; `Plan.bytes` then exceeds
    `Plan.room`.
    """
    known = {model.id: model for model in described}
    ranked = [known[name] for name in RANKED if name in known]
    for place, room in _places(machine):
        found = _best(machine, place, room, ranked)
        if found:
            return _grown(machine, place, room, found, ranked)
    smallest = ranked[0]
    file = smallest.files[0]
    pair = Choice(smallest, file, _WINDOW["processor"]), Choice(smallest, file, FEWEST_CHAT_TOKENS)
    return _made(machine, "processor", int(machine.bytes * PROCESSOR_SHARE), pair, ranked)


def _places(machine: Machine) -> Iterator[tuple[Place, int]]:
    if machine.gpu and machine.gpu.bytes > MARGIN_BYTES:
        yield "gpu", machine.gpu.bytes - MARGIN_BYTES
    yield "processor", int(machine.bytes * PROCESSOR_SHARE)


def _best(
    machine: Machine, place: Place, room: int, ranked: Sequence[Description]
) -> tuple[Choice, Choice] | None:
    """The best pair in the usual quantisation with the shortest contexts, or None."""
    for chat in reversed(ranked):
        talking = _usual(chat, FEWEST_CHAT_TOKENS)
        if obstacle(machine, place, talking, chats=True):
            continue
        # One model for both first, then the best that fits beside it.
        others = [model for model in reversed(ranked) if model is not chat]
        for model in (chat, *others):
            filling = _usual(model, _WINDOW[place])
            if "fim" not in model.roles or obstacle(machine, place, filling, chats=False):
                continue
            if ranked.index(model) <= ranked.index(chat) and (
                taken(place, filling, talking) <= room
            ):
                return filling, talking
    return None


def _usual(model: Description, context: int) -> Choice:
    file = model.file("Q4_K_M")
    assert file
    return Choice(model, file, min(context, model.context))


def _grown(
    machine: Machine,
    place: Place,
    room: int,
    pair: tuple[Choice, Choice],
    ranked: Sequence[Description],
) -> Plan:
    """The plan with what room is left used: chats of 16k, finer quantisations, longer chats."""

    def fits(filling: Choice, talking: Choice) -> bool:
        return (
            taken(place, filling, talking) <= room
            and not obstacle(machine, place, filling, chats=False)
            and not obstacle(machine, place, talking, chats=True)
        )

    def longer(tokens: int) -> None:
        nonlocal pair
        talking = replace(pair[1], context=min(tokens, pair[1].model.context))
        if fits(pair[0], talking):
            pair = pair[0], talking

    longer(MORE_CHAT_TOKENS)
    for quantisation in ("Q5_K_M", "Q8_0"):
        file = next((f for f in pair[1].model.files if f.quantisation == quantisation), None)
        if file is None:  # none that we know exists
            continue
        same = pair[0].model is pair[1].model
        filling = replace(pair[0], file=file) if same else pair[0]
        talking = replace(pair[1], file=file)
        if fits(filling, talking):
            pair = filling, talking
    longer(MOST_CHAT_TOKENS)
    return _made(machine, place, room, pair, ranked)


def _made(
    machine: Machine,
    place: Place,
    room: int,
    pair: tuple[Choice, Choice],
    ranked: Sequence[Description],
) -> Plan:
    filling, talking = pair
    cache = talking.model.cache
    assert cache
    layers = cache.layers + 1 if place == "gpu" else _offloaded(machine, filling, talking)
    why = _why_no_larger(machine, place, room, pair, ranked)
    return Plan(place, filling, talking, layers, machine.cores, room, why)


def _offloaded(machine: Machine, filling: Choice, talking: Choice) -> int:
    """Layers for a GPU that is too small for the whole model."""
    if machine.gpu is None or machine.gpu.bytes <= MARGIN_BYTES or not filling.model.cache:
        return 0
    layers = filling.model.cache.layers + 1
    whole = taken("gpu", filling, talking)
    return min(layers, (machine.gpu.bytes - MARGIN_BYTES) * layers // whole)


def _why_no_larger(
    machine: Machine,
    place: Place,
    room: int,
    pair: tuple[Choice, Choice],
    ranked: Sequence[Description],
) -> str:
    filling, talking = pair
    told = ""
    if filling.model is not talking.model:
        told = _why_apart(machine, place, talking) or (
            f"Completion has another model, for {talking.model.id} can't hold its contexts too."
        )
        told += " "
    larger = ranked[ranked.index(talking.model) + 1 :]
    if not larger:
        return f"{told}{talking.model.id} is the best that Fimble recommends."
    next_one = _usual(larger[0], FEWEST_CHAT_TOKENS)
    name = next_one.model.id
    hindrance = obstacle(machine, place, next_one, chats=True)
    if hindrance:
        return f"{told}The next larger one, {name}, {hindrance}."
    small = _usual(next(model for model in ranked if model.id == DEFAULT_MODEL), _WINDOW[place])
    needed = taken(place, small, next_one)
    if not _why_apart(machine, place, next_one):
        needed = min(needed, taken(place, _usual(next_one.model, _WINDOW[place]), next_one))
    sentence = f"{told}The next larger one, {name}, takes {_gb(needed)} with its contexts"
    third = next_one.model.file("Q3_K_M")
    if third and taken(place, small, replace(next_one, file=third)) <= room:
        return f"{sentence}, of {_gb(room)}; only in Q3_K_M, of low quality, it would fit."
    return f"{sentence}, and there are {_gb(room)}."


def _why_apart(machine: Machine, place: Place, talking: Choice) -> str:
    """Why a chat's model can't do completion too: a sentence, empty if it can."""
    name = talking.model.id
    if "fim" not in talking.model.roles:
        return f"{name} can't fill gaps, so completion has another model."
    hindrance = obstacle(machine, place, talking, chats=False)
    return f"Completion has another model, for {name} {hindrance}." if hindrance else ""


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
