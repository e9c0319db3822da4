"""The kinds of endpoints that Fimble knows, one a file; each says only what is peculiar to it.

`ways` explains what that may be, `shapes` are the forms of completions on the wire.
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects import (
    deepseek,
    llama_cpp_python,
    llama_server,
    lm_studio,
    mistral,
    ollama,
    openai,
    sglang,
    siliconflow,
    tgi,
    vllm,
)
from lsp_server.engines.remote.dialects.ways import Ways

ALL: dict[str, Ways] = {
    module.WAYS.name: module.WAYS
    for module in (
        llama_server,
        llama_cpp_python,
        ollama,
        lm_studio,
        vllm,
        sglang,
        deepseek,
        siliconflow,
        mistral,
        tgi,
        openai,
    )
}
"""By the names in the settings' `dialect`."""
