"""Answers of a model that are kept, so that a measurement that was stopped can go on.

One file for each model, code and setting, in the user's cache; a line of JSON for each case that
was answered, written at once. Decoding is greedy: asking again would give the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lsp_server.evaluation.ask import Answer, Speeds
from lsp_server.evaluation.cases.case import Case
from lsp_server.models.store import cache_dir

FORMAT = 2
"""To be raised with any change to what a line means, or to how cases are asked."""


def kept_file(*what: object) -> Path:
    """Where the answers lie that depend on so much: root, code, settings, model."""
    key = json.dumps([FORMAT, *map(str, what)])
    return cache_dir() / "eval" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.jsonl"


class Kept:
    """The answers in one file."""

    def __init__(self, file: Path, *, fresh: bool = False) -> None:
        """Read what is there; `fresh`: begin anew.

        From the first line on that is damaged, as the last one of a killed process may be, the
        file is cut off.
        """
        self._file = file
        self.speeds: Speeds | None = None
        """As they were when the first case was asked."""
        self._answers: dict[str, Answer] = {}
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = file.read_bytes() if file.exists() and not fresh else b""
        good = 0
        for line in data.splitlines(keepends=True):
            if not line.endswith(b"\n") or not self._take(line):
                break
            good += len(line)
        if good < len(data) or fresh:
            file.write_bytes(data[:good])

    def get(self, case: Case) -> Answer | None:
        """What was answered to a case."""
        return self._answers.get(_key(case))

    def set_speeds(self, speeds: Speeds) -> None:
        """Keep the speeds that all cases are asked with."""
        self.speeds = speeds
        self._append({"speeds": asdict(speeds)})

    def add(self, case: Case, answer: Answer) -> None:
        """Keep an answer."""
        self._answers[_key(case)] = answer
        self._append({"case": _key(case), **asdict(answer)})

    def _append(self, entry: dict[str, Any]) -> None:
        with self._file.open("ab") as file:
            file.write(json.dumps(entry).encode() + b"\n")

    def _take(self, line: bytes) -> bool:
        try:
            entry = json.loads(line)
            if "speeds" in entry:
                self.speeds = Speeds(**entry["speeds"])
            else:
                key = entry.pop("case")
                self._answers[key] = Answer(**entry)
        except (ValueError, TypeError, KeyError):
            return False
        return True


def _key(case: Case) -> str:
    where = json.dumps([case.path, len(case.prefix), case.expected])
    return hashlib.sha256(where.encode()).hexdigest()[:32]
