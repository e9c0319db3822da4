"""Endpoints of every dialect, as strict as their public documentation lets them be.

A field that the documentation doesn't have, or one that is missing, is refused and kept in
`problems`. `docs/serving.md` names the documents.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lsp_server.core import fim
from tests.http_endpoint import STREAM, Endpoint, Request, reply, stream

DONE = "[DONE]"
MODEL = "org/Qwen2.5-Coder-7B"
USAGE = {"prompt_tokens": 200, "completion_tokens": 1, "total_tokens": 201}
OPENAI_FIM = {"model", "prompt", "suffix", "max_tokens", "temperature", "stop", "stream", "seed"}
OPENAI_FIM |= {"stream_options"}
OPENAI_CHAT = {"model", "messages", "max_tokens", "temperature", "top_p", "seed", "stop", "stream"}
OPENAI_CHAT |= {"stream_options", "tools"}
GENERATE = {"model", "prompt", "suffix", "raw", "stream", "options", "keep_alive"}
SERVED_CHAT = {"model", "messages", "tools", "think", "options", "stream", "keep_alive"}
INFILL = {"input_prefix", "input_suffix", "prompt", "n_predict", "stream", "cache_prompt", "seed"}
COMPLETION = {"prompt", "n_predict", "stream", "cache_prompt", "n_probs", "return_tokens", "model"}
COMPLETION |= {"timings_per_token", "response_fields", "samplers", "top_k", "temperature", "seed"}
COMPLETION |= {"grammar"}


@dataclass(frozen=True)
class Strict:
    """What is documented of one dialect."""

    name: str
    fim_path: str
    fim_fields: set[str]
    chat_path: str
    chat_fields: set[str]
    fim_event: Callable[[str], dict[str, Any]]
    fim_end: tuple[Any, ...]
    """The last events of a completion."""
    thought: str = "reasoning_content"
    gets: dict[str, Any] = field(default_factory=dict)
    """What it tells of itself."""
    ndjson: bool = False

    def events(self, *events: Any) -> bytes:
        """A whole stream."""
        if not self.ndjson:
            return stream(*events)
        lines = "".join(json.dumps(event) + "\n" for event in events)
        return STREAM.replace(b"event-stream", b"x-ndjson") + lines.encode()

    def completion(self, *pieces: str) -> bytes:
        """A whole completion."""
        return self.events(*map(self.fim_event, pieces), *self.fim_end)

    def chat_event(self, **delta: Any) -> dict[str, Any]:
        """An event of a chat."""
        if self.ndjson:
            message = {"role": "assistant", "content": "", **delta}
            return {"model": MODEL, "created_at": "t", "message": message, "done": False}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        return {"id": "1", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]}

    @property
    def chat_end(self) -> tuple[Any, ...]:
        """The last events of a chat."""
        if self.ndjson:
            return (GENERATED | {"message": {"role": "assistant", "content": ""}},)
        last = self.chat_event(content="")
        last["choices"][0]["finish_reason"] = "stop"
        return (last | {"usage": USAGE}, DONE)

    def chat(self, *deltas: dict[str, Any]) -> bytes:
        """A whole chat."""
        return self.events(*(self.chat_event(**delta) for delta in deltas), *self.chat_end)


def text(piece: str) -> dict[str, Any]:
    choice = {"index": 0, "text": piece, "logprobs": None, "finish_reason": None}
    return {"id": "1", "object": "text_completion", "model": MODEL, "choices": [choice]}


def delta(piece: str) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
    return {"id": "1", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]}


def ended(event: dict[str, Any]) -> dict[str, Any]:
    event["choices"][0]["finish_reason"] = "stop"
    return event | {"usage": USAGE}


GENERATED = {
    "model": MODEL,
    "created_at": "t",
    "response": "",
    "done": True,
    "done_reason": "stop",
    "total_duration": 5,
    "prompt_eval_count": 200,
    "eval_count": 1,
}
TEXT_END = (ended(text("")), DONE)
LISTED = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}


def openai_like(name: str, **changes: Any) -> Strict:
    """An endpoint with OpenAI's form."""
    chat_fields = OPENAI_CHAT | changes.pop("more", set())
    values: dict[str, Any] = {
        "fim_path": "/v1/completions",
        "fim_fields": OPENAI_FIM,
        "chat_path": "/v1/chat/completions",
        "fim_event": text,
        "fim_end": TEXT_END,
        "gets": {"/v1/models": LISTED},
    }
    return Strict(name=name, chat_fields=chat_fields, **(values | changes))


def listed(**facts: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": MODEL, "object": "model", **facts}]}


STRICT: dict[str, Strict] = {
    each.name: each
    for each in (
        openai_like("openai"),
        openai_like(
            "lm-studio",
            gets={
                "/api/v0/models": {
                    "data": [
                        {"id": "embed", "type": "embeddings", "state": "loaded"},
                        {"id": "other", "type": "llm", "state": "not-loaded"},
                        {
                            "id": MODEL,
                            "type": "llm",
                            "state": "loaded",
                            "max_context_length": 32768,
                            "loaded_context_length": 8192,
                        },
                    ]
                }
            },
        ),
        openai_like(
            "vllm",
            thought="reasoning",
            fim_fields=OPENAI_FIM - {"suffix"},
            more={"chat_template_kwargs"},
            gets={"/v1/models": listed(owned_by="vllm", max_model_len=16384)},
        ),
        openai_like(
            "llama-cpp-python",
            fim_fields=OPENAI_FIM - {"suffix"} | {"repeat_penalty"},
            more={"repeat_penalty", "grammar"},
            gets={"/v1/models": listed(owned_by="me", permissions=[])},
        ),
        openai_like(
            "sglang",
            more={"chat_template_kwargs"},
            gets={"/v1/models": listed(owned_by="sglang", max_model_len=16384)},
        ),
        openai_like(
            "deepseek",
            fim_path="/beta/completions",
            fim_fields=OPENAI_FIM - {"seed"},
            chat_path="/chat/completions",
            more={"thinking"},
            gets={"/models": LISTED},
        ),
        openai_like(
            "siliconflow",
            fim_fields=OPENAI_FIM - {"seed", "stream_options"},
            more={"enable_thinking", "thinking_budget"},
        ),
        openai_like(
            "mistral",
            fim_path="/v1/fim/completions",
            fim_fields=OPENAI_FIM - {"seed", "stream_options"} | {"random_seed", "min_tokens"},
            fim_event=delta,
            fim_end=(ended(delta("")), DONE),
            chat_path="/v1/chat/completions",
            gets={"/v1/models": listed(owned_by="mistralai", max_context_length=32768)},
        ),
        openai_like(
            "tgi",
            fim_fields=OPENAI_FIM - {"suffix", "stream_options"},
            gets={
                "/v1/models": LISTED,
                "/info": {"model_id": MODEL, "max_input_tokens": 4000, "max_total_tokens": 4096},
            },
        ),
        Strict(
            name="ollama",
            fim_path="/api/generate",
            fim_fields=GENERATE,
            chat_path="/api/chat",
            chat_fields=SERVED_CHAT | {"truncate", "shift"},
            fim_event=lambda piece: {"model": MODEL, "response": piece, "done": False},
            fim_end=(GENERATED,),
            thought="thinking",
            gets={"/v1/models": LISTED, "/api/version": {"version": "0.12.0"}},
            ndjson=True,
        ),
        openai_like(
            "llama-server",
            fim_path="/completion",
            fim_fields=COMPLETION,
            more={"chat_template_kwargs", "grammar"},
            fim_event=lambda piece: {"content": piece, "tokens": [90], "stop": False},
            fim_end=({"content": "", "tokens": [], "stop": True, "stop_type": "eos"},),
            gets={
                "/props": {
                    "model_path": "/models/coder.gguf",
                    "default_generation_settings": {"n_ctx": 4096},
                }
            },
        ),
    )
}
for _name, _unknown in (
    ("mistral", {"seed", "stream_options"}),
    ("siliconflow", {"seed", "stream_options"}),
    ("deepseek", {"seed"}),
):
    STRICT[_name].chat_fields.difference_update(_unknown)
STRICT["mistral"].chat_fields.add("random_seed")

IDS = {name: 5 + number for number, name in enumerate(fim.by_id("qwen").spellings())}


async def _tokenize(request: Request, writer: asyncio.StreamWriter) -> None:
    content = request.body["content"]
    tokens = [ord(letter) + 100 for letter in content]
    if request.body["parse_special"] and content in IDS:
        tokens = [IDS[content]]
    writer.write(reply({"tokens": tokens}))


def serve(served: Endpoint, strict: Strict) -> list[str]:
    """Make an endpoint answer as the documentation says; what it had to refuse is in the list."""
    problems: list[str] = []
    test = fim.self_test()

    def check(request: Request) -> bytes | None:
        fields = {strict.fim_path: strict.fim_fields, strict.chat_path: strict.chat_fields}
        allowed = fields.get(request.path)
        if allowed is None:
            return None
        if unknown := request.body.keys() - allowed:
            problems.append(f"{strict.name}: {', '.join(sorted(unknown))}")
            return reply({"detail": "extra fields not permitted"}, status=422)
        if request.path == strict.fim_path and not request.body.get("stream"):
            return reply(_counted(strict, request.body))
        if request.path == strict.fim_path and _begins(request.body["prompt"], test.prefix):
            return strict.completion(test.expected)
        return None

    served.before_routes = check
    served.routes |= {path: reply(told) for path, told in strict.gets.items()}
    served.routes |= {
        "/tokenize": _tokenize,
        "/api/show": reply(
            {
                "model_info": {
                    "general.architecture": "qwen2",
                    "qwen2.context_length": 32768,
                },
                "capabilities": ["completion", "tools", "insert"],
            }
        ),
        strict.fim_path: strict.completion("a", "b"),
        strict.chat_path: strict.chat({"content": "one"}, {"content": " two"}),
    }
    return problems


def _begins(prompt: str | list[int], text: str) -> bool:
    """Whether a prompt, of words or of ids, has a text in it."""
    if isinstance(prompt, str):
        return text in prompt
    return text in "".join(chr(token - 100) for token in prompt if token > 100)


def _counted(strict: Strict, body: dict[str, Any]) -> dict[str, Any]:
    """A whole answer of one token, to a probe: markers are a token each."""
    prompt = body["prompt"]
    spellings = fim.by_id("qwen").spellings()
    tokens = len(prompt)
    if "suffix" in body:
        tokens = 200
    elif prompt == "".join(spellings):
        tokens = len(spellings)
    if strict.ndjson:
        return GENERATED | {"prompt_eval_count": tokens}
    answer = strict.fim_event("x")
    choice = answer["choices"][0]
    if "delta" in choice:
        choice["message"] = choice.pop("delta")
    return answer | {"usage": USAGE | {"prompt_tokens": tokens}}
