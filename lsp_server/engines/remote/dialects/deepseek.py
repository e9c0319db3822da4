"""DeepSeek's own service. Gaps are filled under `/beta`, chats are not.

Its models think unless told not to, and want the thoughts that led to a call of a tool back with
the whole rest of the chat. Fimble keeps no thoughts, so with tools the model answers at once.

Source: api-docs.deepseek.com, "FIM Completion (Beta)", "Create FIM Completion" and "Thinking Mode".
"""

from __future__ import annotations

from collections.abc import Mapping

from lsp_server.engines.remote.dialects import shapes
from lsp_server.engines.remote.dialects.ways import Ways


def _thinking(tokens: int) -> Mapping[str, object]:
    return {"thinking": {"type": "enabled" if tokens else "disabled"}}


WAYS = Ways(
    "deepseek",
    ("native_suffix",),
    completions="{root}/beta/completions",
    chats="{root}/chat/completions",
    models="{root}/models",
    shape=shapes.SEEDLESS,
    seed="",
    drops="/beta",
    hosts=("api.deepseek.com",),
    thinks=True,
    thinks_with_tools=False,
    thinking=_thinking,
)
