"""Which code goes with an error that is to be explained, and what the model is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.actions.asking import PROMPTS
from lsp_server.actions.error import MAX_ERROR, Error, explained, places, prompt
from lsp_server.engines.fake_chat import INFO
from lsp_server.errors import UsageError
from tests.unit.actions.cases import HERE
from tests.unit.actions.test_mend import model, prompts

SHOP = "".join(f"x{number} = {number}\n" for number in range(1, 41))
TOKEN = f"ghp_{'a1B2' * 9}"
TRACE = """\
Traceback (most recent call last):
  File "{root}/main.py", line 2, in <module>
    mean([1])
  File "src/shop.py", line 20, in mean
    x20 = 20
  File "{root}/venv/lib/lib.py", line 1, in lib
    y = 1
NameError: name 'price' is not defined
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "main.py": "import shop\nshop.mean([1])\n",
        "src/shop.py": SHOP,
        "venv/lib/lib.py": "y = 1\n",
        "ignored.py": "y = 1\n",
        "keys.py": f"KEY = '{TOKEN}'\n",
        ".env": "A=1\n",
        ".git/config": "[core]\n",
        "credentials/a.py": "y = 1\n",
        "latin.py": "",
        ".gitignore": "ignored.py\n",
    }
    for name, text in files.items():
        path = tmp_path / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root = tmp_path.resolve() / "work"
    (root / "latin.py").write_bytes(b"x = '\xe9'\n")
    (tmp_path / "outside.py").write_text("y = 1\n")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "circle.py").symlink_to(root / "circle.py")
    return root


def at(root: Path, *names: str, line: int = 1) -> Error:
    frames = "".join(f'  File "{name}", line {line}, in f\n' for name in names)
    return Error(f"Traceback (most recent call last):\n{frames}E: no\n", root)


def test_the_prompts_are_as_they_were(root: Path) -> None:
    trace = TRACE.format(root=root)
    asked = [
        prompt(PROMPTS, Error(trace, root)).replace(str(root), "/home/u/p"),
        prompt(PROMPTS, Error("Segmentation fault\r\n", root)),
    ]
    golden = (HERE / "golden" / "error.txt").read_text("utf-8")
    assert "\n=====\n".join(asked) + "\n" == golden


def test_only_the_innermost_of_the_users_own_places_are_shown(root: Path) -> None:
    found = places(Error(TRACE.format(root=root), root))
    assert [(each.path, each.line) for each in found] == [("src/shop.py", 20), ("main.py", 2)]
    assert (found[0].first, found[0].last) == (8, 32)
    many = "".join(f"    at f (main.py:1:1)\n    at f (src/shop.py:{n}:1)\n" for n in range(1, 41))
    shown = [(each.path, each.line) for each in places(Error(many, root))]
    assert shown == [("main.py", 1), ("src/shop.py", 1), ("src/shop.py", 14)]


@pytest.mark.parametrize(
    "name",
    [
        *("../outside.py", "link.py", "circle.py", "/etc/hostname", "none.py", "src"),
        *(".env", ".git/config", "keys.py", "ignored.py", "credentials/a.py", "latin.py", "a\0b"),
    ],
)
def test_what_is_shown_to_no_model(root: Path, name: str) -> None:
    assert places(at(root, name)) == []
    assert [each.path for each in places(at(root, "main.py", name))] == ["main.py"]


def test_lines_that_are_not_there(root: Path) -> None:
    assert places(at(root, "main.py", line=99)) == []
    assert places(at(root, "main.py", line=0)) == []
    assert places(replace(at(root, "main.py"), root=None)) == []


def test_paths_are_looked_for_where_it_was_printed(root: Path) -> None:
    found = places(replace(at(root, "shop.py"), folders=(root / "src",)))
    assert [each.path for each in found] == ["src/shop.py"]


def test_of_a_long_error_the_middle_is_left_out(root: Path) -> None:
    asked = prompt(PROMPTS, Error("first\n" + "more\n" * 5_000 + "last\n", root))
    assert "first" in asked
    assert "last" in asked
    assert len(asked) < MAX_ERROR + 500


async def test_what_the_model_says_is_told_as_it_comes(root: Path) -> None:
    asks = model(["It *means* this."])
    said = [each async for each in explained(at(root, "main.py"), asks)]
    assert "".join(said) == "It *means* this."
    assert len(said) > 1
    assert "import shop" in prompts(asks)[0]


@pytest.mark.parametrize("text", ["", " \n", "a\0b"])
async def test_what_is_no_error(root: Path, text: str) -> None:
    with pytest.raises(UsageError):
        await anext(explained(Error(text, root), model(["never"])))


async def test_a_secret_is_sent_nowhere(root: Path) -> None:
    asks = model(["never"], replace(INFO, is_remote=True))
    with pytest.raises(UsageError, match=r"This error is not sent to .*a credential stands in it"):
        await anext(explained(Error(f"401: token {TOKEN}\n", root), asks))
