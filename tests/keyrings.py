"""Keyrings for tests, in memory and in every state that a system's may be in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked


class InMemory(KeyringBackend):
    """Holds entries of (service, user). `asked` are the users whose entries were read."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.failure: Exception | None = None
        """Is raised instead of an answer."""
        self.unlocked = threading.Event()
        """Reading waits for it."""
        self.unlocked.set()

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append(username)
        self.unlocked.wait()
        if self.failure is not None:
            raise self.failure
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


ABSENT = fail.Keyring()  # type: ignore[no-untyped-call]
TURNED_OFF = null.Keyring()  # type: ignore[no-untyped-call]
LOCKED = KeyringLocked("the reason, in the words of some desktop")


@contextmanager
def used(backend: KeyringBackend) -> Iterator[None]:
    """Have a backend be the system's keyring."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(before)
