"""What was measured of a model, as tables for people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from lsp_server.agent.probe.scorecard import Score, Scorecard

_WAYS = {
    "native": "the endpoint's own tools",
    "json_bare": "a bare object of JSON",
    "json_tagged": "JSON in <tool_call> tags",
    "python_call": "a Python call",
    "fenced": "JSON in a block of code",
    "xml": "XML tags",
    "two_step": "a thought, then a call by a grammar",
}
_FORMS = {"function": "the whole function", "blocks": "search/replace blocks"}


def print_scorecard(card: Scorecard) -> None:
    """Print how each way did, the best first, and what follows from it."""
    table = Table("", "Task", *(Column(name, justify="right") for name in _FIGURES))
    calls = sorted(card.calls.items(), key=lambda each: (each[1].asked, each[1].rank), reverse=True)
    for way, score in calls:
        chosen = "[green]*[/]" if way == card.way else ""
        table.add_row(chosen, f"call by {escape(_WAYS[way])}", *_figures(score))
    table.add_section()
    for form, score in card.edits.items():
        table.add_row("", f"edit as {_FORMS[form]}", *_figures(score))
    table.add_section()
    table.add_row("", "code in a block", *_figures(card.fences))
    table.add_row("", "exact copies", *_figures(card.copies))
    console = Console(highlight=False)
    console.print(table)
    found = [f"{tokens:,} {'found' if good else 'lost'}" for tokens, good in card.context.items()]
    print(f"A fact in a prompt of so many tokens: {', '.join(found) or 'not asked'}.")
    print(
        f"Speed: reads {card.prompt_tokens_per_second:.0f} tokens/s, writes "
        f"{card.generated_tokens_per_second:.0f} tokens/s. It took {card.seconds:.0f} s."
    )
    print(f"{card.model} will be asked to call by {_WAYS[card.way]}.")


_FIGURES = ("Right", "Tokens each", "Seconds each")


def _figures(score: Score) -> tuple[str, str, str]:
    asked = max(score.asked, 1)
    each = f"{score.tokens / asked:.0f}", f"{score.seconds / asked:.1f}"
    return (f"{score.right} of {score.asked}", *each)
