"""`fimble key`: keys of endpoints in the system's keyring, the `keyring:NAME` of settings."""

from __future__ import annotations

import argparse
import getpass
import sys

from lsp_server.core import key_reference
from lsp_server.engines.remote import keyring_entries
from lsp_server.errors import UsageError

MAX_KEY = 16 << 10
"""Characters."""


def run(options: argparse.Namespace) -> int:
    """Keep a key, or forget one. What is typed is not shown."""
    name: str = options.name
    reference = f"keyring:{name}"
    if key_reference.parse(reference) is None:
        raise UsageError(
            "A key's name has up to 60 letters, digits, `.`, `@`, `-` and `_`, and begins with a "
            "letter or a digit; it is not the key itself."
        )
    if options.action == "delete":
        keyring_entries.delete(name)
        print(f"The keyring's entry {name} is deleted.")
        return 0
    keyring_entries.write(name, _read())
    print(f"The keyring has the key. Settings refer to it by {reference}.")
    return 0


def _read() -> str:
    """The key that is typed or piped in. Raises UsageError."""
    typed = sys.stdin.isatty()
    try:
        key = getpass.getpass("Key: ") if typed else sys.stdin.read(MAX_KEY + 1)
    except (EOFError, UnicodeDecodeError):
        key = ""
    key = key.strip()
    if not key_reference.is_sendable(key) or len(key) > MAX_KEY:
        raise UsageError("That is no key: it must be one line of printable ASCII.")
    return key
