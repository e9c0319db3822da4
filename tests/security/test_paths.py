"""No path leads out of the workspace, whatever it looks like and whatever stands there."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.read import read
from lsp_server.agent.files.state import ABSENT, State, digest, look
from lsp_server.agent.files.write import put
from lsp_server.errors import FimbleError, PathRefused

CASES = Path(__file__).with_name("path_cases.txt")
CANARY = "canary-7f3a"
REGULAR = 0o100644


def paths() -> list[str]:
    lines = CASES.read_text("utf-8").split("\n")
    kept = [line for line in lines if line and not line.startswith("#")]
    return [line.encode("raw_unicode_escape").decode("unicode_escape") for line in kept]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Path]:
    """A workspace `ws` full of traps, and canaries beside it."""
    root, outside = tmp_path / "ws", tmp_path / "outside"
    for folder in (root / "src", outside / "deeper", tmp_path / "ws-evil"):
        folder.mkdir(parents=True)
    for file in (outside / "secret.txt", tmp_path / "ws-evil/secret.txt", tmp_path / "secret.txt"):
        file.write_text(CANARY)
    (root / "src/a.py").write_text("a = 1\n")
    for name, target in {
        "link.txt": "../outside/secret.txt",
        "link_in.txt": "src/a.py",
        "link_abs.txt": str(outside / "secret.txt"),
        "folder_link": "../outside",
        "src/parent_link": "../..",
        "root_link": "/",
        "proc_link": "/proc",
        "broken_link": "../outside/new.txt",
        "loop_link": "loop_link",
    }.items():
        (root / name).symlink_to(target)
    os.link(outside / "secret.txt", root / "hard.txt")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(root)  # the path of a socket is short
        listener.bind("socket")
        os.chdir(here)
        yield tmp_path


def test_there_are_150_cases() -> None:
    assert len(paths()) >= 150


@pytest.mark.parametrize("path", paths(), ids=ascii)
def test_refused(ground: Path, path: str) -> None:
    root = ground / "ws"
    path = path.replace("{root}", str(root)).replace("{outside}", str(ground / "outside"))
    workspace = Workspace(root)
    before = _tree(ground)
    new = State(b"written", REGULAR)
    if path not in ("hard.txt",):  # reading it shows nothing that a copy would not
        with pytest.raises(PathRefused):
            read(workspace, path)
    for expected in (ABSENT, digest(State(b"a = 1\n", REGULAR)), digest(State(CANARY.encode(), 0))):
        with pytest.raises(FimbleError):
            put(workspace, path, new, expected=expected)
        with pytest.raises(FimbleError):
            put(workspace, path, None, expected=expected)
            raise PathRefused("nothing was there")
    assert _tree(ground) == before


@pytest.mark.parametrize(
    "path",
    ["src/a.py", "./src/a.py", "src//a.py", "{root}/src/a.py", "{root}//src/./a.py", "src/b.py",
     "new/deep/c.py", "a%20b.py", "100%.txt", "ä.py", "src/a b.py", "src/..a.py", "-rf", "日本.md",
     "dist/a.js", ".github/x.md"],
)  # fmt: skip
def test_allowed(ground: Path, path: str) -> None:
    root = ground / "ws"
    workspace = Workspace(root)
    path = path.replace("{root}", str(root))
    put(workspace, path, State(b"x = 2\n", REGULAR), expected=digest(look(workspace, path)))
    assert read(workspace, path).text == "x = 2\n"
    assert workspace.resolve(path).read_text() == "x = 2\n"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".git/config", "[core]\n"),
        (".GIT/config", "[core]\n"),
        ("sub/.git", "gitdir: x\n"),
        (".env", "A=1\n"),
        ("conf/.env.production", "A=1\n"),
        ("id_rsa", "key\n"),
        ("ID_RSA", "key\n"),
        ("server.pem", "key\n"),
        (".npmrc", "x\n"),
        ("private/notes.md", "x\n"),
        ("a.secret.md", "x\n"),
        ("src/k.py", "KEY = 'ghp_" + "a1B2" * 9 + "'\n"),
        ("picture.py", "a\0b"),
    ],
)
def test_hidden_from_models(ground: Path, path: str, content: str) -> None:
    root = ground / "ws"
    (root / ".fimbleignore").write_text("private/\n")
    (root / ".gitignore").write_text("*.secret.md\n")
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text(content)
    with pytest.raises(PathRefused):
        read(Workspace(root), path)


def test_other_encodings_are_refused(ground: Path) -> None:
    (ground / "ws/latin.txt").write_bytes("größe".encode("latin-1"))
    with pytest.raises(PathRefused, match="UTF-8"):
        read(Workspace(ground / "ws"), "latin.txt")


def test_the_root_may_not_be_replaced(ground: Path) -> None:
    workspace = Workspace(ground / "ws")
    (ground / "ws").rename(ground / "old")
    (ground / "ws").symlink_to("outside")
    with pytest.raises((PathRefused, OSError)):
        put(workspace, "new.txt", State(b"x", REGULAR), expected=ABSENT)
    (ground / "ws").unlink()
    (ground / "ws").mkdir()
    with pytest.raises(PathRefused, match="replaced"):
        put(workspace, "new.txt", State(b"x", REGULAR), expected=ABSENT)


def test_1000_races(ground: Path) -> None:
    """A folder and a file are swapped for links all the time, while they are read and written."""
    root, outside = ground / "ws", ground / "outside"
    workspace = Workspace(root)
    (root / "d").mkdir()
    (outside / "f.txt").write_text(CANARY)
    (root / "d/f.txt").write_text("fine")
    (root / "dirlink").symlink_to(outside)
    (root / "filelink").symlink_to(outside / "f.txt")
    done = threading.Event()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        while not done.is_set():
            try:
                if swaps % 2:
                    (root / "d").rename(root / "aside")
                    (root / "dirlink").rename(root / "d")
                    (root / "d").rename(root / "dirlink")
                    (root / "aside").rename(root / "d")
                else:
                    (root / "filelink").replace(root / "d/f.txt")
                    (root / "d/f.txt").rename(root / "filelink")
                    (root / "d/f.txt").write_text("fine")
            except OSError:
                pass  # our own write came between
            swaps += 1

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen: set[bytes] = set()
    written = 0
    fine, new = State(b"fine", REGULAR), State(b"x", REGULAR)
    try:
        for number in range(20_000):
            if number >= 1_000 and written > 10:  # on a busy machine few come through
                break
            try:
                match number % 4:
                    case 0:
                        put(workspace, "d/f.txt", fine, expected=digest(fine))
                        written += 1
                    case 1:
                        put(workspace, "d/new.txt", new, expected=ABSENT)
                        written += 1
                    case 2:
                        put(workspace, "d/new.txt", None, expected=digest(new))
                        written += 1
                    case _:
                        state = look(workspace, "d/f.txt")
                        seen.add(state.data if state and not state.is_link else b"")
            except FimbleError:
                pass
    finally:
        done.set()
        swapper.join()
    assert swaps > 100
    assert written > 10
    assert b"fine" in seen
    assert CANARY.encode() not in b"".join(seen)
    assert sorted(path.name for path in outside.iterdir()) == ["deeper", "f.txt", "secret.txt"]
    assert (outside / "f.txt").read_text() == CANARY


@pytest.mark.parametrize("what", ["file", "folder"])
@pytest.mark.parametrize("writes", [False, True])
def test_a_swap_at_the_last_moment(
    ground: Path, monkeypatch: pytest.MonkeyPatch, what: str, writes: bool
) -> None:
    """The link comes right before the file or folder is opened, when all looked fine."""
    root, outside = ground / "ws", ground / "outside"
    workspace = Workspace(root)
    (outside / "a.py").write_text(CANARY)
    opens = os.open
    victim = root / ("src/a.py" if what == "file" else "src")

    def swapping(path: str, flags: int, *arguments: int, dir_fd: int | None = None) -> int:
        if path == victim.name and not victim.is_symlink():
            victim.rename(root / "aside")
            victim.symlink_to(outside / "a.py" if what == "file" else outside)
        return opens(path, flags, *arguments, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swapping)
    with pytest.raises(PathRefused):
        if writes:
            expected = digest(State(CANARY.encode(), REGULAR))
            put(workspace, "src/a.py", State(b"x", REGULAR), expected=expected)
        else:
            look(workspace, "src/a.py")
    assert victim.is_symlink()
    assert (outside / "a.py").read_text() == CANARY


def _tree(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_text()
        else:
            found[name] = "other"
    return found
