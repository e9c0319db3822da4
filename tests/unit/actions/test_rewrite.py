"""What a model is asked where the user says what to change."""

from __future__ import annotations

import pytest

from lsp_server.actions.asking import NotMade
from lsp_server.actions.rewrite import changed
from lsp_server.errors import UsageError
from tests.unit.actions.cases import HERE
from tests.unit.actions.test_mend import asked, fenced, model, prompts, text

CODE = "class A:\n    def f(self, a):\n        return «a\n"


async def test_the_header_may_change() -> None:
    asking = asked(CODE)
    answer = "def f(self, a, b=0):\n    return a + b"
    change = await changed(asking, "add b", model([fenced(answer)]))
    assert change.by_model
    after = "class A:\n    def f(self, a, b=0):\n        return a + b\n"
    assert text(asking, change) == after


async def test_what_is_no_code_is_refused() -> None:
    for code, path, sentence in (
        ("# «nothing\n", "a.py", "no code here"),
        ("«words\n", "a.txt", "no code here"),
    ):
        with pytest.raises(UsageError, match=sentence):
            await changed(asked(code, path), "do it", model(["never"]))
    with pytest.raises(UsageError, match="Say what to change"):
        await changed(asked(CODE), "x" * 4_001, model(["never"]))


async def test_the_prompt_is_as_it_was() -> None:
    asks = model(["", ""])
    with pytest.raises(NotMade):
        await changed(asked(CODE), "Add a parameter.\n", asks)
    golden = (HERE / "golden" / "rewrite.txt").read_text("utf-8")
    assert "\n=====\n".join(prompts(asks)[:2]) + "\n" == golden
