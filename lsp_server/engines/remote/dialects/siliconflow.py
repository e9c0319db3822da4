"""SiliconFlow. Some of its models fill gaps, by `suffix`. Each event tells what has been spent.

Source: docs.siliconflow.cn, "FIM Completion" and "Create Chat Completion" (`enable_thinking`,
`thinking_budget` from 128 to 32768; `max_tokens` doesn't count thoughts).
"""

from __future__ import annotations

from collections.abc import Mapping

from lsp_server.engines.remote.dialects import shapes
from lsp_server.engines.remote.dialects.ways import Ways


def _thinking(tokens: int) -> Mapping[str, object]:
    if not tokens:
        return {"enable_thinking": False}
    return {"enable_thinking": True, "thinking_budget": min(max(tokens, 128), 32768)}


WAYS = Ways(
    "siliconflow",
    ("native_suffix", "markers"),
    shape=shapes.SEEDLESS,
    seed="",
    asks_usage=False,
    hosts=("siliconflow.cn", "siliconflow.com"),
    thinking=_thinking,
    counts_thoughts=False,
)
