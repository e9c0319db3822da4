"""SGLang. It heeds `suffix` only if it was started with `--completion-template`, and passes over it
else; prompts that have the markers in them it always understands.

Source: docs.sglang.io, "OpenAI APIs - Completions"; sgl-project/sglang, serving_completions.py and
code_completion_parser.py.
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects.ways import Ways, template_switch

WAYS = Ways("sglang", ("markers", "native_suffix"), owner="sglang", thinking=template_switch)
