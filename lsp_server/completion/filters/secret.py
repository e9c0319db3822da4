"""Credentials that a model remembers, or makes up in the shape of real ones."""

from __future__ import annotations

from lsp_server.completion.filters.site import Site
from lsp_server.workspace.secrets import secrets

BEFORE = 200
"""Characters before the cursor that a secret may have begun in."""


def without_secrets(text: str, site: Site) -> str:
    """What stands before the line of a secret, unless the window holds that secret already."""
    before = site.window.prefix[-BEFORE:]
    known = site.window.prefix, site.window.suffix
    whole = before + text
    starts = [
        max(0, start - len(before))
        for start, end in secrets(whole)
        if end > len(before) and not any(whole[start:end] in part for part in known)
    ]
    if not starts:
        return text
    return text[: max(0, text.rfind("\n", 0, min(starts)))]
