"""Hugging Face's Text Generation Inference. It takes `suffix` for a text to put behind the answer,
so that only prompts with markers in them fill a gap.

Source: huggingface.co/docs/text-generation-inference, "Messages API" and "API reference" (`/info`);
of `suffix`, huggingface/text-generation-inference, pull request 1527.
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects.ways import Ways

WAYS = Ways("tgi", ("markers",), facts="{root}/info")
