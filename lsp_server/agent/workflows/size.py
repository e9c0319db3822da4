"""Which models are too small to choose their own steps."""

from __future__ import annotations

import re

from lsp_server.engines.chat import ChatInfo

SMALL = 3.0
"""Billions of parameters from which on a model gets the tools and chooses itself."""


def is_small(info: ChatInfo) -> bool:
    """Whether a model is known to be too small: by its file, or by its name (`coder:1.5b`)."""
    if info.parameters:
        return info.parameters < SMALL * 1e9
    told = _BILLIONS.search(info.model)
    return told is not None and float(told[1]) < SMALL


_BILLIONS = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z0-9])", re.IGNORECASE)
