"""Prompts in which a user's own templates take the place of ours."""

from __future__ import annotations

import pytest

from lsp_server.core.prompts import OwnTemplate, Prompts, template
from lsp_server.errors import UsageError


def rendered(text: str) -> str:
    prompts = Prompts("actions", {"rewrite": OwnTemplate(text, ".fimble/prompts/rewrite.md.j2")})
    return prompts.render("rewrite", source="x < 1", again="")


def test_own_templates_are_used_and_all_others_are_ours() -> None:
    assert rendered("{% if again %}no{% endif %}{{ source }}!") == "x < 1!"
    prompts = Prompts("actions", {"rewrite": OwnTemplate("x", "")})
    assert prompts.render("system") == template("actions/system.md.j2").render()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ sourc }}", "'sourc' is undefined"),
        ("a\n{% if %}", "line 2: Expected an expression, got 'end of statement block'"),
        ("{{ source.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ 'a' + 1 }}", "TypeError"),
        ("{{ range(10000000) }}", "OverflowError"),
        ("{% include 'fim.toml' %}", "TypeError"),
    ],
)
def test_what_fails_is_one_sentence_that_names_the_file(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        rendered(text)
    said = str(caught.value)
    assert said.startswith(f".fimble/prompts/rewrite.md.j2 is no prompt that works ({reason}")
    assert said.endswith("); mend it or delete it.")
