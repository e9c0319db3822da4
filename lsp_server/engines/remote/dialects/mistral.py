"""Mistral's own service, Codestral's host among it.

Gaps have a path of their own, whose answers have the form of a chat's. What a chat has cost is told
unasked; fields that it doesn't know are refused.

Source: docs.mistral.ai/api, "Fim Completion" and "Chat Completion"; of the pieces of Magistral's
answers, docs.mistral.ai, "Reasoning".
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects import shapes
from lsp_server.engines.remote.dialects.ways import Ways

WAYS = Ways(
    "mistral",
    ("native_suffix",),
    completions="{v1}/fim/completions",
    shape=shapes.MISTRAL,
    hosts=("mistral.ai",),
    seed="random_seed",
    asks_usage=False,
)
