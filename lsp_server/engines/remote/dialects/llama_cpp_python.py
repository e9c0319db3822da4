"""llama-cpp-python's server, `llama_cpp.server`.

It takes `suffix` and puts zeros where the markers belong, so only prompts with the markers in them
work. It penalises repetition unless told not to, which code can't do without. Tools are shown to
the model, but its calls are left in the text. A stream that it would refuse it ends without a word;
one that another request interrupts, without a reason. What a stream has cost it never tells.

Source: abetlen/llama-cpp-python, llama_cpp/server/{app,types,settings,errors}.py, and the answers
of a running server.
"""

from __future__ import annotations

from lsp_server.engines.remote.dialects.ways import Ways

WAYS = Ways(
    "llama-cpp-python",
    ("markers",),
    owner="me",
    fields={"repeat_penalty": 1.0},
    context_tokens=2048,
    takes_grammar=True,
    calls_tools=False,
    refuses_silently=True,
    interrupts=True,
)
