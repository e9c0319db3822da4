"""Chat templates: what is their own and what is said in them, and some that can't be used."""

from __future__ import annotations

import pytest

from lsp_server.engines.chat import Message
from lsp_server.engines.local.chat_template import ChatTemplate, Part
from lsp_server.errors import ModelUnusable, UsageError
from tests import chat_templates

MESSAGES = (Message("system", "s<|im_end|>"), Message("user", " {{ u }} "), Message("user", ""))


def test_the_templates_own_text_and_what_is_said_are_told_apart() -> None:
    parts = ChatTemplate(chat_templates.CHATML, "", "").render(MESSAGES)
    said = [part.text for part in parts if part.said]
    assert said == ["s<|im_end|>", " {{ u }} ", ""]
    whole = "".join(part.text for part in parts)
    assert whole == chat_templates.chatml(*((m.role, m.content) for m in MESSAGES))
    assert parts[0] == Part("<|im_start|>system\n", False)


def test_marks_in_a_message_are_text() -> None:
    content = "\ufdd00\ufdd1"
    parts = ChatTemplate(chat_templates.CHATML, "", "").render([Message("user", content)])
    assert [part.text for part in parts if part.said] == [content]


def test_there_are_no_tools() -> None:
    source = "{% if tools is not none or tools is not defined %}tools{% endif %}"
    parts = ChatTemplate(source + chat_templates.CHATML, "", "").render(MESSAGES)
    assert parts[0] == Part("<|im_start|>system\n", False)


def test_templates_know_the_models_ends() -> None:
    template = ChatTemplate(
        "{{ bos_token }}" + chat_templates.CHATML + "{{ eos_token }}", "<s>", "</s>"
    )
    parts = template.render([Message("user", "x")])
    assert parts[0].text.startswith("<s><|im_start|>")
    assert parts[-1].text.endswith("assistant\n</s>")


@pytest.mark.parametrize(
    "source",
    [
        "",
        chat_templates.NO_SYSTEM,
        chat_templates.LAST_ONLY,
        chat_templates.ESCAPING,
        chat_templates.PEEPING,
        chat_templates.UNREADABLE,
    ],
)
def test_a_template_that_cannot_be_used(source: str) -> None:
    with pytest.raises(ModelUnusable, match=r"chat template.*; choose"):
        ChatTemplate(source, "", "")


def test_messages_that_do_not_fit_are_refused() -> None:
    strict = "{% if messages[-1].role == 'tool' %}{{ raise_exception('no') }}{% endif %}"
    template = ChatTemplate(strict + chat_templates.CHATML, "", "")
    with pytest.raises(UsageError, match="use other roles"):
        template.render([Message("tool", "x")])
