"""LM Studio. Its own list of models tells which are loaded, and with what context.

Its documentation lists `/v1/completions`, and says nothing of `suffix`: markers are tried first.

Source: lmstudio.ai/docs, "OpenAI Compatible Endpoints" and "REST API v0".
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects.ways import Ways

WAYS = Ways(
    "lm-studio",
    ("markers", "native_suffix"),
    models="{root}/api/v0/models",
    owner="organization_owner",
)
