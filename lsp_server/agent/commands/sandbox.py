"""Run a command where it can do no harm: bubblewrap with namespaces of its own.

It has no network, sees no other process, and can write to the workspace, and to folders of its own
for `/tmp` and the home folder; they are empty and forgotten at its end. Of the home folder it sees
the tools that are on PATH, read-only. Of the workspace, what is protected is read-only, and files
that hold secrets can't be read. No mount can be taken away: there are no capabilities, nor a
namespace in which there would be any.

What remains: files outside of home folders can be read (`/etc`, `/usr`, `/srv`), and the disk that
the workspace is on can be filled.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lsp_server.agent.commands.environment import search_path
from lsp_server.agent.commands.protected import LIST, Protected
from lsp_server.agent.commands.rooms import Room
from lsp_server.agent.commands.seccomp import open_filter
from lsp_server.agent.commands.toolchains import git_folders, tools
from lsp_server.errors import UsageError

_TRY_SECONDS = 10.0
_PRIVATE_BYTES = 1 << 29
"""What the home folder, `/tmp` and shared memory can each hold at most; it counts as memory."""
_EMPTY_BYTES = 1 << 20

_ISOLATION = (
    *("--unshare-user", "--unshare-all", "--disable-userns", "--cap-drop", "ALL"),
    *("--new-session", "--die-with-parent"),
    # Bubblewrap leaves /proc/sys to be written by root, whom it belongs to, without capabilities.
    *("--ro-bind", "/", "/", "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"),
    *("--size", str(_PRIVATE_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),
)
_HIDDEN_FOLDERS = ("/tmp", "/var/tmp", "/run", "/home", "/root", "/mnt", "/media")
"""Of users and services: their sockets are there, and `/mnt` is another system's disk in WSL."""
_HIDDEN_FILES = ("/etc/shadow", "/etc/gshadow", "/etc/sudoers")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A bubblewrap that works on this machine."""

    program: str

    @staticmethod
    def check(workspace: Path) -> None:
        """Raise UsageError for a workspace that holds the home folder."""
        if Path.home().resolve().is_relative_to(workspace):
            raise UsageError(
                f"The sandbox can't hide your home folder from commands in {workspace}: "
                "open a folder inside of it instead."
            )

    def wrap(
        self,
        argv: Sequence[str],
        workspace: Path,
        cwd: Path,
        environment: Mapping[str, str],
        protected: Protected,
        writable: bool,
        seccomp: int | None,
        instead: Mapping[str, str],
        rooms: Sequence[Room] = (),
    ) -> list[str]:
        """The command that runs `argv` in the sandbox of a workspace.

        `protected` is what there is in it, `writable` whether the rest can be changed. `seccomp` is
        a filter's descriptor, which the command must inherit. `instead` has files of the workspace,
        and those that are seen in their places; for such as don't exist there must be `rooms`, and
        the workspace must not be writable.
        """
        workspace = workspace.resolve()
        home = Path.home().resolve()
        hidden = _hidden_folders(home)
        arguments = [self.program, *_ISOLATION, *_filtered(seccomp)]
        for folder in hidden:
            size = _PRIVATE_BYTES if folder in (home, Path("/tmp")) else _EMPTY_BYTES
            arguments += ["--size", str(size), "--tmpfs", str(folder)]
        for file in _HIDDEN_FILES:
            if os.access(file, os.R_OK):
                arguments += ["--ro-bind", "/dev/null", file]
        seen = [*tools(environment, workspace, home), *git_folders(workspace, home)]
        for folder in _below(seen, hidden):
            arguments += ["--ro-bind", str(folder), str(folder)]
        arguments += ["--ro-bind", str(LIST), str(home / ".config" / "git" / "ignore")]
        arguments += ["--bind" if writable else "--ro-bind", str(workspace), str(workspace)]
        for room in rooms:
            arguments += room.arguments()
        for seen_as, file in instead.items():
            arguments += ["--ro-bind", file, seen_as]
        for room in rooms:
            arguments += ["--remount-ro", str(room.path)]
        for path in protected.read_only:
            arguments += ["--ro-bind", str(path), str(path)]
        for path in protected.hidden:
            arguments += ["--ro-bind", "/dev/null", str(path)]
        return [*arguments, "--chdir", str(cwd), "--", *argv]


def find_program() -> str | None:
    """Bubblewrap, whether it works here or not."""
    return shutil.which("bwrap", path=search_path(os.environ))


@cache
def find_sandbox() -> Sandbox | None:
    """The sandbox, if bubblewrap is installed and works here; found out once, by running it."""
    program = find_program()
    if program is None:
        return None
    seccomp = open_filter()
    command = [program, *_ISOLATION, *_filtered(seccomp), "--", "/bin/true"]
    try:
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRY_SECONDS,
            env={"PATH": os.defpath},
            pass_fds=[] if seccomp is None else [seccomp],
        )
    except (OSError, subprocess.SubprocessError):
        return None
    finally:
        if seccomp is not None:
            os.close(seccomp)
    return Sandbox(program)


def _filtered(seccomp: int | None) -> list[str]:
    return [] if seccomp is None else ["--seccomp", str(seccomp)]


def _hidden_folders(home: Path) -> list[Path]:
    """Links followed; a folder comes before those in it."""
    return sorted(
        {Path(path).resolve() for path in (*_HIDDEN_FOLDERS, home) if Path(path).is_dir()}
    )


def _below(paths: Iterable[Path], hidden: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if any(path.is_relative_to(folder) for folder in hidden):
            yield path
