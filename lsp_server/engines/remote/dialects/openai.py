"""Any endpoint with OpenAI's `/v1`.

Source: OpenAI API reference, "Completions" and "Chat completions".
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects.ways import Ways

WAYS = Ways("openai", ("native_suffix", "markers"))
