"""The headers that an endpoint's settings ask for, with what they refer to.

Invariants: what is referred to is in no message, and travels only encrypted or on this machine.
"""

from __future__ import annotations

import os

import httpx

from lsp_server.core import key_reference
from lsp_server.core.key_reference import KeyReference
from lsp_server.engines.remote import keyring_entries
from lsp_server.engines.remote.address import Address, is_loopback
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings


def source(settings: RemoteSettings) -> str:
    """What a user should look at if his credentials are refused; empty if there are none."""
    reference = key_reference.parse(settings.api_key)
    if reference is not None:
        return str(reference)
    referred = any(map(key_reference.is_meant, settings.headers.values()))
    return f"{settings.where}.headers" if referred else ""


async def read(settings: RemoteSettings, address: Address) -> httpx.Headers:
    """The API key's header and the user's own, which count more. Raises RemoteError.

    May wait for a person to unlock the keyring.
    """
    headers = httpx.Headers()
    if settings.api_key:
        key = await _referred(settings.api_key, f"{settings.where}.apiKey", settings, address)
        headers["Authorization"] = f"Bearer {key}"
    for name, value in settings.headers.items():
        if key_reference.is_meant(value):
            setting = f"{settings.where}.headers.{name}"
            value = await _referred(value, setting, settings, address)
        headers[name] = value
    return headers


async def _referred(text: str, setting: str, settings: RemoteSettings, address: Address) -> str:
    reference = key_reference.parse(text)
    if reference is None:
        raise RemoteError(f"{setting} must be `env:NAME` or `keyring:NAME`; correct it.")
    if not _is_private(settings, address):
        raise RemoteError(
            f"What {setting} refers to would travel to {address.host} unencrypted; use https in "
            f"{settings.where}.url, or leave {setting} empty."
        )
    found = await _found(reference, setting)
    if not key_reference.is_sendable(found):
        raise RemoteError(f"What stands in {reference} is no valid API key; correct it.")
    return found


async def _found(reference: KeyReference, setting: str) -> str:
    if reference.kind == "keyring":
        return (await keyring_entries.read(reference.name)).strip()
    value = os.environ.get(reference.name, "").strip()
    if not value:
        raise RemoteError(
            f"The environment variable {reference.name}, which {setting} names, is not set; set it "
            "and restart the editor."
        )
    return value


def _is_private(settings: RemoteSettings, address: Address) -> bool:
    """Whether nobody between here and the endpoint can read what is sent."""
    if address.secure:
        return True
    return address.loopback and (not settings.proxy or is_loopback(httpx.URL(settings.proxy).host))
