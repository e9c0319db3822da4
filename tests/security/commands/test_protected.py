"""Files that make others run something are not written without approval: by policy and sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.agent.commands.policy import judge
from lsp_server.agent.commands.protected import FILES, FOLDERS
from lsp_server.agent.commands.run import run
from lsp_server.agent.commands.sandbox import Sandbox

NAMES = (*(f"{folder}/config" for folder in FOLDERS), *FILES)
WAYS = {
    "redirect": "echo x > {name}",
    "git config": "git config -f {name} core.pager x",
    "mv over": "cp source moved; mv -f moved {name}",
    "cp": "cp -f source {name}",
    "patch": "patch -s -f {name} change.diff",
    "tee": "echo evil | tee {name}; grep evil {name}",
    "sed": "sed -i '1i evil' {name}; grep evil {name}",
    "ln": "ln -sf ../source {name}",
    "rm": "test -e {name} && rm -f {name} && ! test -e {name}",
    "mv away": "mv {top} away",
    "perl": 'python3 -c \'open("{name}", "a").write("x")\'',
}
CHANGE = "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+evil\n"


def written(way: str, name: str) -> str:
    return WAYS[way].replace("{name}", name).replace("{top}", name.split("/")[0])


def test_there_are_enough() -> None:
    assert len(NAMES) >= 30
    assert len(NAMES) * len(WAYS) >= 150


@pytest.mark.parametrize("way", WAYS)
def test_none_is_written_unasked(tmp_path: Path, way: str) -> None:
    for name in NAMES:
        assert judge(written(way, name), (), tmp_path).decision == "ask", name


@pytest.mark.parametrize("exist", [True, False], ids=["existing", "missing"])
async def test_none_is_written_in_the_sandbox(
    tmp_path: Path, sandbox: Sandbox, exist: bool
) -> None:
    for name, text in {"source": "evil\n", "change.diff": CHANGE}.items():
        (tmp_path / name).write_text(text)
    for name in NAMES if exist else ():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old\n")
    lines = [
        f"(exec > /dev/null 2>&1; {written(way, name)})\necho '{way}|{name}|'$?"
        for way in WAYS
        for name in NAMES
    ]
    (tmp_path / "attempts.sh").write_text("\n".join(lines))
    finished = await run("bash attempts.sh", tmp_path, sandbox=sandbox)
    told = [line.split("|") for line in finished.output.splitlines()]
    assert len(told) == len(NAMES) * len(WAYS)
    assert [(way, name) for way, name, status in told if status == "0"] == []
    for name in NAMES:
        path = tmp_path / name
        assert path.read_text() == "old\n" if exist else not path.exists(), name
    assert not (tmp_path / "away").exists()
