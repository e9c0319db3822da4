"""llama.cpp's own server, as far as it is spoken to in words: `remote.llama_server` sends ids.

`/infill` serves models whose markers can't be told from text by its tokenizer.

Source: llama.cpp, tools/server/README.md.
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects import shapes
from lsp_server.engines.remote.dialects.ways import Ways, template_switch

WAYS = Ways(
    "llama-server",
    ("infill",),
    completions="{root}/infill",
    shape=shapes.INFILL,
    thinking=template_switch,
)
