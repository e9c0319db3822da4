"""Paths that an answer mentions."""

from __future__ import annotations

import re

from lsp_server.core.syntax import known_extensions

MAX_LINE = 300


def path_alone(line: str) -> str | None:
    """The path that a line is, but for marks of a heading or list, and a word such as `File:`."""
    bare = (
        _DECORATION.sub("", line.strip()[:MAX_LINE]).strip("*`'\"# ").rstrip(":").rstrip("*`'\" ")
    )
    return bare if _is_path(bare) else None


def path_in(line: str) -> str | None:
    """The one path that a line names; None if it names none, or several."""
    line = line.strip()[:MAX_LINE]
    if path := path_alone(line):
        return path
    quoted = [each for each in _QUOTED.findall(line) if _is_path(each)]
    found = quoted or [each for each in _WORDS.findall(line) if _is_path(each)]
    return found[0] if len(set(found)) == 1 else None


def path_of_comment(line: str) -> str | None:
    """The path in a comment that says nothing else, as models begin a file with."""
    comment = _COMMENT.fullmatch(line.strip())
    return comment[1] if comment and _is_path(comment[1]) else None


def _is_path(text: str) -> bool:
    if not _PATH.fullmatch(text):
        return False
    extension = text.rpartition(".")[2].lower()
    return extension in _EXTENSIONS or text.rpartition("/")[2] in _NAMES


_DECORATION = re.compile(
    r"^(#+\s+|>\s*|[*-]\s+|\d+[.)]\s+)*\**((in\s+)?(the\s+)?(file(name)?|path)\b)?[\s:*`'\"]{0,4}",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[`'\"]([^`'\"\s]+)[`'\"]")
_WORDS = re.compile(r"[\w@./+-]*\w")
_PATH = re.compile(r"[\w@./+-]*\w")
_COMMENT = re.compile(
    r"(?:#|//|--|/\*|<!--)\s*(?:file(?:name)?:|path:)?\s*(\S+?)\s*(?:\*/|-->)?", re.IGNORECASE
)
_NAMES = frozenset(("Dockerfile", "Makefile", "Jenkinsfile", "LICENSE"))
_EXTENSIONS = frozenset(known_extensions()) | frozenset(
    (
        "bash", "cfg", "conf", "css", "csv", "env", "gradle", "html", "ini", "json", "kt", "lock",
        "lua", "md", "php", "proto", "rb", "rst", "scss", "sh", "sql", "svelte", "swift", "toml",
        "txt", "vue", "xml", "yaml", "yml", "zsh",
    )
)  # fmt: skip
