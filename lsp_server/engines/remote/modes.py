"""How an endpoint fills gaps: found out with one token a try."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http.client import (
    BAD_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    NOT_IMPLEMENTED,
    UNPROCESSABLE_ENTITY,
)

from lsp_server.core import fim
from lsp_server.engines.remote.dialects.shapes import Gap
from lsp_server.engines.remote.dialects.ways import Mode
from lsp_server.engines.remote.http import Refused
from lsp_server.errors import RemoteError

NOT_SO = (BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, UNPROCESSABLE_ENTITY, NOT_IMPLEMENTED)
"""Statuses that say: not in this way."""

_SPARE_TOKENS = 2
"""What a prompt of markers alone may have beside them: one for the beginning, and one more."""


@dataclass(frozen=True, slots=True)
class Filling:
    """How an endpoint fills gaps, with the template whose markers it is sent, if it is."""

    mode: Mode
    template: fim.Template | None = None
    note: str = ""
    """What the user should know of how this was found."""
    is_last: bool = False
    """The modes behind it in the order do no better."""


Ask = Callable[[Gap], Awaitable[int]]
"""Ask for a completion; the number of tokens in the prompt, 0 if that is not told."""


async def find(
    ask: Ask, modes: Iterable[Mode], model: str, host: str, failed: Mode = "none"
) -> Filling:
    """The first mode that works; `none` if none does.

    `failed` is a mode that was taken before, and did not pass the self-test. Raises RemoteError for
    what has nothing to do with the mode.
    """
    failures = [] if failed == "none" else [f"failed a simple test with {_WITH[failed]}"]
    for mode in modes:
        try:
            if mode == "markers":
                template = await _template(ask, model)
                if template is not None:
                    return Filling(mode, template, _note(failures, f"markers of {template.id} are"))
                failures.append("has no markers that Fimble knows")
            else:
                failure = await _suffix(ask)
                if not failure:
                    return Filling(mode, note=_note(failures, "suffix is"))
                failures.append(failure)
        except Refused as error:
            if error.status not in NOT_SO:
                raise
            if error.status in (NOT_FOUND, METHOD_NOT_ALLOWED):  # all modes have one address
                failures.append(f"{_NOWHERE} ({error.status})")
                break
            failures.append(f"refused a completion with {_WITH[mode]} ({error.status})")
    return Filling("none", note=f"{host} {failures[0]}")


def none_works(filling: Filling, where: str) -> RemoteError:
    """What a user is told of an endpoint that fills no gaps, whose settings stand at `where`."""
    if _NOWHERE in filling.note:
        return RemoteError(
            f"{filling.note}: its address or its model is another one, or it can only chat; "
            f"correct {where}.url (without `/completions` or `/chat/completions`) or "
            f"{where}.model, or use another endpoint."
        )
    known = ", ".join(template.id for template in fim.shipped_templates())
    return RemoteError(
        f"{filling.note}; set {where}.template to the family of its model ({known}), or use "
        "another endpoint."
    )


_NOWHERE = "has no completions of such a model at that address"

_WITH: dict[Mode, str] = {
    "native_suffix": "a suffix",
    "infill": "a gap",
    "markers": "the markers of its model",
}


def _note(failures: list[str], taken: str) -> str:
    return f"It {failures[0]}, so the {taken} used." if failures else ""


async def _suffix(ask: Ask) -> str:
    """Have a gap of one token filled; what went wrong, empty if nothing did."""
    test = fim.self_test()
    # The long text is the suffix here: an endpoint that passes over it counts few tokens.
    told = await ask(Gap(test.suffix, test.prefix, 1, streams=False))
    return "ignores the suffix of a completion" if 0 < told < len(test.prefix) // 10 else ""


async def _template(ask: Ask, model: str) -> fim.Template | None:
    """The template whose markers are tokens of the model.

    Its name says which to try first. Where the endpoint counts no tokens, the name alone counts.
    """
    named = fim.named_after(model)
    others = [template for template in fim.shipped_templates() if template not in named]
    for template in (*named, *others):
        spellings = template.spellings()
        told = await ask(Gap("".join(spellings), None, 1, streams=False))
        if not told:
            return named[0] if named else None
        if told <= len(spellings) + _SPARE_TOKENS and template.named in model.lower():
            return template
    return None
