"""The process that builds an index: `python -m lsp_server.workspace.worker ROOT FILE`.

Messages are JSON, one a line. In: `{"do": "scan"}`, `{"do": "changed", "path": …}`, each with an
`id`. Out: `{"event": "progress", "done": …, "total": …}`, and `{"event": "done", "id": …, "ok": …}`
for each request.

A thread reads standard input; all else happens in the main thread, which looks for saved files
between any two files of a scan. When standard input ends, the server is gone, and so is this
process. It may be killed at any moment: what it has not committed is found again by the next scan.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil
from filelock import FileLock, Timeout

from lsp_server.workspace.extract import Entry, digest, extract, read
from lsp_server.workspace.ignore import IGNORE_FILES
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import Found, is_walked, look, walk

BATCH_SECONDS = 0.2
BATCH_FILES = 100
"""A transaction ends with the first of the two; another process waits for it at most."""
RETRY_SECONDS = 1.0
"""How long until a scan asks again whether another process has ended its own."""
MAX_RESETS = 3
TIDY_FILES = 200
"""After scans that have read more files than this, the words' index is put in order."""
MAX_CHECKED_BYTES = 500_000_000
"""A larger database is not read just to find out whether it is damaged: that shows when it is
asked."""
IDLE_SECONDS = 0.02
"""Between two steps of either, for saved files come first."""
NICENESS = 15


class Worker:
    """An index and the requests that change it."""

    def __init__(self, index: Index, output: BinaryIO) -> None:
        self._index = index
        self._root = index.root.resolve()
        self._output = output
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._scans: list[int] = []
        self._batch: dict[str, Entry] = {}
        self._written = 0
        self.resets = 0

    def read(self, source: BinaryIO) -> None:
        """Move requests to the inbox until the server is gone, then end the process."""
        for line in source:
            self._inbox.put(json.loads(line))
        os._exit(0)

    def run(self) -> None:
        """Serve for ever."""
        chores: Iterator[None] | None = None
        while True:
            self._serve(IDLE_SECONDS if chores else None)
            if self._scans:
                asked, self._scans = self._scans, []
                done = self._scan()
                for number in asked:
                    self._send(event="done", id=number, ok=done)
                chores = self._chores()
            elif chores:
                try:
                    next(chores)
                except StopIteration:
                    chores = None

    def _chores(self) -> Iterator[None]:
        """What is done after a scan, a step whenever nobody asks for anything."""
        if self._written > TIDY_FILES:
            more = self._index.tidy(begin=True)
            while more:
                yield
                more = self._index.tidy()
            self._written = 0
        if self._index.bytes > MAX_CHECKED_BYTES:
            return
        before = self.resets
        yield from self._index.check()
        if before < self.resets < MAX_RESETS:
            self._scans.append(0)
            yield

    def _serve(self, wait_seconds: float | None = 0.0) -> None:
        """Take what is in the inbox: saved files at once, scans later."""
        with contextlib.suppress(queue.Empty):
            message = self._inbox.get(timeout=wait_seconds) if wait_seconds != 0.0 else None
            while True:
                if message is None:
                    message = self._inbox.get_nowait()
                if message["do"] == "scan":
                    self._scans.append(message["id"])
                else:
                    done = self._changed(message["path"])
                    self._send(event="done", id=message["id"], ok=done)
                message = None

    def _changed(self, path: str) -> bool:
        """Read a file again that was saved, made, moved or deleted."""
        self._batch.pop(path, None)
        found = look(self._root, path)
        if path.rpartition("/")[2] in IGNORE_FILES or is_walked(self._root, path):
            self._scans.append(0)
            return True
        data = read(self._root, found) if found else None
        if found is None or data is None:
            return self._index.remove([path, *self._index.under(path)])
        return self._index.update([extract(found, data)])

    def _scan(self) -> bool:
        """Make the index agree with the files, as the only process that does so."""
        lock = FileLock(self._index.file.with_suffix(".build.lock"))
        self._index.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                self._serve(RETRY_SECONDS)
        try:
            for _ in range(MAX_RESETS):
                before = self.resets
                done = self._compare()
                if self.resets == before:
                    return done
            return False
        finally:
            lock.release()

    def _compare(self) -> bool:
        known = self._index.known()
        found = list(walk(self._root))
        there = {each.path for each in found}
        done = self._index.remove(sorted(known.keys() - there))
        todo = [each for each in found if known.get(each.path) != (each.mtime_ns, each.size)]
        began = time.monotonic()
        self._send(event="progress", done=0, total=len(todo))
        for number, each in enumerate(todo):
            self._serve()
            self._take(each)
            if len(self._batch) >= BATCH_FILES or time.monotonic() - began > BATCH_SECONDS:
                done = self._commit() and done
                began = time.monotonic()
                if done:
                    self._send(event="progress", done=number + 1, total=len(todo))
        done = self._commit() and done
        if done:
            self._index.set_complete()
        self._send(event="progress", done=len(todo), total=len(todo))
        return done

    def _take(self, found: Found) -> None:
        data = read(self._root, found)
        if data is None:
            self._index.remove([found.path])
        elif self._index.digest(found.path) == digest(data):
            self._index.touch(found.path, found.mtime_ns, found.size)
        else:
            self._batch[found.path] = extract(found, data)

    def _commit(self) -> bool:
        done = self._index.update(self._batch.values())
        self._written += len(self._batch)
        self._batch.clear()
        return done

    def _send(self, **message: object) -> None:
        if message.get("id") == 0:
            return  # a scan that nobody asked for
        try:
            self._output.write(json.dumps(message).encode() + b"\n")
            self._output.flush()
        except OSError:
            os._exit(0)


def be_humble() -> None:
    """Let every other process go first."""
    with contextlib.suppress(OSError, psutil.Error):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(NICENESS)


def main(root: str, file: str) -> None:
    """Run the process."""
    be_humble()

    def reset() -> None:
        worker.resets += 1

    worker = Worker(Index(Path(root), Path(file), reset), sys.stdout.buffer)
    threading.Thread(target=worker.read, args=(sys.stdin.buffer,), daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
