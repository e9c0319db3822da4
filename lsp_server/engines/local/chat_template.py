"""A model's chat template: from messages to the text of a prompt, what is said in it kept apart.

Templates are Jinja, and come with the model's file, so they run sandboxed. Whatever messages say is
replaced by marks while the template is rendered: so the template's own text, whose control tokens
are meant, and the messages', whose are not, are told apart afterwards. A template that looks into a
message's text (to trim it, or to leave out its reasoning) therefore finds nothing to change there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lsp_server.engines.chat import Message
from lsp_server.errors import ModelUnusable, UsageError

_MARK = re.compile("\ufdd0(\\d+)\ufdd1")
"""Around the number of a message: code points that are no characters, so no template has them."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a prompt."""

    text: str
    said: bool
    """Whether it is what a message says; else it is the template's own."""


class ChatTemplate:
    """See the module's docstring."""

    def __init__(self, source: str, bos: str, eos: str) -> None:
        """`bos` and `eos` are the spellings of the tokens that begin and end a text.

        Raises ModelUnusable if the template is none, or can't hold a system's and a user's message.
        """
        if not source:
            raise ModelUnusable(
                "This model has no chat template, so it can't chat; choose an instruct model."
            )
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.globals.update(
            bos_token=bos, eos_token=eos, raise_exception=_refuse, strftime_now=_today
        )
        try:
            self._template = environment.from_string(source)
            self.render((Message("system", "x"), Message("user", "x")))
        except Exception as error:  # a template may do anything: it is a program
            raise ModelUnusable(
                "This model's chat template can't be used for a chat with a system prompt; choose "
                "another model."
            ) from error

    def render(self, messages: Sequence[Message]) -> list[Part]:
        """The prompt up to where the assistant begins. Raises UsageError for unfit messages."""
        shown = [
            {"role": message.role, "content": f"\ufdd0{number}\ufdd1"}
            for number, message in enumerate(messages)
        ]
        try:
            text = self._template.render(
                messages=shown, add_generation_prompt=True, tools=None, documents=None
            )
        except Exception as error:
            raise _unfit() from error
        # Of what `split` gives, every second is the number of a message.
        pieces = _MARK.split(text)
        if set(map(int, pieces[1::2])) != set(range(len(messages))):
            raise _unfit()
        return [
            Part(messages[int(piece)].content, True) if odd % 2 else Part(piece, False)
            for odd, piece in enumerate(pieces)
        ]


def _unfit() -> UsageError:
    return UsageError(
        "This model's chat template can't hold these messages in this order; use other roles."
    )


def _refuse(message: object) -> NoReturn:
    raise ValueError(message)


def _today(form: str) -> str:
    return datetime.now().strftime(form)
