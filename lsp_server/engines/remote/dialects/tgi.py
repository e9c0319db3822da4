"""Hugging Face's Text Generation Inference. It refuses `suffix`: prompts have the markers in them.

Source: huggingface.co/docs/text-generation-inference, "Messages API" and "API reference" (`/info`);
huggingface/text-generation-inference, router/src/server.rs.
"""

from __future__ import annotations

from dataclasses import replace

from lsp_server.engines.remote.dialects import shapes
from lsp_server.engines.remote.dialects.ways import Ways

WAYS = Ways(
    "tgi",
    ("markers",),
    facts="{root}/info",
    shape=replace(shapes.OPENAI, asks_usage=False),  # that has no `stream_options`
)
