"""vLLM. It refuses `suffix`, so prompts have the markers in them.

Source: docs.vllm.ai, "OpenAI-Compatible Server" ("suffix parameter is not supported") and
"Reasoning Outputs" (`reasoning_content`, later `reasoning`; `chat_template_kwargs`).
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects.ways import Ways, template_switch

WAYS = Ways("vllm", ("markers", "native_suffix"), owner="vllm", thinking=template_switch)
