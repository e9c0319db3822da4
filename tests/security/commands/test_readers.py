"""A line that is called plain is split by real shells as it was judged."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lsp_server.agent.commands.parse import NotPlain, Segment, parse
from lsp_server.agent.commands.paths import expand

PIECES = (
    *("a", "-x", "--b=c", "10", "2", "%d", "@", "+", ":", "HEAD~1", "a^", "~", "=", "é", "*", "?"),
    *("*.py", "'q r'", "'*'", '"s t"', '"u$"', '"\\$v"', '"\\\\"', '"\\w"', '"\\""', "'\\'", "''"),
    *('""', "\\ ", "\\*", "\\'", '\\"', "\\$", "\\;", "\\\\", "\\n", "\\&", "\\#", "\\!", "\\~"),
    *("$", "$x", "${x}", "$'a'", '$"b"', "`", "{a,b}", "[ab]", "(", ")", "!", "#", "<", ">", "&"),
    *("'", '"', "\\", "'!'", '"!"', "'é'", '"#"', "'$x'", "'\\n'", "2>&1", ">/dev/null"),
    *("2> /dev/null", "1>&2", ">&2", "12>/dev/null", "</dev/null", "&>/dev/null", ">>/dev/null"),
)
JOINS = (
    *("", "", "", "", " ", " ", " ", " ", " ", " ", "  ", " | show ", " && show ", "; show "),
    *("|show ", "||show ", "&&show ", ";show ", "&show ", "|&show ", ";;show ", "\tshow "),
)
SHOW = "show() { words=$(printf '%s|' \"$@\"); printf '%s\\n' \"$words\" >&9; }\n"
PLAIN_LINES = 400
"""How many are run by each shell."""


def lines() -> Iterator[str]:
    chance = random.Random(5)
    while True:
        yield "show " + "".join(
            chance.choice(JOINS) + chance.choice(PIECES) for _ in range(chance.randint(1, 7))
        )


def runs(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Those that run when each succeeds: after `||` a pipeline does not."""
    skipped = False
    for segment in segments:
        if segment.join != "|":
            skipped = segment.join == "||"
        if not skipped:
            yield segment


def words(segment: Segment, folder: Path) -> list[str]:
    found = []
    for at, word in enumerate(segment.argv):
        names = expand(word, folder) if at in segment.patterns else [word]
        found += sorted(names or [])
    return found[1:]


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_shells_read_plain_lines_alike(tmp_path: Path, shell: str) -> None:
    for name in ("b.py", "a.py", "x", ".hidden"):
        (tmp_path / name).touch()
    seen, tried = 0, 0
    for line in lines():
        tried += 1
        segments = parse(line)
        if isinstance(segments, NotPlain):
            continue
        ended = subprocess.run(
            [f"/bin/{shell}", "-c", f"{SHOW}exec 9>&1 >/dev/null 2>&1\n{line}"],
            cwd=tmp_path,
            env={"PATH": "", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            timeout=10,
        )
        printed = ended.stdout.decode().splitlines()
        meant = ["".join(f"{word}|" for word in words(s, tmp_path) or [""]) for s in runs(segments)]
        assert sorted(printed) == sorted(meant), line
        seen += 1
        if seen == PLAIN_LINES:
            break
    assert seen > tried / 50
    assert sorted(each.name for each in tmp_path.iterdir()) == [".hidden", "a.py", "b.py", "x"]
