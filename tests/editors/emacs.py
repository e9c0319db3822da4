"""An Emacs in a terminal, configured as `docs/editors.md` says, driven by keys."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.git_repository import tracked

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "editors.md"
CACHE = Path(
    os.environ.get("FIMBLE_EDITORS_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fimble-editors"
)
LSP_MODE = CACHE / "lsp-mode-10.0.0"
EGLOT = Path("/usr/share/emacs/site-lisp/elpa-src/eglot-1.9")
INSTALL = "tests/editors/others/install"

# Without the system's start file, which would have native code compiled before we can say no.
QUICK = ("--no-init-file", "--no-site-file")
KEYS = {"TAB": "\t", "RET": "\r", "BACKSPACE": "\x7f"}

# Emacs asks before it does much in a new place; a user answers once.
PRELUDE = """
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil
      create-lockfiles nil server-socket-dir {home} server-name "socket"
      lsp-auto-guess-root t lsp-session-file (expand-file-name "session" {home})
      lsp-client-packages nil lsp-enable-snippet nil
      inhibit-automatic-native-compilation t native-comp-deferred-compilation nil
      confirm-kill-processes nil)
(package-initialize)
(load "lsp-mode-autoloads" t)
(server-start)
"""


def needed(place: Path) -> None:
    """Skip the test if an editor isn't installed; fail it where FIMBLE_EDITORS is set."""
    if shutil.which("emacs") and place.is_dir():
        return
    sentence = f"Emacs or {place.name} is not installed; {INSTALL} does that."
    if os.environ.get("FIMBLE_EDITORS"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def configuration(heading: str) -> str:
    """The Emacs Lisp under a heading of the guide."""
    [section] = re.findall(
        rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    return "\n".join(re.findall(r"^```elisp\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def command(folder: Path, *arguments: str) -> None:
    """Make a `fimble` command there that runs this repository's with these arguments added."""
    folder.mkdir()
    path = folder / "fimble"
    added = " ".join(f"'{each}'" for each in arguments)
    path.write_text(
        f"#!/bin/sh\nexport PYTHONPATH='{ROOT}'\n"
        f"exec '{sys.executable}' -P -m lsp_server \"$@\" {added}\n"
    )
    path.chmod(0o755)


class Busy(Exception):
    """Emacs gave an error for an answer, as it may in the midst of something."""


class Emacs:
    """One Emacs; `close` ends it and what it has started."""

    def __init__(self, home: Path, configured: str, *arguments: str) -> None:
        """Start with a configuration; `arguments` are those of `fimble`, behind the user's."""
        self._socket = str(home / "socket")
        self.project = home / "project"
        tracked(self.project, {"notes.txt": ""})
        command(home / "bin", *arguments)
        prelude = PRELUDE.format(home=json.dumps(str(home)))
        (home / "init.el").write_text(prelude + configured)
        environment = {
            **os.environ,
            "HOME": str(home),
            "TERM": "xterm-256color",
            "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
            "FIMBLE_CACHE": str(home / "cache"),
        }
        parent, child = pty.openpty()
        self._terminal, self._drawn = parent, b""
        self._process = psutil.Popen(
            ["setsid", "--ctty", "emacs", "-nw", *QUICK, "-L", LSP_MODE, "-l", home / "init.el"],
            stdin=child,
            stdout=child,
            stderr=child,
            env=environment,
        )
        os.close(child)
        self._screen = threading.Thread(target=self._drain, daemon=True)
        self._screen.start()
        try:
            self.until(lambda: Path(self._socket).exists(), True)
        except AssertionError:
            self._process.kill()
            raise

    def close(self) -> None:
        """Quit; raise if a process stays behind."""
        processes = [self._process, *self._process.children(recursive=True)]
        self._client("(kill-emacs)")
        _, left = psutil.wait_procs(processes, timeout=10)
        for process in left:
            process.kill()
        self._screen.join(10)
        os.close(self._terminal)
        assert not left, f"left behind: {left}"

    def lisp(self, expression: str) -> Any:
        """Evaluate an expression in the buffer that is shown; its value as JSON.

        Raises Busy.
        """
        printed = self._client(
            "(with-current-buffer (window-buffer (selected-window)) (base64-encode-string"
            f" (encode-coding-string (json-encode {expression}) 'utf-8) t))"
        )
        if not printed.startswith('"'):
            raise Busy(printed)
        return json.loads(base64.b64decode(printed.strip().strip('"')))

    def keys(self, *keys: str) -> None:
        """Press keys: names of `KEYS`, `M-x`, `C-b`, or text to type.

        Not `C-g`: it may end what `lisp` evaluates, and nothing else.
        """
        for key in keys:
            os.write(self._terminal, _code(key).encode())

    def command(self, name: str) -> None:
        """Run a command by its name, as a user does."""
        self.keys("M-x", name, "RET")

    def open(self, name: str, text: str) -> None:
        """Open a new file."""
        path = self.project / name
        path.write_text(text, encoding="utf-8")
        self.keys("C-x", "1", "C-x", "C-f", str(path), "RET")
        self.until(lambda: self.lisp("buffer-file-name"), str(path))

    @property
    def text(self) -> str:
        """The buffer that is shown."""
        return str(self.lisp("(buffer-substring-no-properties (point-min) (point-max))"))

    @property
    def messages(self) -> str:
        """What was shown in the echo area."""
        return str(self.lisp('(with-current-buffer "*Messages*" (buffer-string))'))

    def until(self, look: Callable[[], Any], expected: Any, seconds: float = 60) -> None:
        """Wait until `look` gives what is expected."""
        deadline = time.monotonic() + seconds
        while (seen := _seen(look)) != expected:
            assert self._process.poll() is None, "Emacs has ended"
            assert time.monotonic() < deadline, f"{seen!r}, not {expected!r}; {self._drawn!r}"
            time.sleep(0.1)

    def _client(self, expression: str) -> str:
        done = subprocess.run(
            ["emacsclient", "--socket-name", self._socket, "--eval", expression],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout or done.stderr

    def _drain(self) -> None:
        """Read what Emacs draws, so that it goes on drawing."""
        while self._process.poll() is None:
            ready, _, _ = select.select([self._terminal], [], [], 0.1)
            try:
                if ready:
                    self._drawn = (self._drawn + os.read(self._terminal, 65536))[-2000:]
            except OSError:  # its end of the terminal is closed
                return


def _seen(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Busy as busy:
        return busy


def _code(key: str) -> str:
    if len(key) == 3 and key.startswith("M-"):
        return "\x1b" + key[2]
    if len(key) == 3 and key.startswith("C-"):
        return chr(ord(key[2]) & 0x1F)
    return KEYS.get(key, key)
