"""Fetching a pinned archive once, and unpacking it as data.

pip and npm download, so the user's registries, proxies and certificates apply. Only an archive
with the pinned digest is opened. Of its members only source files are written, each below a new
folder, which gets its final name when it is complete.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from platformdirs import user_cache_path

from benchmarks.cases.sources import Source

SUFFIXES = frozenset((".go", ".js", ".mjs", ".py", ".rs", ".ts", ".tsx"))
MOST_MEMBERS = 5000
LARGEST = 2_000_000
"""Bytes of a member; larger ones are left out."""
MAX_SECONDS = 300


class FetchFailed(Exception):
    """A package could not be had as pinned."""


def cache() -> Path:
    """Where the packages lie."""
    return user_cache_path("fimble") / "benchmarks" / "cases"


def download(source: Source, into: Path) -> bytes:
    """An archive as its registry's client brings it. Raises FetchFailed."""
    pinned = {"pypi": f"{source.name}=={source.version}", "npm": f"{source.name}@{source.version}"}
    commands = {
        "pypi": (
            *(sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"),
            *("--only-binary", ":all:", "--ignore-requires-python", "--dest", str(into)),
        ),
        "npm": ("npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(into)),
    }
    command = (*commands[source.registry], pinned[source.registry])
    try:
        subprocess.run(command, check=True, capture_output=True, cwd=into, timeout=MAX_SECONDS)
        (archive,) = into.iterdir()
        return archive.read_bytes()
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise FetchFailed(f"{command[0]} did not bring {source.name} {source.version}") from error


def fetch(
    source: Source, into: Path | None = None, download: Callable[[Source, Path], bytes] = download
) -> Path:
    """The folder of a package's source files, fetched if it is not there. Raises FetchFailed."""
    store = into or cache()
    name = source.name.replace("/", "+")
    folder = store / f"{name}-{source.version}-{source.sha256[:12]}"
    if folder.is_dir():
        return folder
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store) as temporary:
        incoming, unpacked = Path(temporary, "incoming"), Path(temporary, "unpacked")
        incoming.mkdir()
        data = download(source, incoming)
        if hashlib.sha256(data).hexdigest() != source.sha256:
            raise FetchFailed(f"{source.name} {source.version} is not the archive that is pinned")
        unpack(data, unpacked)
        with suppress(OSError):  # another process was quicker
            unpacked.rename(folder)
    if not folder.is_dir():
        raise FetchFailed(f"{folder} can't be written")
    return folder


def unpack(data: bytes, into: Path) -> None:
    """Write the source files of a wheel or tarball below a new folder. Raises FetchFailed."""
    into.mkdir()
    try:
        for path, content in _members(data):
            target = into.joinpath(*path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError) as error:
        raise FetchFailed("an archive is damaged") from error


def _members(data: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    stream = io.BytesIO(data)
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as wheel:
            for entry in wheel.infolist()[:MOST_MEMBERS]:
                path = _safe(entry.filename)
                if path and not entry.is_dir() and entry.file_size <= LARGEST:
                    yield path, wheel.read(entry)
        return
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:gz") as tarball:
        for count, member in enumerate(tarball):
            # npm's tarballs hold one folder, mostly called `package`.
            path = _safe(member.name.partition("/")[2])
            if count < MOST_MEMBERS and path and member.isreg() and member.size <= LARGEST:
                content = tarball.extractfile(member)
                assert content
                yield path, content.read()


def _safe(name: str) -> PurePosixPath | None:
    """The path of a source file if it can only lie below the folder it is joined to."""
    path = PurePosixPath(name)
    odd = path.is_absolute() or ".." in path.parts or any(mark in name for mark in "\\:\0")
    return None if odd or path.suffix not in SUFFIXES or name.endswith(".d.ts") else path
