"""Fill-in-the-middle templates, and the prompts that ship with Fimble."""

from __future__ import annotations

import pytest

from lsp_server.core import prompts
from lsp_server.core.fim import (
    MIDDLE_STEP,
    Marker,
    SelfTest,
    Snippet,
    by_id,
    choose,
    header_ids,
    parse_templates,
    prompt_ids,
    self_test,
    shipped_templates,
)
from lsp_server.errors import NoFimMarkers

PSM = """
[[template]]
id = "general"
models = "A"
order = "psm"
markers = { prefix = "<P>", suffix = "<S>", middle = "<M>" }
stops = ["<end>"]
"""
SPM = """
[[template]]
id = "special"
models = "B"
order = "spm"
markers = { prefix = "<P>", suffix = " <S>", middle = "" }
tokens = { suffix = "_<S>" }
requires = ["<file>"]
named = "special"
stops = []
repository = { file = "<file>" }
"""


def spelled(prompt: tuple[Marker | str, ...]) -> str:
    return "".join(part.text if isinstance(part, Marker) else part for part in prompt)


def test_the_parts_stand_in_the_template_s_order() -> None:
    general, special = parse_templates(PSM + SPM)
    assert spelled(general.assemble("before", "after")) == "<P>before<S>after<M>"
    assert spelled(special.assemble("before", "after")) == " <S>after<P>before"
    assert special.suffix == Marker(token="_<S>", text=" <S>")
    assert general.repository_file is None
    assert special.repository_file == Marker(token="<file>", text="<file>")


SNIPPETS = (Snippet("a.py", "def a(): ..."), Snippet("b.py", "b = <file>"))


def test_other_files_stand_before_the_gap() -> None:
    general, special = parse_templates(PSM + SPM)
    assert general.header(SNIPPETS, "c.py") == special.header((), "c.py") == ()
    header = special.header(SNIPPETS, "c.py")
    assert spelled(header) == "<file>a.py\ndef a(): ...\n<file>b.py\nb = <file>\n<file>c.py\n"
    qwen = by_id("qwen").header(SNIPPETS[:1], "c.py")
    assert spelled(qwen).startswith("<|repo_name|>repository\n<|file_sep|>a.py\n")


def test_a_header_is_tokens_and_goes_where_it_would_take_the_room() -> None:
    [special] = parse_templates(SPM)
    header = special.header(SNIPPETS[:1], "c.py")
    assert special.repository_file is not None
    markers = {marker: ord(marker.token[-2]) for marker in special.markers()}
    assert header_ids(header, markers, lambda text: [ord(text[0])]) == []
    ids = header_ids(header, markers | {special.repository_file: 1}, lambda text: [ord(text[0])])
    assert ids == [1, ord("a"), 1, ord("c")]
    before, after = [ord("p")] * 9, [ord("s")]
    assert prompt_ids(special, markers, [9], before, after, 14, (), ids)[:6] == [9, *ids, 83]
    assert prompt_ids(special, markers, [9], before, after, 9, (), ids)[:2] == [9, 83]


def test_texts_stay_texts_whatever_they_look_like() -> None:
    [general] = parse_templates(PSM)
    prompt = general.assemble("<S>", "<M>")
    assert [part for part in prompt if isinstance(part, str)] == ["<S>", "<M>"]
    assert general.assemble([1, 2], [3])[1::2] == ([1, 2], [3])


@pytest.mark.parametrize(
    ("vocabulary", "name", "chosen"),
    [
        ({"<P>", "<S>", "<M>", "_<S>", "<file>"}, "My Special 7B", "special"),
        ({"<P>", "<S>", "<M>", "_<S>", "<file>"}, "Another", "general"),
        ({"<P>", "<S>", "<M>", "_<S>"}, "My Special 7B", "general"),
        ({"<P>", "_<S>", "<file>"}, "special", "special"),
    ],
)
def test_the_vocabulary_decides(vocabulary: set[str], name: str, chosen: str) -> None:
    templates = parse_templates(SPM + PSM)
    is_token = vocabulary.__contains__
    assert choose(templates, is_token=is_token, model_name=name).id == chosen


def ids(order: str, prefix: int, suffix: int, middle: int, size: int) -> str:
    """A prompt of texts of so many tokens, each part by its letter."""
    [template] = parse_templates(order)
    markers = {marker: ord(marker.token[-2]) for marker in template.markers()}
    before, after, between = [ord("p")] * prefix, [ord("s")] * suffix, [ord("m")] * middle
    prompt = prompt_ids(template, markers, [ord("^")], before, after, size, between)
    return "".join(map(chr, prompt))


def test_the_middle_comes_last() -> None:
    assert ids(PSM, 2, 1, 3, 999) == "^PppSsMmmm"
    assert ids(SPM, 2, 1, 3, 999) == "^SsPppmmm"


def test_the_rest_gives_way_to_the_middle_in_steps() -> None:
    assert ids(PSM, 200, 200, 0, 104) == "^P" + "p" * 75 + "S" + "s" * 25 + "M"
    for middle in (1, MIDDLE_STEP):
        prompt = ids(PSM, 200, 200, middle, 104)
        assert prompt == "^P" + "p" * 27 + "S" + "s" * 9 + "M" + "m" * middle
    assert ids(PSM, 9, 9, 200, 104) == "^PSM" + "m" * 200


def test_a_model_without_markers_is_named() -> None:
    with pytest.raises(NoFimMarkers, match="The model Chat has no fill-in-the-middle markers"):
        choose(shipped_templates(), is_token=lambda _: False, model_name="Chat")


def test_a_wrong_order_is_a_broken_template() -> None:
    with pytest.raises(ValueError, match="general: order must be psm or spm"):
        parse_templates(PSM.replace("psm", "pms"))


VOCABULARIES = {
    "qwen": "<|fim_prefix|> <|fim_suffix|> <|fim_middle|> <|fim_pad|> <|repo_name|> <|file_sep|>",
    "granite": "<|fim_prefix|> <|fim_suffix|> <|fim_middle|> <|fim_pad|> <|end_of_text|>",
    "codegemma": "<|fim_prefix|> <|fim_suffix|> <|fim_middle|> <|file_separator|>",
    "deepseek-coder": "<｜fim▁begin｜> <｜fim▁hole｜> <｜fim▁end｜>",
    "starcoder2": "<fim_prefix> <fim_suffix> <fim_middle> <file_sep> <repo_name>",
    "starcoder": "<fim_prefix> <fim_suffix> <fim_middle> <filename> <reponame>",
    "santacoder": "<fim-prefix> <fim-suffix> <fim-middle>",
}


@pytest.mark.parametrize("family", VOCABULARIES)
def test_each_family_is_known_by_its_vocabulary(family: str) -> None:
    tokens = VOCABULARIES[family].split()
    chosen = choose(shipped_templates(), is_token=tokens.__contains__, model_name="Model 7B")
    assert chosen.id == family
    assert by_id(family) is chosen


def test_shipped_templates_are_sound() -> None:
    templates = shipped_templates()
    assert len({template.id for template in templates}) == len(templates)
    for template in templates:
        markers = [marker.text for marker in template.markers()]
        assert all(markers)
        assert len(set(markers)) == len(markers)


def test_an_unknown_template_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NoFimMarkers, match=r"no fill-in-the-middle template 'x'; known: .*qwen"):
        by_id("x")


def test_the_self_test_compares_the_first_line() -> None:
    test = SelfTest("a = ", "\n", "b + c")
    assert test.passed("b + c")
    assert test.passed(" b+c\nmore")
    assert not test.passed("")
    assert not test.passed("b + d")
    shipped = self_test()
    assert shipped.passed(shipped.expected)
    assert shipped.prefix.endswith("return ")
    assert shipped.suffix.startswith("\n")


def test_a_prompt_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        prompts.read("no-such-prompt.toml")
