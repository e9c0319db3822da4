"""Keys in the system's keyring, as entries of the user `NAME` of the service `fimble`.

The library `keyring` is an extra of the package, for what it needs on Linux. It is loaded when a
key is first wanted, and may wait for a person who unlocks the keyring, so nothing here runs on an
event loop but `read`, which asks in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from lsp_server.errors import KeyUnavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "fimble"
PATIENCE_SECONDS = 60.0
"""For a person to answer the desktop's question."""
_INSTEAD = "keep the key in an environment variable (`env:NAME`)"

_reading: dict[str, Future[str | KeyUnavailable]] = {}
"""Entries that are being read: who asks again must not make the desktop ask again."""


async def read(name: str) -> str:
    """The key under a name. Raises KeyUnavailable."""
    reading = _reading.get(name)
    if reading is None:
        reading = _reading[name] = Future()
        # The process must be able to end while the desktop's question is open.
        Thread(target=_read, args=(name, reading), daemon=True).start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = await asyncio.shield(asyncio.wrap_future(reading))
    except TimeoutError as error:
        raise KeyUnavailable(
            f"The keyring did not answer within {PATIENCE_SECONDS:g} s; unlock it and try again."
        ) from error
    if isinstance(found, KeyUnavailable):
        raise found.with_traceback(None)
    return found


def write(name: str, key: str) -> None:
    """Keep a key. Raises KeyUnavailable."""
    with _asked() as keyring:
        keyring.set_password(SERVICE, name, key)
        kept = keyring.get_password(SERVICE, name)
    if kept != key:  # as the backend that turns keyrings off
        raise KeyUnavailable(f"The keyring did not keep the key; {_INSTEAD}.")


def delete(name: str) -> None:
    """Forget a key. Raises KeyUnavailable, also if there is none."""
    with _asked() as keyring:
        found = keyring.get_password(SERVICE, name)
        if found is not None:
            keyring.delete_password(SERVICE, name)
    if found is None:
        raise KeyUnavailable(f"The keyring has no entry {name} of Fimble.")


def _read(name: str, reading: Future[str | KeyUnavailable]) -> None:
    found: str | KeyUnavailable
    try:
        with _asked() as keyring:
            key = keyring.get_password(SERVICE, name)
        found = key or KeyUnavailable(
            f"The keyring has no entry {name} of Fimble; make it with `fimble key set {name}`."
        )
    except KeyUnavailable as error:
        found = error
    del _reading[name]
    reading.set_result(found)


@contextmanager
def _asked() -> Iterator[KeyringBackend]:
    """The keyring, and what goes wrong with it in one sentence."""
    try:
        import keyring
        from keyring.errors import KeyringLocked, NoKeyringError
    except ImportError as error:
        raise KeyUnavailable(
            "Fimble needs the Python package keyring to ask the keyring; install it with "
            f"`pip install 'fimble[keyring]'`, or {_INSTEAD}."
        ) from error
    except Exception as error:  # it looks for backends when it is loaded
        raise _failed(error) from error
    try:
        yield keyring.get_keyring()
    except NoKeyringError as error:
        raise KeyUnavailable(
            f"There is no keyring on this system that Fimble can use; {_INSTEAD}."
        ) from error
    except KeyringLocked as error:
        raise KeyUnavailable("The keyring is locked; unlock it and try again.") from error
    except Exception as error:  # a backend's own, of which there are many
        raise _failed(error) from error


def _failed(error: Exception) -> KeyUnavailable:
    return KeyUnavailable(f"The keyring failed ({type(error).__name__}); see to it, or {_INSTEAD}.")
