"""What a path in a workspace must not be, told from its text alone.

Stricter than the file system: a name that another system, an editor or git would read as a
different one is refused, and so is anything that only looks like a plain name.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from lsp_server.errors import PathRefused

MAX_LENGTH = 4_000
MAX_NAME_BYTES = 255


def parts_of(root: Path, path: str) -> tuple[str, ...]:
    """The names on the way from the root; none for the root itself. Raises PathRefused.

    `path` is relative to the root, or absolute and below it letter by letter.
    """
    if not path or len(path) > MAX_LENGTH:
        raise PathRefused("The path is empty or too long; name a file of the workspace.")
    if any(unicodedata.category(character) in _UNSEEN for character in path):
        raise PathRefused("The path has characters that can't be seen; write it without them.")
    if _SCHEME.match(path):
        raise PathRefused("That is an address; write the path from the workspace's root.")
    if _ENCODED.search(path):
        raise PathRefused("The path is percent-encoded; write it with plain characters.")
    if path.startswith("~"):
        raise PathRefused("Home folders are outside of the workspace; name a file in it.")
    if path.startswith("/"):
        path = _below(root, path)
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    for part in parts:
        _check(part)
    return parts


def folded(name: str) -> str:
    """A name as the most forgiving file system compares it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _below(root: Path, path: str) -> str:
    names = [name for name in path.split("/") if name not in ("", ".")]
    above = list(root.parts[1:])
    if names[: len(above)] != above:
        raise PathRefused("The path is outside of the workspace; name a file in it.")
    return "/".join(names[len(above) :])


def _check(name: str) -> None:
    if name == "..":
        raise PathRefused("The path leads upwards; write it from the workspace's root.")
    if "\\" in name:
        raise PathRefused("The path has a backslash; separate folders by `/`.")
    if ":" in name:
        raise PathRefused("The path has a colon, which means something else on other systems.")
    if name.endswith((".", " ")) or name.startswith(" "):
        raise PathRefused("A name in the path has a dot or space at its edge; write it without.")
    if len(name.encode(errors="surrogatepass")) > MAX_NAME_BYTES:
        raise PathRefused("A name in the path is too long.")
    plain = folded(name)
    if plain in ("", ".", "..") or "/" in plain or "\\" in plain or ":" in plain:
        raise PathRefused("A name in the path looks like another one; write it plainly.")


_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
"""Control, format (zero-width, bidi, tags), surrogates, private use, line separators."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_ENCODED = re.compile(r"%(25)*(2e|2f|5c|3a|00|0[0-9a-f]|7e|c0|e0)", re.IGNORECASE)
"""What would be a dot, a separator, a colon, a control character or an overlong form of one."""
