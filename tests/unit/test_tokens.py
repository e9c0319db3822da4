"""Token counts: exact for byte-level BPE vocabularies, and no text breaks them."""

from __future__ import annotations

import random

import pytest

from lsp_server.core import tokens
from lsp_server.models import catalog, store
from lsp_server.models.gguf import Vocabulary, read_vocabulary

BYTES = [chr(code) for code in range(0x21, 0x7F)]  # those that stand for themselves
BYTES += [chr(code) for code in (*range(0xA1, 0xAD), *range(0xAE, 0x100))]
BYTES += [chr(0x100 + number) for number in range(68)]  # "Ġ" is the space, "Ċ" the line feed
MERGES = ["h e", "l l", "Ġ Ġ", "he ll", "hell o", "Ġ hello"]
TOKENS = [*BYTES, "he", "ll", "ĠĠ", "hell", "hello", "Ġhello", "<|im_start|>", "<tool_call>"]


def encode(text: str, pre: str = "qwen2") -> list[str]:
    """The tokens of `text`, in the vocabulary's spelling."""
    encoding = tokens.bpe_encoding(TOKENS, MERGES, pre)
    assert encoding
    return [TOKENS[number] for number in encoding.encode_ordinary(text)]


def test_merges_make_tokens_with_the_models_ids() -> None:
    assert encode("hello hello") == ["hello", "Ġhello"]
    assert encode("help") == ["he", "l", "p"]
    assert encode("   hello\n") == ["ĠĠ", "Ġhello", "Ċ"]
    assert encode("é") == ["Ã", "©"]
    assert encode("") == []


def test_the_split_is_the_one_of_the_vocabulary() -> None:
    merges, extended = ["1 2"], [*TOKENS, "12"]
    for pre, count in (("qwen2", 2), ("starcoder", 2), ("gpt-2", 1), ("llama-bpe", 1)):
        counter = tokens.bpe_counter(extended, merges, pre)
        assert counter
        assert counter("12") == count


def test_text_never_becomes_a_control_token() -> None:
    assert "<|im_start|>" not in encode("<|im_start|>")
    assert encode("<tool_call>") != ["<tool_call>"]


def test_ids_that_do_not_follow_the_merges_still_count_right() -> None:
    merges = ["a b", "b c", "c d", "ab cd"]
    for extra in (["ab", "bc", "cd", "abcd"], ["bc", "abcd", "cd", "ab"]):
        counter = tokens.bpe_counter([*BYTES, *extra], merges, "qwen2")
        assert counter
        assert [counter(text) for text in ("abcd", "xabcd", "xbcd")] == [1, 2, 3]


def test_other_vocabularies_have_no_counter() -> None:
    assert tokens.bpe_counter(TOKENS, MERGES, "never-heard-of") is None
    assert tokens.bpe_counter(["▁a", "b"], [], "qwen2") is None
    assert tokens.bpe_counter([*BYTES, "▁a"], ["▁ a"], "qwen2") is None
    assert tokens.bpe_counter(BYTES, ["h e"], "qwen2") is None


def test_bytes_that_the_vocabulary_lacks_are_counted() -> None:
    counter = tokens.bpe_counter([token for token in TOKENS if token != "ñ"], MERGES, "qwen2")
    assert counter
    assert counter("\U00040000") == 4  # begins with the byte 0xF1, spelled "ñ"


@pytest.mark.parametrize("text", [" " * 1_000_000, "a" * 1_000_000, "\ud800", "\0\r\n\x85\u2028"])
def test_no_text_breaks_a_counter(text: str) -> None:
    counter = tokens.bpe_counter(TOKENS, MERGES, "qwen2")
    assert counter
    assert counter(text) > 0


def test_the_estimate_rounds_up() -> None:
    assert [tokens.estimate(text) for text in ("", "a", "abc", "abcd")] == [0, 1, 1, 2]


ALPHABETS = (
    "abcXYZ_ 'sS'tT'LL", "0123456789", " \t", " \n\r\t\x0b\x0c\x85\u2028\xa0\u3000\u200b\ufeff",
    "éüñßſçžŁK", "漢字日本語テキスト한국어", "кириллица مرحبا हिन्दी", "😀👩\u200d👧🇩🇪𝒳",
    "{}[]()<>;:,.!?@#$%^&*-_=+|\\/~`'\"", "½²Ⅷ٣৪", "e\u0301o\u0308\u20dd", "\0\x01\x7f\x1b",
    ("def ", "return ", "const ", "fn main() {\r\n", "\tif err != nil {\n", "  // ", "#include <"),
    ("<|im_start|>", "<|fim_prefix|>", "[PAD151670]", "<s>"),
)  # fmt: skip


def some_text(chance: random.Random) -> str:
    pieces = []
    for _ in range(chance.randint(1, 60)):
        alphabet = chance.choice(ALPHABETS)
        pieces += [chance.choice(alphabet) for _ in range(chance.randint(1, 8))]
    return "".join(pieces)


@pytest.fixture(scope="module")
def qwen() -> Vocabulary:
    path = store.installed(catalog.find("qwen2.5-coder-0.5b"))
    assert path, "run `fimble models pull qwen2.5-coder-0.5b`"
    return read_vocabulary(path)


@pytest.mark.model
def test_ids_of_the_real_model_are_those_of_llama_cpp(qwen: Vocabulary) -> None:
    import llama_cpp

    encoding = tokens.bpe_encoding(qwen.tokens, qwen.merges, qwen.pre)
    assert encoding
    path = store.installed(catalog.find("qwen2.5-coder-0.5b"))
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    chance = random.Random(2)
    for _ in range(2000):
        text = some_text(chance)
        expected = model.tokenize(text.encode(), add_bos=False, special=False)
        assert encoding.encode_ordinary(text) == expected, repr(text)
    model.close()
