"""Lines that must not run unasked, however they are written; and those that should."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lsp_server.agent.commands.policy import judge
from lsp_server.agent.commands.rules import Rule

HERE = Path(__file__).parent
BYPASSES = [json.loads(line) for line in (HERE / "bypasses.jsonl").read_text().splitlines()]
BENIGN = (HERE / "benign.txt").read_text().splitlines()
TRUSTING = tuple(
    Rule(tuple(words.split()), "allow")
    for words in ("ls -la", "tox -e py311", "npm run lint", "git fetch origin", "python tool.py")
)
"""Rules that none of the lines is covered by."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the lines name: sources, secrets, links out, a twin beside it."""
    parent = tmp_path_factory.mktemp("policy")
    root = parent / "ws"
    for folder in (".git", ".aws", "src", "sub", "../ws-twin"):
        (root / folder).mkdir(parents=True)
    for name in (
        *("README.md", "a file.txt", "src/app.py", "src/util.py", "src/ls", "ls", "--pre=x.pre"),
        *(".env", "prod.env", "id_rsa", "key.pem", ".git/config", ".aws/credentials", ".npmrc"),
        *("../secret", "../ws-twin/x"),
    ):
        (root / name).write_text("text\n")
    (root / "link").symlink_to("/etc")
    (root / "linkdir").symlink_to("..")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "fifo")
    return root


@pytest.mark.parametrize("rules", [(), TRUSTING], ids=["no rules", "rules"])
def test_no_bypass_runs_unasked(workspace: Path, rules: tuple[Rule, ...]) -> None:
    assert len({line for _, line in BYPASSES}) >= 300
    allowed = [
        (kind, line) for kind, line in BYPASSES if judge(line, rules, workspace).decision == "allow"
    ]
    assert allowed == []


def test_benign_lines_run_unasked(workspace: Path) -> None:
    assert len(set(BENIGN)) >= 100
    judged = {line: judge(line, (), workspace) for line in BENIGN}
    asked = {line: each.reason for line, each in judged.items() if each.decision != "allow"}
    assert len(asked) <= len(BENIGN) * 0.05, asked
    assert all(each.only_reads for each in judged.values() if each.decision == "allow")


def test_each_question_has_a_reason(workspace: Path) -> None:
    for _, line in BYPASSES:
        assert judge(line, (), workspace).reason.endswith("."), line


@pytest.mark.parametrize(
    "line",
    [
        *("rm -rf /", "rm -r -f /*", "rm -fr ~", 'rm -rf "$HOME"', "rm -rf ..", "rm -rf /usr"),
        *("sudo rm -rf /", "ls && rm -rf /", "ls; rm --recursive /etc", "sh -c 'rm -rf /'"),
        *("true; " * 60 + "rm -rf /", "rm -rf $(echo /) /", "chmod -R 777 /", "chown -R a /home"),
        *(":(){ :|:& };:", "bomb() { bomb | bomb & }; bomb", "mkfs.ext4 /dev/sda", "reboot"),
        *("dd if=x of=/dev/sda", "cat x > /dev/nvme0n1", "systemctl poweroff", "kill -9 -1"),
    ],
)
def test_what_never_runs(workspace: Path, line: str) -> None:
    rules = [Rule(("rm",), "allow"), Rule((line.split()[0],), "allow")]
    assert judge(line, rules, workspace).decision == "deny"


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf build",
        "rm x",
        "rm -rf ./build /tmp/x/y",
        "git push --force",
        "dd if=a of=b",
        "kill 5",
    ],
)
def test_what_is_only_asked_about(workspace: Path, line: str) -> None:
    assert judge(line, (), workspace).decision == "ask"
