"""Rules cover what they say, and never another program."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from lsp_server.agent.commands.policy import judge
from lsp_server.agent.commands.rules import Decision, Rule, decide, pattern_for


def rules(*patterns: str, decision: Decision = "allow") -> list[Rule]:
    return [Rule(tuple(pattern.split()), decision) for pattern in patterns]


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("pytest", "pytest"),
        ("pytest", "pytest -q tests/test_a.py"),
        ("npm test", "npm test"),
        ("npm run lint", "npm run lint -- --fix"),
        ("git commit", "git commit -m 'x y'"),
        ("python -m pytest", "python -m pytest -x tests"),
        ("python tool.py", "python tool.py --all"),
        ("bash build.sh", "bash build.sh -c release"),
        ("uv run pytest", "uv run pytest -q"),
        ("sudo ls -la", "sudo ls -la"),
        ("python -c 1", "python -c 1"),
        ("git -c a=b status", "git -c a=b status"),
        ("make", "make test"),
    ],
)
def test_an_allowed_prefix_covers(pattern: str, line: str) -> None:
    assert decide(shlex.split(line), rules(pattern)) == "allow"


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("pytest", "pytest-evil"),
        ("pytest", "./pytest"),
        ("npm test", "npm install"),
        ("env", "env rm x"),
        ("env A=b", "env A=b rm x"),
        ("xargs", "xargs rm"),
        ("xargs ls", "xargs ls -d"),
        ("sudo", "sudo rm x"),
        ("sudo ls", "sudo ls -la"),
        ("timeout 5", "timeout 5 rm x"),
        ("sh", "sh"),
        ("sh", "sh x.sh"),
        ("sh -c", "sh -c id"),
        ("bash -l", "bash -l x.sh"),
        ("python", "python"),
        ("python", "python -c 1"),
        ("python3.11", "python3.11 x.py"),
        ("python -m", "python -m http.server"),
        ("python -c", "python -c 1"),
        ("node -e", "node -e 1"),
        ("/usr/bin/python3", "/usr/bin/python3 -c 1"),
        ("find", "find . -exec rm {} +"),
        ("find .", "find . -name x -delete"),
        ("git", "git -c core.pager=x log"),
        ("git", "git -C /x log"),
        ("git fetch", "git fetch --upload-pack=x"),
        ("git fetch", "git fetch --upload-p x"),
        ("git push", "git push --force"),
        ("git push", "git push -f"),
        ("git push", "git push origin +main"),
        ("git diff", "git diff --output=x"),
        ("tar", "tar -xf a --to-command=x"),
        ("tar xf", "tar xf a --checkpoint-action=exec=x"),
        ("rg", "rg --pre x y"),
        ("sort", "sort --compress-prog=x"),
        ("sort", "sort -uo x"),
        ("sed", "sed -ni p x"),
        ("make", "make SHELL=x"),
        ("make", "make -f x"),
        ("pytest", "pytest -p evil"),
        ("pytest", "pytest --rootdir=/"),
        ("uv run", "uv run rm x"),
        ("uv run python", "uv run python -c 1"),
        ("npx", "npx x"),
        ("go test", "go test -exec x"),
    ],
)
def test_an_allowed_prefix_does_not_cover(pattern: str, line: str) -> None:
    assert decide(shlex.split(line), rules(pattern)) is None


def test_the_most_restrictive_rule_holds() -> None:
    both = rules("git") + rules("git push", decision="deny") + rules("git fetch", decision="ask")
    assert decide(["git", "commit"], both) == "allow"
    assert decide(["git", "push", "origin"], both) == "deny"
    assert decide(["/usr/bin/git", "push"], both) == "deny"
    assert decide(["git", "fetch"], both) == "ask"


def test_the_most_restrictive_segment_holds(tmp_path: Path) -> None:
    mine = rules("pytest") + rules("curl", decision="deny") + rules("ls -la", decision="ask")
    for line, decision in {
        "pytest -q": "allow",
        "pytest -q && ls": "allow",
        "pytest -q | tail -5": "allow",
        "pytest -q && make": "ask",
        "pytest -q; curl x": "deny",
        "make | curl x": "deny",
        "ls -la": "ask",
        "pytest -q > x": "ask",
        "pytest -q\nls": "ask",
        "pytest $x": "ask",
        "A=1 pytest": "ask",
        "pytest &": "ask",
    }.items():
        assert judge(line, mine, tmp_path).decision == decision, line


def test_a_pattern_that_finds_an_option_is_judged_as_one(tmp_path: Path) -> None:
    (tmp_path / "-pevil").touch()
    judgement = judge("pytest *", rules("pytest"), tmp_path)
    assert judgement.decision == "ask"
    assert judgement.segments[0].argv == ("pytest", "-pevil")


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("pytest -q tests", "pytest"),
        ("npm test", "npm test"),
        ("git commit -m x", "git commit"),
        ("python -m pytest x", "python -m pytest"),
        ("python x.py a", "python x.py"),
        ("uv run pytest -q", "uv run pytest"),
        ("sudo ls -l", "sudo ls -l"),
        ("bash -c ls", "bash -c ls"),
        ("git push --force", "git push --force"),
    ],
)
def test_the_rule_that_is_offered(line: str, pattern: str) -> None:
    words = line.split()
    assert pattern_for(words) == tuple(pattern.split())
    assert decide(words, [Rule(pattern_for(words), "allow")]) == "allow"


def test_only_what_reads_runs_on_a_read_only_workspace(tmp_path: Path) -> None:
    assert judge("ls | head", (), tmp_path).only_reads
    assert not judge("pytest", rules("pytest"), tmp_path).only_reads
    assert not judge("ls; pytest", rules("pytest"), tmp_path).only_reads
    assert judge("ls", rules("ls"), tmp_path).only_reads
    assert not judge("ls $x", (), tmp_path).only_reads
