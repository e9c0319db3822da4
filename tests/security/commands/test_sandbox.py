"""Attempts to get out of the sandbox: exit status 0 is a breach."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.protected import FILES, FOLDERS
from lsp_server.agent.commands.run import Finished, run
from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.errors import UsageError

BREACHES = {
    f"{kind}.{name}": script
    for kind, scripts in tomllib.loads(
        Path(__file__).with_name("breaches.toml").read_text("utf-8")
    ).items()
    for name, script in scripts.items()
}
AT_ONCE = 3
ALONE = {"read.env_file_moved"}
"""Attempts that rename a folder, which uncovers its secrets for whoever starts at that moment."""
LIMITS = Limits(seconds=10, processes=64, memory_bytes=400 << 20, file_bytes=1 << 20)
SECRET = f"canary{uuid4().hex}"


@dataclass(frozen=True)
class Scene:
    """A workspace, and what lies outside of it."""

    workspace: Path
    out: Path
    names: dict[str, str]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The outside is a folder that the sandbox doesn't hide, so that writing it is really tried."""
    workspace = tmp_path_factory.mktemp("sandbox") / "ws"
    out = Path(__file__).parent / f"outside-{uuid4().hex}"
    home_secret = Path.home() / ".fimble-test-secret"
    for folder in (".git/hooks", "sub/.git", "sub/.vscode", "src"):
        (workspace / folder).mkdir(parents=True)
    out.mkdir()
    (out / "keep").write_text("kept")
    home_secret.write_text(SECRET)
    for name in (".env", "src/prod.env", "id_rsa"):
        (workspace / name).write_text(SECRET)
    for name in (".git/config", "sub/.git/config", "README.md", "AGENTS.md"):
        (workspace / name).write_text("[core]\n")
    (workspace / "outlink").symlink_to(out)
    marker = tmp_path_factory.mktemp("host") / "marker"
    marker.touch()
    shared = Path("/dev/shm", f"fimble-{uuid4().hex}")  # as shared memory of a program is there
    shared.write_bytes(bytes(16))
    os.environ["FIMBLE_TEST_TOKEN"] = SECRET
    with socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX) as file:
        abstract.bind(f"\0{SECRET}")
        abstract.listen()
        file.bind(str(marker.parent / "socket"))
        file.listen()
        yield Scene(
            workspace,
            out,
            {
                "out": str(out),
                "home": str(Path.home()),
                "secret": SECRET,
                "pid": str(os.getpid()),
                "python": sys.executable,
                "ws": str(workspace),
                "tmp_marker": str(marker),
                "abstract": SECRET,
                "socket": str(marker.parent / "socket"),
                "shm": shared.name,
            },
        )
    del os.environ["FIMBLE_TEST_TOKEN"]
    shared.unlink()
    home_secret.unlink()
    shutil.rmtree(out)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[tuple[int, list[str]]]:
    """A listener, and who has come."""
    visitors: list[str] = []

    def visited(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors.append("one")
        writer.close()

    server = await asyncio.start_server(visited, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], visitors


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def protected(workspace: Path) -> dict[str, bytes | None]:
    """What must stay as it is: names and contents; None for a folder."""
    return {
        str(path.relative_to(workspace)): path.read_bytes() if path.is_file() else None
        for path in workspace.rglob("*")
        if not {*FOLDERS, *FILES, "id_rsa"}.isdisjoint(path.relative_to(workspace).parts)
    }


async def test_no_attempt_gets_out(
    sandbox: Sandbox, scene: Scene, port: tuple[int, list[str]]
) -> None:
    assert len(BREACHES) >= 60
    names = scene.names | {"port": str(port[0])}
    before = protected(scene.workspace)
    gate = asyncio.Semaphore(AT_ONCE)

    async def attempt(script: str) -> Finished:
        for name, value in names.items():
            script = script.replace(f"{{{name}}}", value)
        async with gate:
            return await run(script, scene.workspace, sandbox=sandbox, limits=LIMITS)

    together = [name for name in BREACHES if name not in ALONE]
    ended = await asyncio.gather(*(attempt(BREACHES[name]) for name in together))
    found = dict(zip(together, ended, strict=True))
    for name in ALONE:
        found[name] = await attempt(BREACHES[name])
    breaches = [
        (name, finished.output)
        for name, finished in found.items()
        if finished.exit_status == 0 or SECRET in finished.output
    ]
    assert breaches == []
    assert port[1] == []
    await asyncio.sleep(1.2)  # what stays behind would write by now
    assert protected(scene.workspace) == before
    assert not (scene.workspace / "behind").exists()
    assert names_in(scene.out) == ["keep"]
    assert (scene.out / "keep").read_text() == "kept"


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("bomb() { sleep 0.05; bomb | bomb & }; bomb; sleep 99", "processes"),
        ("while :; do sleep 99 & done", "processes"),
        ("{python} -c 'import time; x = b\"x\" * (1 << 30); time.sleep(99)'", "memory"),
        ("for i in 1 2 3 4; do {python} -c '{eat}' & done; wait; exit 1", "memory"),
        ("yes", "output"),
        ("head -c 99999999 /dev/zero > big; test $(stat -c %s big) -gt 1048576", ""),
        ("head -c 999999999 /dev/zero > /tmp/x && exit 0", ""),
        ("head -c 9999999999 /dev/zero > /dev/shm/x && exit 0", ""),
        ("ulimit -t 1; while :; do :; done", ""),
    ],
)
async def test_limits_hold(sandbox: Sandbox, scene: Scene, line: str, limit: str) -> None:
    eat = 'import time; x = b"x" * (200 << 20); time.sleep(99)'
    line = line.replace("{python}", sys.executable).replace("{eat}", eat)
    finished = await run(line, scene.workspace, sandbox=sandbox, limits=replace(LIMITS, seconds=60))
    assert finished.exit_status != 0
    assert not limit or finished.exceeded == limit
    assert not finished.timed_out


async def test_it_can_be_worked_in(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    line = f"echo x > src/a && {sys.executable} -c 'import json; print(json)' && touch ~/c /tmp/d"
    finished = await run(line, tmp_path, sandbox=sandbox)
    assert finished.exit_status == 0, finished.output
    assert (tmp_path / "src" / "a").read_text() == "x\n"
    assert not (Path.home() / "c").exists()
    assert names_in(tmp_path) == ["src"]  # nothing stands in for others any more


async def test_what_is_only_found_out_afterwards_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "src" / ".vscode").mkdir(parents=True)
    line = "mkdir -p src/.vscode a/.vscode; touch .env.local x.pth src/.npmrc src/a.py a/.vscode/x"
    finished = await run(line, tmp_path, sandbox=sandbox)
    assert set(finished.appeared) == {".env.local", "x.pth", "src/.npmrc", "a/.vscode"}
    assert (await run("true", tmp_path, sandbox=sandbox)).appeared == ()


async def test_a_read_only_workspace(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    finished = await run("cat a; touch b; rm a", tmp_path, sandbox=sandbox, writable=False)
    assert finished.output.startswith("text")
    assert finished.exit_status != 0
    assert names_in(tmp_path) == ["a"]


async def test_the_sandbox_is_the_workspace_whatever_the_folder(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    inner = tmp_path / "ws" / "inner"
    inner.mkdir(parents=True)
    for cwd in (tmp_path, Path("/"), tmp_path / "ws-twin", inner / "none"):
        with pytest.raises(UsageError):
            await run("ls", tmp_path / "ws", sandbox=sandbox, cwd=cwd)
    (inner / "out").symlink_to(tmp_path)
    with pytest.raises(UsageError):
        await run("ls", tmp_path / "ws", sandbox=sandbox, cwd=inner / "out")
    finished = await run("pwd; touch ../b", tmp_path / "ws", sandbox=sandbox, cwd=inner)
    assert finished.output == f"{inner}\n"
    assert (tmp_path / "ws" / "b").exists()


async def test_the_home_folder_is_no_workspace(sandbox: Sandbox) -> None:
    for folder in (Path.home(), Path.home().parent):
        with pytest.raises(UsageError, match="home folder"):
            await run("ls", folder, sandbox=sandbox)
