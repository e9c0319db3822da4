"""Counts of the last days, of all servers of this user: one small JSON file.

The file maps days (`2026-01-31`) to tallies. A server adds what it has counted since it last did
so, under a lock between processes, so none loses another's counts; whoever reads sees a whole file,
for it is replaced at once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from lsp_server.completion.tally import Tally, is_name
from lsp_server.models.store import state_dir

KEPT_DAYS = 30

Days = Mapping[date, Tally]


def default_path() -> Path:
    """Where servers keep their counts."""
    return state_dir() / "stats.json"


def read(path: Path) -> dict[date, Tally]:
    """The days in the file; none if it is missing, unreadable or damaged."""
    try:
        return {
            date.fromisoformat(day): Counter({_name(name): int(n) for name, n in counts.items()})
            for day, counts in json.loads(path.read_bytes()).items()
        }
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}


def add(path: Path, new: Days, *, wait: float) -> bool:
    """Add counts to the file; False if that was not possible now, and nothing was added.

    `wait`: seconds that another server may hold the lock.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=wait):
            days = read(path)
            for day, tally in new.items():
                days[day] = days.get(day, Counter()) + tally
            oldest = max(days) - timedelta(days=KEPT_DAYS)
            kept = {day.isoformat(): days[day] for day in sorted(days) if day > oldest}
            part = path.with_suffix(".part")
            part.write_text(json.dumps(kept), encoding="utf-8")
            part.replace(path)
    except (OSError, Timeout):
        return False
    return True


def delete(path: Path, *, wait: float) -> None:
    """Delete the file, if it is there; `wait` as in `add`. Raises OSError."""
    if path.exists():
        with FileLock(path.with_suffix(".lock"), timeout=wait):
            path.unlink(missing_ok=True)


def _name(name: str) -> str:
    if not is_name(name):
        raise ValueError("this is no name in a tally")
    return name


def total(days: Days, first: date) -> Tally:
    """The sum from one day on."""
    return sum((tally for day, tally in days.items() if day >= first), Counter())
