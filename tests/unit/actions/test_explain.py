"""What may be explained, and what the model is asked then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.actions.action import Explain, Request
from lsp_server.actions.asking import PROMPTS
from lsp_server.actions.explain import explained, prompt
from lsp_server.actions.offer import offered
from lsp_server.edge import pages
from lsp_server.engines.fake_chat import INFO
from lsp_server.errors import UsageError
from tests.unit.actions.cases import HERE, request
from tests.unit.actions.test_mend import model

CODE = "import re\n\n\nclass A:\n    def first(self, items):\n        return «items[1]\n"


def titles(asked: Request) -> list[str]:
    return [each.title for each in offered(replace(asked, has_model=True), ["source"])]


def selected(asked: Request, start: int, end: int) -> Request:
    return replace(asked, start=start, end=end)


def test_where_it_is_offered() -> None:
    asked = request(CODE, "a.py")
    assert titles(asked) == ["Explain `first`"]
    assert offered(asked, ["source"]) == []  # no model
    assert titles(request(CODE, "a.py", messages=("bad\nindex",))) == ["Explain: bad index"]
    assert titles(selected(asked, 0, 9)) == ["Explain the selection"]
    assert titles(selected(asked, 0, 6)) == ["Explain the selection"]
    assert titles(selected(asked, 9, 11)) == []
    assert titles(request("x = «1\n", "a.py")) == []
    assert titles(selected(request("x = 1\n" * 2_000, "a.py"), 0, 12_000)) == []
    script = request("const f = () => {\n  «g();\n};\n", "a.ts")
    assert titles(script) == ["Explain this function"]


def test_the_prompts_are_as_they_were() -> None:
    asked = request(CODE, "a.py")
    diagnosed = request(CODE, "a.py", messages=("bad index",)).diagnostics[0]
    prompts = [
        prompt(PROMPTS, Explain(asked, asked.start, asked.end)),
        prompt(PROMPTS, Explain(asked, diagnosed.start, diagnosed.end, diagnosed.message)),
        prompt(PROMPTS, Explain(asked, 2, 15)),
    ]
    golden = (HERE / "golden" / "explain.txt").read_text("utf-8")
    assert "\n=====\n".join(prompts) + "\n" == golden


def test_a_selection_is_shown_as_its_lines() -> None:
    text = "é = 1\nü = 'ß'\nö = 3\n"
    asked = request("«" + text, "a.py")
    for selected_text, lines in (
        ("é", 1),
        (text[:12], 2),  # its last character has two bytes
        (text[:14], 2),  # with the line's end
        (text, 3),
    ):
        end = len(selected_text.encode())
        shown = prompt(PROMPTS, Explain(asked, 0, end))
        assert "\n".join(text.splitlines()[:lines]) + "\n```" in shown, selected_text


async def test_what_is_cut_off_says_so() -> None:
    asked = request(CODE, "a.py")
    said = [each async for each in explained(Explain(asked, 40, 40), model(["word " * 900]))]
    assert said[0] == "word"
    assert said[-1] == " …"


async def test_a_secret_is_sent_nowhere() -> None:
    asked = request(f"{CODE}\nKEY = 'ghp_{'a1B2' * 9}'\n", "a.py")
    asks = model(["never"], replace(INFO, is_remote=True))
    with pytest.raises(UsageError, match="a credential stands in it"):
        await anext(explained(Explain(asked, 40, 40), asks))


def test_old_pages_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path))
    for number in range(pages.KEPT + 5):
        page = pages.write("file:///a/..%2F..%2Fb c.py", f"Text {number}")
    assert page.parent == tmp_path / "explanations"
    assert page.name.startswith(".._.._b_c.py-")
    assert len(list(page.parent.iterdir())) == pages.KEPT
    assert page.read_text() == f"# .._.._b_c.py\n\nText {number}\n"
