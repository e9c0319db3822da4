"""The file that `fimble fix` repairs: its text, whatever its encoding, and the way back."""

from __future__ import annotations

import codecs
import difflib
import io
import secrets
import stat
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.state import ABSENT, State, digest, digest_of, look
from lsp_server.agent.files.write import put
from lsp_server.cli.complete import read_bytes
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.core.text import Text
from lsp_server.errors import AgentError, FileChanged, UsageError

MAX_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks, and what they say."""
_NO_END = b"\n\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Target:
    """A file as it was read."""

    path: Path
    """Resolved: a link leads to the file that is repaired."""
    name: str
    """As the user has named it."""
    text: str = field(repr=False)
    """With its line ends, without a byte order mark."""
    mark: bytes
    codec: str
    grammar: str
    mode: int
    """As in `st_mode`."""

    @classmethod
    def read(cls, named: Path) -> Target:
        """Raises UsageError for what is no file with code that can be repaired."""
        data = read_bytes(named, MAX_BYTES)
        path = named.resolve()
        mark, codec = next((m for m in _MARKS if data.startswith(m[0])), (b"", ""))
        rest = data[len(mark) :]
        if b"\0" in rest and not codec.startswith("utf-16"):
            raise UsageError(f"{named} is a binary file; name one with code.")
        grammar = grammar_for("", path.as_uri())
        if grammar is None:
            raise UsageError(f"{named} is in no language that can be repaired; name other code.")
        try:
            codec = codec or (_declared(rest) if grammar == "python" else "utf-8")
            text = rest.decode(codec)
            is_the_same = text.encode(codec) == rest
        except (LookupError, SyntaxError, UnicodeError):
            is_the_same = False
        if not is_the_same:
            raise UsageError(f"{named} is not in UTF-8, nor in what it says it is in; convert it.")
        return cls(path, str(named), text, mark, codec, grammar, path.stat().st_mode)

    def encoded(self, text: str) -> bytes:
        """Another text in this one's encoding. Raises UnicodeEncodeError."""
        return self.mark + text.encode(self.codec)

    def snapshot(self, text: str) -> Snapshot | None:
        """Another text as a document; None if it can't be parsed at all."""
        syntax = Syntax.parse(text, self.grammar)
        if syntax is None:
            return None
        return Snapshot(self.path.as_uri(), 0, "", Text.of(text), syntax)

    def diff(self, text: str, *, shown: bool) -> bytes:
        """From the file to another text, in unified form and as the bytes of the file are.

        It is named from the current folder, or else from the root, for `git apply` there. `shown`:
        in UTF-8 for a person, whatever the file is in.
        """
        encode = str.encode if shown else self.encoded
        here = Path.cwd().resolve()
        path = self.path.relative_to(here if self.path.is_relative_to(here) else self.path.anchor)
        old, new = (io.BytesIO(encode(each)).readlines() for each in (self.text, text))
        before, after = (f"{side}/{path.as_posix()}".encode() for side in "ab")
        lines = difflib.diff_bytes(difflib.unified_diff, old, new, before, after)
        ended = (line if line.endswith(b"\n") else line + _NO_END for line in lines)
        return b"".join(ended)

    def write(self, text: str, *, over: str) -> None:
        """Put a text in the place of another one: all of it, or nothing.

        Raises FileChanged if the file says something else, and PathRefused.
        """
        put(self._folder, self.path.name, self._state(text), expected=digest_of(self.encoded(over)))

    def put_back(self) -> None:
        """Put the text as it was read in the place of whatever a check has made of a try.

        Raises FileChanged if that can't be done; the text is in a new file beside it then.
        """
        state, name = self._state(self.text), self.path.name
        try:
            there = digest(look(self._folder, name))
            put(self._folder, name, state, expected=there, forced=True)
        except AgentError as error:
            kept = f"{name}.{secrets.token_hex(4)}.orig"
            put(self._folder, kept, state, expected=ABSENT)
            sentence = f"{self.name} can't be put back as it was; what it said is in {kept}."
            raise FileChanged(sentence) from error

    @property
    def _folder(self) -> Workspace:
        return Workspace(self.path.parent)

    def _state(self, text: str) -> State:
        return State(self.encoded(text), stat.S_IFREG | stat.S_IMODE(self.mode))


def _declared(data: bytes) -> str:
    """The encoding that a file of Python declares, or UTF-8. Raises SyntaxError for no such one."""
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
