"""What of a workspace's files may be shown to a model.

The same files stay out as of the index: secrets by name or content, what the user's ignore files
leave out, and git's own. What is only usually vendored or generated may be read: somebody asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_server.agent.files.names import folded
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.state import State, look
from lsp_server.errors import PathRefused
from lsp_server.workspace.ignore import MAX_FILE_BYTES, Ignored, is_secret_name
from lsp_server.workspace.secrets import holds_secret

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Document:
    """A text file."""

    path: str
    """From the root, with `/`."""
    text: str = field(repr=False)
    """Without a byte order mark, with its line ends."""
    state: State
    """Its bytes; a write is refused if they are others by then."""

    def encoded(self, text: str) -> bytes:
        """Another text in this one's encoding. Raises PathRefused if there is no way to."""
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise PathRefused("The text has half a character in it; write it anew.") from error
        return (_BOM if self.state.data.startswith(_BOM) else b"") + data


def hidden(workspace: Workspace, path: str, ignored: Ignored | None = None) -> str | None:
    """Why a file is not for a model, told from its place; None if it may be read.

    `ignored`: the rules of `left_out`, where many paths are asked about at once.
    """
    try:
        relative = workspace.relative(path)
    except PathRefused:
        return "its name is none that can be written here"
    names = relative.split("/")
    if any(folded(name) == ".git" for name in names):
        return "it belongs to git; use git's own commands"
    if any(is_secret_name(folded(name)) for name in names):
        return "its name says that it holds credentials"
    if relative in (left_out(workspace) if ignored is None else ignored):
        return "the workspace's ignore files leave it out"
    return None


def left_out(workspace: Workspace) -> Ignored:
    """What the user's ignore files leave out, as they are now."""
    return Ignored(workspace.root, usual=False)


def read(workspace: Workspace, path: str) -> Document:
    """Read a text file. Raises PathRefused for all that must not or can't be shown."""
    relative = workspace.relative(path)
    if reason := hidden(workspace, relative):
        raise PathRefused(f"{relative} is not read: {reason}.")
    state = look(workspace, relative)
    if state is None:
        raise PathRefused(f"There is no file {relative}; name one that exists.")
    if state.is_link:
        raise PathRefused(f"{relative} is a link; name the file that it leads to.")
    if len(state.data) > MAX_FILE_BYTES:
        raise PathRefused(f"{relative} is larger than 1 MB; search in it instead.")
    text = _decoded(relative, state.data)
    if holds_secret(text):
        raise PathRefused(f"{relative} is not read: a credential stands in it.")
    return Document(relative, text, state)


def _decoded(path: str, data: bytes) -> str:
    if b"\0" in data:
        raise PathRefused(f"{path} is no text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PathRefused(f"{path} is not in UTF-8; save it so to have it edited.") from error
