"""One fault in code that was sound, and how it is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path


@dataclass(frozen=True, slots=True)
class Told:
    """What an editor shows at the fault. Rows and columns from 0, columns in characters."""

    row: int
    column: int
    last_row: int
    end: int
    message: str


@dataclass(frozen=True, slots=True)
class Case:
    """A fault: at character `start` of a file stands `new` and not `old`."""

    id: str
    sort: str
    package: str
    path: str
    """In the package's project."""
    function: str
    start: int
    old: str
    new: str
    told: Told
    by: str
    """Who tells it: `test` or `checker`."""
    tests: tuple[str, ...] = ()
    """The files with the nearest tests."""
    failing_before: tuple[str, ...] = ()
    """Of those, the tests that fail without the fault."""
    failing: tuple[str, ...] = ()
    """The tests that fail with the fault, and not without."""
    said_before: tuple[str, ...] = ()
    """What the checker says of the file without the fault."""
    said: tuple[str, ...] = ()
    """The same with the fault."""

    def faulty(self, sound: str) -> str:
        """The file with the fault. Raises ValueError if it is not the one that this is about."""
        end = self.start + len(self.old)
        if sound[self.start : end] != self.old:
            raise ValueError(f"{self.path} of {self.package} is not the file that was mutated")
        return sound[: self.start] + self.new + sound[end:]


def spread(cases: Sequence[Case], count: int | None) -> list[Case]:
    """So many of them, of all sorts alike; those of a sort stay in their order."""
    if count is None:
        return list(cases)
    groups = [
        [case for case in cases if case.sort == sort]
        for sort in dict.fromkeys(case.sort for case in cases)
    ]
    taken: list[Case] = []
    for number in range(max(map(len, groups), default=0)):
        taken += [group[number] for group in groups if number < len(group)]
    return taken[:count]


def cached(name: str, makers: Sequence[Path], make: Callable[[], list[Case]]) -> list[Case]:
    """The cases, made once for what they are made by: the content of some files."""
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in makers)).hexdigest()[:12]
    file = user_cache_path("fimble") / "benchmarks" / "actions" / f"{name}-{digest}.json"
    if not file.exists():
        cases = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([asdict(case) for case in cases], indent=1), "utf-8")
    return [_case(table) for table in json.loads(file.read_text("utf-8"))]


def _case(table: dict[str, Any]) -> Case:
    told = Told(**table.pop("told"))
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    return Case(told=told, **(table | lists))
