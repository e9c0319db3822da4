"""Settings: frozen, typed, with defaults that work.

On the wire (initialization options, `workspace/didChangeConfiguration`) they are a JSON object in
camelCase, `{"completion": {"latencyBudgetMs": 800}}`. A value that is wrong is named and its
default used; the rest of the object still counts. Named things (`endpoints`) are an object, too,
with names of the user's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lsp_server.core.endpoint_values import check_header, check_key, check_proxy
from lsp_server.sections import section

DEFAULT_MODEL = "qwen2.5-coder-1.5b"


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """The model on this machine."""

    threads: int = field(default=0, metadata={"min": 0, "max": 256})
    """Threads for llama.cpp, fewer while other programs keep the machine busy; 0: the fastest."""
    context_tokens: int = field(default=2048, metadata={"min": 512, "max": 131072})
    """For one place in the user's files; memory is taken for four (`engines.local.slots`)."""
    gpu_layers: int = field(default=-1, metadata={"min": -1, "max": 1000})
    """Layers on the GPU; -1 means as many as fit."""
    keep_state: bool = True
    """Keep evaluated prompts, code of the user's among them, on disk between two sessions."""


BROKEN_PROXY = "broken:"
"""What stands for a proxy that can't be used: nothing must go past the one that was meant."""
LOCAL, REMOTE = "local", "remote"
"""Names of engines that are always there: the model of `fimble.model`, and `fimble.remote`."""


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """An endpoint that the user named. Nothing is sent anywhere while `url` is empty."""

    url: str = ""
    dialect: Literal[
        "auto",
        "llama-server",
        "llama-cpp-python",
        "ollama",
        "lm-studio",
        "vllm",
        "sglang",
        "deepseek",
        "siliconflow",
        "mistral",
        "tgi",
        "openai",
    ] = "auto"
    """`auto` goes by the host's name and a few small questions; `openai` is any with `/v1`."""
    model: str = ""
    """Model name to send, where the endpoint wants one."""
    template: str = ""
    """Id of the fill-in-the-middle template; empty means: found out from the endpoint."""
    api_key: str = field(default="", repr=False, metadata={"check": check_key})
    """Where the API key is: `env:NAME`, an environment variable, or `keyring:NAME`, an entry of the
    system's keyring."""
    headers: Mapping[str, str] = field(
        default_factory=dict, repr=False, hash=False, metadata={"check": check_header}
    )
    """Sent with each request. A value is a text, or where one is, as with `api_key`."""
    ca_file: str = ""
    """PEM file of certificate authorities that are trusted besides the usual ones."""
    proxy: str = field(
        default="", repr=False, metadata={"check": check_proxy, "broken": BROKEN_PROXY}
    )
    """Address of a proxy. Without one, those of the environment count, but for this machine."""
    max_requests: int = field(default=0, metadata={"min": 0, "max": 64})
    """How many requests may run at once; 0: as many as there are connections."""
    timeout_seconds: float = field(default=20.0, metadata={"min": 0.1, "max": 600})
    """Longest wait for a connection, or for the next piece of an answer."""
    log: Literal["off", "sizes", "content"] = "off"
    """What `fimble log` can tell of each request: nothing; when, where to and how large it was; or
    also what was sent, credentials masked."""
    where: str = field(default="fimble.remote", compare=False, metadata={"path": True})
    """Where these settings stand, for messages."""


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """Which engines do what, by name, in the order in which they are tried.

    A name is `local`, `remote`, that of an endpoint in `fimble.endpoints`, or that of another
    model on this machine. With none it is `remote` if that has an address, else `local`.
    """

    fim: tuple[str, ...] = field(default=(), metadata={"one": True})
    """Fill gaps: completions."""
    chat: tuple[str, ...] = field(default=(), metadata={"one": True})
    """Answer: chats and actions."""


@dataclass(frozen=True, slots=True)
class CompletionSettings:
    """What is suggested, and how long it may take."""

    automatic: bool = True
    """Suggest while typing. Explicit requests are always answered."""
    latency_budget_ms: int = field(default=1500, metadata={"min": 50, "max": 60000})
    """Time to the first suggestion that an automatic request may cost; sets the context's size."""
    max_tokens: int = field(default=128, metadata={"min": 1, "max": 2048})
    min_confidence: float = field(default=0.3, metadata={"min": 0, "max": 1})
    """What is less likely to be kept is not shown while typing; 0 shows all."""
    max_lines: int = field(default=24, metadata={"min": 1, "max": 500})
    disabled_languages: tuple[str, ...] = ()
    """LSP language ids in which nothing is suggested while typing."""


ActionSort = Literal[
    "repair", "fix", "test", "finish", "document", "types", "simplify", "explain", "own"
]  # fmt: skip
"""What the lightbulb offers: `repair` is by rule, `own` what the user's own files describe, all
others are a model's."""


@dataclass(frozen=True, slots=True)
class ActionSettings:
    """What the lightbulb offers. Commands of the user's are always done."""

    enabled: bool = True
    """If not, it offers nothing."""
    disabled: tuple[ActionSort, ...] = ()
    """Sorts that are not offered."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Conversations with the model."""

    context_tokens: int = field(default=8192, metadata={"min": 1024, "max": 131072})
    """What a local model reads at once, if it was trained for that; memory is taken for it when
    the first chat begins. Ollama is asked for it; of other endpoints it is assumed if they don't
    tell."""
    timeout_seconds: float = field(default=300.0, metadata={"min": 1, "max": 3600})
    """Longest wait for the first word of an endpoint, which reads the whole chat before, and for
    each next one."""
    thinking_tokens: int = field(default=2048, metadata={"min": 0, "max": 32768})
    """What a model behind an endpoint may think before its answer, if it is one that thinks; 0: it
    is told to answer at once, where the endpoint has a way to."""


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """What is read of the folder that the client works in."""

    index: bool = True
    """Read its files, and show the model what a cursor needs of them."""


@dataclass(frozen=True, slots=True)
class FeedbackSettings:
    """What is remembered of the user's doing. Nothing of it ever leaves the machine."""

    enabled: bool = True
    """Keep counts of suggestions over restarts. If not, what was kept is deleted."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings.

    `model` is a catalogue id, the path of a GGUF file, `ollama:NAME` or `lmstudio:NAME`.
    """

    model: str = DEFAULT_MODEL
    local: LocalSettings = field(default_factory=LocalSettings)
    remote: RemoteSettings = field(default_factory=RemoteSettings)
    endpoints: Mapping[str, RemoteSettings] = field(
        default_factory=dict, hash=False, metadata={"reserved": (LOCAL, REMOTE)}
    )
    """More endpoints, by names that `roles` can refer to."""
    roles: RoleSettings = field(default_factory=RoleSettings)
    completion: CompletionSettings = field(default_factory=CompletionSettings)
    actions: ActionSettings = field(default_factory=ActionSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    workspace: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    feedback: FeedbackSettings = field(default_factory=FeedbackSettings)

    def engines(self, role: Literal["fim", "chat"]) -> tuple[str, ...]:
        """Names of those that have a role, in the order in which they are asked."""
        named = self.roles.fim if role == "fim" else self.roles.chat
        return tuple(dict.fromkeys(named)) or ((REMOTE,) if self.remote.url else (LOCAL,))

    def endpoint(self, name: str) -> RemoteSettings | None:
        """The endpoint of that name; None: it is a model on this machine."""
        return self.remote if name == REMOTE else self.endpoints.get(name)


def parse(raw: object) -> tuple[Settings, list[str]]:
    """Turn what a client sent into settings, and name each problem in one sentence.

    Never raises. Unknown names are a problem too: a typing mistake should not go unnoticed.
    """
    problems: list[str] = []
    settings = section(Settings, raw, "fimble", problems)
    return settings, problems
