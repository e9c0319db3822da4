"""Which tool, or which argument, is meant by a name that may be spelled otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from lsp_server.agent.calls.schema import Tool

LIKENESS = 0.83
"""Of difflib's ratio: two letters of six may be swapped, one of three may not be wrong."""
_SHORTEST_TYPO = 4
_NAMESPACE = re.compile(r"^(?:functions?|tools?|default_api|api)[.:/]", re.IGNORECASE)
_NUMBER = re.compile(r":\d+$")


def squash(name: str) -> str:
    """What is left of a name without case, dashes, dots, underscores and spaces."""
    return re.sub(r"[\W_]", "", name).casefold()


def resembling(name: str, candidates: Iterable[str], *, typos: bool) -> str | None:
    """The one candidate that a name means; None if there is none, or more than one."""
    known = list(candidates)
    if name in known:
        return name
    squashed = squash(name)
    same = [each for each in known if squash(each) == squashed]
    if same or not typos or len(squashed) < _SHORTEST_TYPO:
        return _only(same)
    # The first letter must agree, so that `unread` is not `read` and `disable` not `enable`.
    spellings = {squash(each): each for each in known if squash(each)[:1] == squashed[0]}
    close = get_close_matches(squashed, spellings, cutoff=LIKENESS)
    return _only([spellings[each] for each in close])


class Toolbox:
    """The tools that may be called, found by what a model calls them."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self.tools = {tool.name: tool for tool in tools}
        self._squashed = [squash(name) for name in self.tools]

    def find(self, name: str, *, typos: bool = False) -> Tool | None:
        """The tool of that name, whatever its case, its dashes and its namespace.

        With `typos`, small mistakes too, and a dotted name without its first parts.
        """
        bare = _NUMBER.sub("", _NAMESPACE.sub("", name.strip()))
        for spelled in dict.fromkeys((name, bare)):
            found = resembling(spelled, self.tools, typos=False)
            if found is not None:
                return self.tools[found]
        if not typos:
            return None
        last = squash(bare.rpartition(".")[2])
        found = _only([each for each in self.tools if squash(each.rpartition(".")[2]) == last])
        found = found or resembling(bare, self.tools, typos=True)
        return None if found is None else self.tools[found]

    def may_begin(self, text: str) -> bool:
        """Whether a tool's name, or a namespace before it, may begin with this text."""
        if any(space.startswith(text) for space in ("functions.", "tools.", "default_api.")):
            return True
        squashed = squash(_NAMESPACE.sub("", text))
        return any(each.startswith(squashed) for each in self._squashed)

    def unknown(self, name: str) -> str:
        """The sentence for a name that no tool has."""
        return f"There is no tool {name!r}; there are: {', '.join(self.tools)}."


def _only(found: Sequence[str]) -> str | None:
    return found[0] if len(found) == 1 else None
