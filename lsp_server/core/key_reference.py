"""Where a key is: settings name the place, and never hold the key itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORMS = {
    "env": re.compile(r"[A-Za-z_]\w{0,99}", re.ASCII),
    "keyring": re.compile(r"[A-Za-z0-9][\w.@-]{0,59}", re.ASCII),
}
"""Names of variables; names of entries are bounded, so that hardly any key passes for one."""


@dataclass(frozen=True, slots=True)
class KeyReference:
    """An environment variable (`env`), or an entry of the system's keyring (`keyring`)."""

    kind: str
    name: str

    def __str__(self) -> str:
        """What a user knows it as."""
        place = "environment variable" if self.kind == "env" else "keyring's entry"
        return f"the {place} {self.name}"


def parse(text: str) -> KeyReference | None:
    """Read `env:NAME` or `keyring:NAME`; None for anything else."""
    kind, _, name = text.partition(":")
    form = _FORMS.get(kind)
    return KeyReference(kind, name) if form and form.fullmatch(name) else None


def is_meant(text: str) -> bool:
    """Whether it begins as a reference does; `parse` may still find that it is none."""
    kind, colon, _ = text.partition(":")
    return bool(colon) and kind in _FORMS


def is_sendable(key: str) -> bool:
    """Whether it can stand in a header: printable ASCII, and some of it."""
    return bool(key) and key.isascii() and key.isprintable()
