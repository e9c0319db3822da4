"""Ollama, by its own `/api`: its `/v1` has no way to say how large the context must be, and cuts
what is longer.

Where the markers of the model are known, the prompt is sent `raw`; else Ollama is told what follows
the gap, which models with the capability `insert` understand.

Source: ollama/ollama, docs/api.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from lsp_server.engines.remote.dialects import shapes
from lsp_server.engines.remote.dialects.ways import Ways


def _thinking(tokens: int) -> Mapping[str, object]:
    return {"think": bool(tokens)}


WAYS = Ways(
    "ollama",
    ("markers", "native_suffix"),
    completions="{root}/api/generate",
    chats="{root}/api/chat",
    facts="{root}/api/show",
    shape=shapes.OLLAMA,
    thinking=_thinking,
)
