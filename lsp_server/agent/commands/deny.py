"""What never runs, whoever approves it.

An approval is one click among many. What stands here harms the whole machine or all of a user's
files, can't be undone, and is no part of work on a project, so that refusing it costs nothing.
A forced push, deleting a branch or installing a package are a user's own business: they are asked
about. Whoever means to do one of these has a terminal. This list is no defence against a program
that hides what it does: everything that isn't known to be harmless is asked about anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

_FORMATTERS = re.compile(r"mkfs(\..+)?|mke2fs|wipefs|mkswap|blkdiscard|sgdisk|sfdisk|fdisk|parted")
_STOPPERS = frozenset({"shutdown", "reboot", "halt", "poweroff", "telinit"})
_DEVICE = r"/dev/(sd|hd|vd|xvd|nvme|mmcblk|disk|dm-|mapper|loop|md|mem|kmem|port)"
_OF_DEVICE = re.compile(rf"(of=)?{_DEVICE}.*")

_MAX_CHARACTERS = 10_000
"""That are looked through; a longer line is asked about."""
_SYSTEM = "bin|boot|dev|etc|home|lib|opt|root|sbin|srv|sys|usr|var"
_ROOTS = rf"""["']?(/|~/?|\$HOME/?|\$\{{HOME\}}/?|/({_SYSTEM})/?)\*?["']?"""
_TEXTS = (
    (
        re.compile(rf"\b(rm|chmod|chown)\s(\S+\s+){{0,9}}?-[-\w]*[rR]\S*\s(\S+\s+){{0,9}}?{_ROOTS}(?=[\s;&|)'\"]|$)"),
        "It would delete or change everything in a folder of the system or of the user.",
    ),
    (
        re.compile(r"([\w:.]{1,40})\s{0,9}\(\)\s{0,9}\{[^}]{0,99}\1\s{0,9}\|\s{0,9}\1\s{0,9}&"),
        "It is a fork bomb, which brings the machine to a halt.",
    ),
    (re.compile(rf">\s*{_DEVICE}"), "It would write to a disk."),
)  # fmt: skip


def why_never(line: str) -> str | None:
    """Why a line never runs, from its text alone, however it is quoted and joined."""
    line = line[:_MAX_CHARACTERS]
    return next((reason for pattern, reason in _TEXTS if pattern.search(line)), None)


def why_never_run(argv: Sequence[str], folder: Path, workspace: Path) -> str | None:
    """Why a command never runs; `folder` is where it would."""
    name = PurePosixPath(argv[0]).name
    words = argv[1:]
    if _FORMATTERS.fullmatch(name):
        return "It would format or partition a disk."
    if name in ("dd", "shred", "tee", "cp") and any(map(_OF_DEVICE.fullmatch, words)):
        return "It would write to a disk."
    stops = name == "systemctl" and not _STOPPERS.isdisjoint(words)
    if name in _STOPPERS or stops or (name == "init" and words[:1] in (["0"], ["6"])):
        return "It would stop the machine."
    if name == "kill" and "-1" in words[1:]:
        return "It would end all of the user's processes."
    recursive = any(re.fullmatch(r"-\w*[rR]\w*|--recursive", word) for word in words)
    if name in ("rm", "chmod", "chown", "chgrp") and (
        "--no-preserve-root" in words
        or (recursive and any(_is_root(word, folder, workspace) for word in words))
    ):
        return "It would delete or change everything in a folder of the system or of the user."
    return None


def _is_root(word: str, folder: Path, workspace: Path) -> bool:
    """Whether a path is the workspace, above it, the home folder, or one right below `/`."""
    if word.startswith("-"):
        return False
    path = (folder / word.removesuffix("*")).resolve()
    return len(path.parts) <= 2 or any(
        each.is_relative_to(path) for each in (workspace, Path.home())
    )
