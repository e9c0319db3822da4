"""Have a model write code: in a fence, from a given beginning on where the engine takes one."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_server.engines.chat import ChatInfo, ChatRequest, Message

FENCE = "```"
TEMPERATURE = 0.7


def code_request(
    info: ChatInfo,
    messages: Sequence[Message],
    begun: str = "",
    *,
    language: str,
    attempt: int,
    tokens: int,
) -> ChatRequest:
    """Ask for code that begins with `begun`, so many tokens at most.

    Each attempt gives another answer: the first is the likeliest, the others are sampled. `begun`
    ends best where a word does.
    """
    able = info.takes_begun
    return ChatRequest(
        tuple(messages),
        tokens,
        temperature=TEMPERATURE if attempt else 0.0,
        seed=attempt,
        stop=(f"\n{FENCE}", *(_next_definition(begun) if begun else ())) if able else (),
        begun=f"{FENCE}{language}\n{begun}" if able else "",
    )


def code_in(request: ChatRequest, answer: str, begun: str = "") -> str:
    """The code in the answer to such a request, with its beginning."""
    if not request.begun:
        return unfenced(answer)
    rest = answer.removeprefix(request.begun)
    bare = rest.lstrip(" \t")
    return begun + (bare if bare.startswith("\n") else rest)


def _next_definition(begun: str) -> tuple[str, ...]:
    """What begins another definition beside the one that `begun` begins."""
    indent = begun[: len(begun) - len(begun.lstrip(" \t"))]
    return f"\n{indent}def ", f"\n{indent}class ", f"\n{indent}@"


def unfenced(text: str) -> str:
    """The code in an answer: of its first block, or all of it."""
    _, fence, rest = text.partition(FENCE)
    if not fence:
        return text.strip("\n")
    return rest.partition("\n")[2].partition(f"\n{FENCE}")[0]
