"""What is offered to a user who types behind an `@`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_server.agent import offers as module
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.mentions import mentions
from lsp_server.agent.offers import FRESH_SECONDS, MAX_OFFERS, MAX_SYMBOLS, Offer, Offers
from lsp_server.agent.tools.base import ToolFailed
from lsp_server.core.chooser import Paths
from lsp_server.errors import UsageError
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import walk

FILES = {
    ".gitignore": "*.log\n/private/\n",
    "README.md": "",
    "parse.log": "",
    ".env": "",
    "parser.key": "",
    "private/parse.py": "def parse_private(): pass\n",
    "diff": "",
    "src/parse.py": "class Parser:\n    def parse(self): pass\n    def diff(self): pass\n\n\n"
    "def parse_line(): pass\n\n\nPARSED = 1\n",
    "src/deep/inside/reparsed.txt": "",
    "src/people and others/a.txt": "",
    'src/"quoted".txt': "",
    "tests/test_parse.py": "def test_parse(): pass\n\n\ndef diff(): pass\n\n\ndef tests(): pass\n",
}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "ws"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
async def offers(root: Path, tmp_path: Path) -> AsyncIterator[Offers]:
    index = Index(root, tmp_path / "index.sqlite")
    index.update(extract(found, (root / found.path).read_bytes()) for found in walk(root))
    made = Offers(Workspace(root), index, Clock())
    yield made
    made.close()
    index.close()


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("parse.py", ["src/parse.py", "tests/test_parse.py"]),
        ("PARSE", ["src/parse.py", "tests/test_parse.py", "src/deep/inside/reparsed.txt"]),
        ("prs", ["src/parse.py", "tests/test_parse.py", "src/people and others/"]),
        ("src/p", ["src/parse.py", "src/people and others/", "src/people and others/a.txt"]),
        ("deep", ["src/deep/", "src/deep/inside/", "src/deep/inside/reparsed.txt"]),
        ("i", ["src/deep/inside/", "src/deep/inside/reparsed.txt"]),
        ("^", []),
    ],
)
def test_names_come_before_places_and_what_is_whole_before_what_is_not(
    typed: str, best: list[str]
) -> None:
    paths = ["README.md", "src/parse.py", "tests/test_parse.py", "src/deep/inside/reparsed.txt"]
    paths += ["src/people and others/a.txt"]
    found = [path for _, path in Paths.of(paths).best(typed, 20)]
    assert found[: len(best)] == best
    if not best:
        assert found == []


def test_open_files_come_first_of_those_that_fit_as_well() -> None:
    paths = Paths.of(["a.py", "b.py", "c/a.py", "c/ba.py"])
    found = [path for _, path in paths.best("a", 3, ["c/ba.py", "c/a.py", "gone.py"])]
    assert found == ["c/a.py", "a.py", "c/ba.py"]
    assert [path for _, path in paths.best("", 2, ["c/ba.py"])] == ["c/ba.py", "c/"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (
            "pars",
            [
                Offer("@src/parse.py", "file", "src"),
                Offer("@PARSED", "symbol", "constant in src/parse.py:9"),
                Offer("@Parser", "symbol", "class in src/parse.py:1"),
                Offer("@Parser.parse", "symbol", "method in src/parse.py:2"),
                Offer("@parse_line", "symbol", "function in src/parse.py:6"),
                Offer("@tests/test_parse.py", "file", "tests"),
                Offer('@"src/people and others/"', "folder", "src"),
                Offer('@"src/people and others/a.txt"', "file", "src/people and others"),
                Offer("@src/deep/inside/reparsed.txt", "file", "src/deep/inside"),
            ],
        ),
        ("Parser.par", [Offer("@Parser.parse", "symbol", "method in src/parse.py:2")]),
        (
            "diff",
            [
                Offer("@diff", "special", "What differs from the last commit."),
                Offer("@Parser.diff", "symbol", "method in src/parse.py:3"),
            ],
        ),
        (
            '"people and',
            [
                Offer('@"src/people and others/"', "folder", "src"),
                Offer('@"src/people and others/a.txt"', "file", "src/people and others"),
            ],
        ),
        (
            "tests",  # a function is called so, too
            [
                Offer("@tests/", "folder", ""),
                Offer("@tests/test_parse.py", "file", "tests"),
            ],
        ),
        ("quoted", []),
        ("private", []),
        (".env", []),
        ("x" * 1_000, []),
        ("\ud800.", []),
    ],
)
async def test_what_is_offered(offers: Offers, typed: str, found: list[Offer]) -> None:
    def place(offer: Offer) -> str:
        return offer.mention

    assert sorted(await offers.of(typed), key=place) == sorted(found, key=place)
    for offer in found:
        assert [f"@{each.name}" for each in mentions(offer.mention)] == [
            offer.mention.replace('"', "")
        ]


async def test_the_likeliest_is_first_and_kinds_share_the_room(offers: Offers, root: Path) -> None:
    for number in range(40):
        (root / f"diagnose{number}.py").write_text("")
    first = await offers.of("")
    assert [each.mention for each in first[:4]] == ["@diff", "@diagnostics", "@src/", "@tests/"]
    assert len(first) == MAX_OFFERS - 1  # nobody can point at a file `diff`
    kinds = [each.kind for each in await offers.of("diagnos")]
    assert kinds == ["special", *["file"] * (MAX_OFFERS - 1)]
    many = "".join(f"def diagnose_{number}(): pass\n" for number in range(40))
    (root / "many.py").write_text(many)
    entries = (extract(found, many.encode()) for found in walk(root) if found.path == "many.py")
    assert offers._library.update(entries)
    kinds = [each.kind for each in await offers.of("diagnos")]
    assert len(kinds) == MAX_OFFERS
    assert kinds.count("symbol") == MAX_SYMBOLS


async def test_what_is_made_is_offered_soon_and_what_is_hidden_no_longer(
    offers: Offers, root: Path
) -> None:
    clock = offers._clock
    assert isinstance(clock, Clock)
    assert [each.mention for each in await offers.of("README")] == ["@README.md"]
    (root / "made.md").write_text("")
    (root / ".gitignore").write_text("README*\nsrc/\n")
    assert (
        await offers.of("README") == await offers.of("parse_line") == await offers.of("made") == []
    )
    assert "@src/" not in [each.mention for each in await offers.of("src")]
    clock.now += FRESH_SECONDS + 1
    assert await offers.of("made") == []  # nobody waits for it
    listing = offers._listing
    assert listing is not None
    await listing
    assert [each.mention for each in await offers.of("made")] == ["@made.md"]


async def test_one_list_is_made_for_all_who_ask_and_trouble_is_told(
    offers: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    go_on = asyncio.Event()

    async def files(_: Workspace) -> list[str]:
        nonlocal asked
        asked += 1
        await go_on.wait()
        if asked == 1:
            raise ToolFailed("There is no ripgrep here.")
        return ["src/parse.py"]

    monkeypatch.setattr(module, "files", files)
    waiting = [asyncio.create_task(offers.of("parse")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting.pop().cancel()
    go_on.set()
    for each in waiting:
        with pytest.raises(UsageError, match="no ripgrep"):
            await each
    assert asked == 1
    assert "@src/parse.py" in [each.mention for each in await offers.of("parse")]
    assert asked == 2
