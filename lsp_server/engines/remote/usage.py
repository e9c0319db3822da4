"""What a request has cost, as the kinds of endpoints tell it."""

from __future__ import annotations

from lsp_server.engines.base import Usage
from lsp_server.engines.remote.answer import Answer


def of_openai(usage: Answer) -> Usage:
    """The object `usage` of an answer. DeepSeek has a name of its own for what it had cached."""
    prompt = usage.count("prompt_tokens")
    reused = usage.section("prompt_tokens_details").count("cached_tokens")
    reused = reused or usage.count("prompt_cache_hit_tokens")
    return Usage(
        prompt_tokens=prompt,
        reused_tokens=reused,
        generated_tokens=usage.count("completion_tokens"),
        evaluated_tokens=max(0, prompt - reused),
    )


def of_timings(timings: Answer) -> Usage:
    """The object `timings` of an answer of llama-server's."""
    reused, evaluated = timings.count("cache_n"), timings.count("prompt_n")
    return Usage(
        prompt_tokens=reused + evaluated,
        reused_tokens=reused,
        generated_tokens=timings.count("predicted_n"),
        prompt_seconds=timings.number("prompt_ms") / 1000,
        generate_seconds=timings.number("predicted_ms") / 1000,
        evaluated_tokens=evaluated,
    )


def of_ollama(last: Answer) -> Usage:
    """The last event of Ollama's answer. Older ones don't tell what they had cached."""
    prompt, reused = last.count("prompt_eval_count"), last.count("prompt_eval_cached_count")
    return Usage(
        prompt_tokens=prompt,
        reused_tokens=reused,
        generated_tokens=last.count("eval_count"),
        prompt_seconds=last.number("prompt_eval_duration") / 1e9,
        generate_seconds=last.number("eval_duration") / 1e9,
        evaluated_tokens=max(0, prompt - reused),
    )


def told(event: Answer) -> Usage | None:
    """What has been spent, if an event of a chat tells; llama-server tells more than others."""
    if "timings" in event:
        return of_timings(event.section("timings"))
    return of_openai(event.section("usage")) if "usage" in event else None
