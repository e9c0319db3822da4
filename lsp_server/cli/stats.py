"""`fimble stats`: how quick suggestions were, and what became of them."""

from __future__ import annotations

import argparse
import json
from datetime import date, timedelta
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from lsp_server.completion import history, outcomes
from lsp_server.completion.tally import KEY_TOKENS, LATENCY, figures, histogram

WEEK_DAYS = 7
_LOCK_SECONDS = 5.0


def run(options: argparse.Namespace) -> int:
    """Print the figures of today and of the last seven days, or delete all of them."""
    if options.delete:
        history.delete(history.default_path(), wait=_LOCK_SECONDS)
        outcomes.delete(outcomes.default_path())
        print("What was counted is deleted.")
        return 0
    days = history.read(history.default_path())
    today = date.today()
    periods = {
        "today": _figures(days, today),
        "week": _figures(days, today - timedelta(days=WEEK_DAYS - 1)),
    }
    if options.json:
        print(json.dumps(periods))
    elif not periods["week"]["latencyMs"]["count"]:
        print("There is nothing to tell yet: no suggestion was asked for in the last 7 days.")
    else:
        _print_periods(list(periods.values()))
        if periods["week"]["languages"]:
            _print_languages(periods["week"]["languages"])
    return 0


def _figures(days: history.Days, first: date) -> dict[str, Any]:
    """As `fimble/stats` gives them, of all servers from one day on."""
    tally = history.total(days, first)
    return figures(tally, histogram(tally, LATENCY), histogram(tally, KEY_TOKENS))


def _print_periods(periods: list[dict[str, Any]]) -> None:
    table = _table("", "Today", "Last 7 days")
    rows = {
        "Answered keys": [f"{period['latencyMs']['count']:,}" for period in periods],
        "Latency, median": [_milliseconds(period["latencyMs"]["p50"]) for period in periods],
        "Latency, 95 of 100 keys": [_milliseconds(p["latencyMs"]["p95"]) for p in periods],
        "Prompt tokens a key": [_number(p["promptTokensPerKey"]["mean"]) for p in periods],
        "Prompts read from the cache": [_percent(p["promptCacheRate"]) for p in periods],
        "Answered from what is there": [_percent(period["reuseRate"]) for period in periods],
        "Suggestions shown": [f"{period['shown']:,}" for period in periods],
        "Accepted": [_part(period["accepted"], period["shown"]) for period in periods],
        "Accepted in part": [
            _part(period["partlyAccepted"], period["shown"]) for period in periods
        ],
        "Rejected": [_part(period["rejected"], period["shown"]) for period in periods],
        "Kept after 30 s": [_percent(period["keptRate"]) for period in periods],
    }
    for name, cells in rows.items():
        table.add_row(name, *cells)
    Console().print(table)


def _print_languages(languages: dict[str, dict[str, Any]]) -> None:
    """Of the last seven days, the language with the most suggestions first."""
    table = _table("Last 7 days", "Shown", "Accepted", "In part", "Kept", "Median", "95 of 100")
    for language, of in languages.items():
        table.add_row(
            language,
            f"{of['shown']:,}",
            _share(of["accepted"], of["shown"]),
            _share(of["partlyAccepted"], of["shown"]),
            _percent(of["keptRate"]),
            _milliseconds(of["latencyMs"]["p50"]),
            _milliseconds(of["latencyMs"]["p95"]),
        )
    Console().print(table)


def _table(first: str, *numbers: str) -> Table:
    return Table(first, *(Column(name, justify="right", no_wrap=True) for name in numbers))


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0%}"


def _share(count: int, whole: int) -> str:
    return _percent(count / whole if whole else None)


def _part(count: int, whole: int) -> str:
    return f"{count:,} ({_share(count, whole)})" if whole else f"{count:,}"
