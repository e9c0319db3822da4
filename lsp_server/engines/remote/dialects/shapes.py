"""The forms that requests for a completion, and their answers, have on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_server.engines.base import Usage
from lsp_server.engines.remote import sse
from lsp_server.engines.remote.answer import Answer
from lsp_server.engines.remote.asked import Framing
from lsp_server.engines.remote.choice import CHOICE_TEMPERATURE
from lsp_server.engines.remote.usage import of_ollama, of_openai, of_timings


@dataclass(frozen=True, slots=True)
class Gap:
    """What is asked for."""

    prompt: str
    """What stands before the gap, or, with markers, all."""
    suffix: str | None
    """What stands behind it; None if there are markers in the prompt."""
    max_tokens: int
    model: str = ""
    """Empty: the endpoint's only one."""
    stop: tuple[str, ...] = ()
    choice: int = 0
    """See `InfillRequest.choice`."""
    context_tokens: int = 0
    streams: bool = True

    @property
    def temperature(self) -> float:
        """Greedy, unless another answer is wanted."""
        return CHOICE_TEMPERATURE if self.choice else 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """What one event, or a whole answer, tells."""

    text: str = ""
    reason: str = ""
    """Why it ended, in OpenAI's words; empty: it has not."""
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One form."""

    body: Callable[[Gap], dict[str, object]]
    read: Callable[[Answer], Said]
    """Raises Unexpected."""
    framing: Framing = sse.events
    asks_usage: bool = False
    """See `Ways.asks_usage`, which must allow it too."""


def _openai_body(gap: Gap, seed: str = "seed") -> dict[str, object]:
    body: dict[str, object] = {"prompt": gap.prompt, "max_tokens": gap.max_tokens}
    body["temperature"] = gap.temperature
    if gap.model:
        body["model"] = gap.model
    if gap.suffix is not None:
        body["suffix"] = gap.suffix
    if gap.stop:
        body["stop"] = list(gap.stop)
    if gap.choice and seed:
        body[seed] = gap.choice
    return body | {"stream": True} if gap.streams else body


def _openai_read(answer: Answer, field: str = "") -> Said:
    usage = of_openai(answer.section("usage")) if "usage" in answer else None
    for choice in answer.sections("choices")[:1]:
        said = choice
        if field:
            said = choice.section("delta" if "delta" in choice else "message")
        return Said(said.text(field or "text"), choice.text("finish_reason"), usage)
    return Said(usage=usage)


OPENAI = Shape(_openai_body, _openai_read, asks_usage=True)
"""`/v1/completions`."""

SEEDLESS = Shape(lambda gap: _openai_body(gap, ""), _openai_read, asks_usage=True)
"""The same where samples can't be told apart by a seed."""

MISTRAL = Shape(
    lambda gap: _openai_body(gap, "random_seed"), lambda answer: _openai_read(answer, "content")
)
"""`/v1/fim/completions`, which answers as a chat does."""


def _ollama_body(gap: Gap) -> dict[str, object]:
    options: dict[str, object] = {
        "num_ctx": gap.context_tokens,
        "num_predict": gap.max_tokens,
        "temperature": gap.temperature,
        "stop": list(gap.stop),
    }
    if gap.choice:
        options["seed"] = gap.choice
    body: dict[str, object] = {"model": gap.model, "prompt": gap.prompt, "stream": gap.streams}
    own = {"raw": True} if gap.suffix is None else {"suffix": gap.suffix}
    return body | own | {"options": options}


def _ollama_read(answer: Answer) -> Said:
    if not answer.flag("done"):
        return Said(answer.text("response"))
    reason = answer.text("done_reason") or "stop"
    return Said(answer.text("response"), reason, of_ollama(answer))


OLLAMA = Shape(_ollama_body, _ollama_read, sse.lines)
"""`/api/generate`."""


def _infill_body(gap: Gap) -> dict[str, object]:
    body: dict[str, object] = {
        "input_prefix": gap.prompt,
        "input_suffix": gap.suffix,
        "n_predict": gap.max_tokens,
        "temperature": gap.temperature,
        "cache_prompt": True,
        "stream": gap.streams,
    }
    if gap.model:
        body["model"] = gap.model
    return body | {"seed": gap.choice} if gap.choice else body


def _infill_read(answer: Answer) -> Said:
    if not answer.flag("stop"):
        return Said(answer.text("content"))
    limited = answer.text("stop_type") == "limit"
    usage = of_timings(answer.section("timings"))
    return Said(answer.text("content"), "length" if limited else "stop", usage)


INFILL = Shape(_infill_body, _infill_read)
"""llama-server's `/infill`."""
