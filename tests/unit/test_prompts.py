"""Prompts in which a user's own templates take the place of ours."""

from __future__ import annotations

import pytest

from lsp_server.core import bounded
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


SLOW = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ 'x' * 10**10 }}", "it makes more than 200,000 characters"),
        ("{{ 10**10 * [1] }}", "it makes more than 200,000 characters"),
        ("{{ 10**(10**10) }}", "it makes more than 200,000 characters"),
        ("{{ 'x'.ljust(9999999999) }}", "it makes more than 200,000 characters"),
        ("{{ '%9999999999d' % 1 }}", "it makes more than 200,000 characters"),
        ("{{ '%5.9999999999f' % 1 }}", "it makes more than 200,000 characters"),
        ("{{ '%*d' % (9999999999, 1) }}", "it makes more than 200,000 characters"),
        ("{{ '{:9999999999}'.format(1) }}", "it makes more than 200,000 characters"),
        ("{{ '{:{}}'.format(1, 9999999999) }}", "it makes more than 200,000 characters"),
        ("{% for a in range(99999) %}long{% endfor %}", "it makes more than 200,000 characters"),
        (
            "{% set n = namespace(x='ab') %}"
            "{% for a in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
            "it makes more than 200,000 characters",
        ),
        (SLOW, "it takes longer than 0.01 seconds"),
        ("{% macro m() %}{% set a = 1 + 1 %}{% endmacro %}" + SLOW, "it takes longer than"),
    ],
)
def test_what_would_take_all_memory_or_time_is_ended(
    text: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 0.01 if "takes" in reason else 600.0)
    with pytest.raises(UsageError, match="is no prompt that works") as caught:
        rendered(text)
    assert f"({reason}" in str(caught.value)


def test_what_is_within_bounds_is_rendered() -> None:
    text = "{{ '-' * 3 }}{{ '%03d' % 7 }}{{ '1234567: %s' % 7 }}"
    text += "{{ '{:>3}'.format(7) }}{{ 2 ** 10 + 4 % 3 }}{{ -1 * 2 }}"
    assert rendered(text) == "---0071234567: 7  71025-2"
    assert rendered("{% for a in range(3) %}{{ a }}{% endfor %}") == "012"
