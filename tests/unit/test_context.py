"""What of other files a cursor needs, by a real index of a small workspace."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from lsp_server.completion.context import needed
from lsp_server.completion.pieces import WORTH_ADDING, Piece, choose, tokens
from lsp_server.completion.project import Project
from lsp_server.completion.uses import type_of, uses
from lsp_server.core.fim import Snippet
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point, Text
from lsp_server.core.tokens import estimate
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import Found

PYTHON = {
    "shop/__init__.py": "from .client import Client\n",
    "shop/base.py": "class Base:\n    def close(self) -> None:\n        pass\n",
    "shop/client.py": (
        "from .base import Base\n"
        "from .orders import Order\n\n"
        "class Client(Base):\n"
        "    timeout: float = 5.0\n"
        "    def __init__(self, url: str) -> None:\n"
        "        self.url = url\n"
        "    def fetch_order(self, number: int) -> Order:\n"
        "        ...\n"
        "    def _secret(self) -> None: ...\n"
    ),
    "shop/orders.py": (
        "class Order:\n"
        "    number: int\n"
        "    def ship(self, carrier: str, *, insured: bool = False) -> bool:\n"
        "        ...\n\n"
        "def load_order(number: int) -> Order:\n"
        "    ...\n\n"
        "LIMIT = 3\n"
    ),
    "unrelated.py": "def fetch_order(): ...\n",
}
TYPESCRIPT = {
    "src/bucket.ts": (
        "export interface Bucket { tokens: number; updated: number }\n"
        "export class Limiter {\n"
        "  constructor(private readonly burst: number) {}\n"
        "  take(client: string, count = 1): boolean { return true; }\n"
        "}\n"
    ),
}


@pytest.fixture
def library(tmp_path: Path) -> Index:
    index = Index(tmp_path, tmp_path / "index.sqlite")
    add(index, PYTHON | TYPESCRIPT)
    return index


def add(index: Index, files: Mapping[str, str]) -> None:
    entries = [extract(Found(path, 1, len(text)), text.encode()) for path, text in files.items()]
    assert index.update(entries)


def at_bar(marked: str, path: str, language: str = "python") -> tuple[Snapshot, Point, str]:
    """A document whose cursor is at `|`."""
    before, after = marked.split("|")
    text = before + after
    syntax = Syntax.parse(text, language)
    point = Text.of(before).end
    return Snapshot(f"file:///{path}", 1, language, Text.of(text), syntax), point, path


def shown(library: Index, marked: str, path: str = "shop/app.py", language: str = "python") -> str:
    snapshot, cursor, _ = at_bar(marked, path, language)
    pieces = needed(snapshot, cursor, path, library, range(len(snapshot.text.lines)))
    return "\n".join(f"# {piece.path}\n{piece.text}" for piece in pieces)


def first(library: Index, marked: str, path: str = "shop/app.py", language: str = "python") -> str:
    snapshot, cursor, _ = at_bar(marked, path, language)
    return needed(snapshot, cursor, path, library, range(len(snapshot.text.lines)))[0].text


def test_members_of_the_type_behind_whose_instance_the_dot_stands(library: Index) -> None:
    for made in ("client = Client(url)", "client: Client = make()", "with Client(u) as client: x"):
        text = first(library, f"from shop.client import Client\n{made}\nclient.fe|\n")
        assert text.startswith("class Client(Base):\n")
        assert "def fetch_order(self, number: int) -> Order: ..." in text
        assert "def close(self) -> None: ..." in text, "what bases have belongs to it"
        assert "timeout: float" in text


def test_a_name_is_followed_through_files_that_pass_it_on(library: Index) -> None:
    text = first(library, "from shop import Client\n\ndef f(c: Client):\n    c.|\n", "main.py")
    assert "fetch_order" in text


def test_what_a_call_returns_has_members_too(library: Index) -> None:
    text = first(library, "from .orders import load_order\no = load_order(1)\no.sh|\n")
    assert "def ship(self, carrier: str, *, insured: bool = False) -> bool: ..." in text
    text = first(library, "from .client import Client\nc = Client(u)\nc.fetch_order(3).|\n")
    assert text.startswith("class Client")  # not followed through a call's brackets


def test_attributes_of_self(library: Index) -> None:
    text = first(
        library,
        "from .client import Client\n\nclass App:\n    def __init__(self):\n"
        "        self.api = Client('u')\n    def run(self):\n        self.api.|\n",
    )
    assert "fetch_order" in text


def test_the_function_whose_arguments_are_typed_comes_first(library: Index) -> None:
    text = shown(
        library,
        "from .client import Client\nfrom .orders import load_order, LIMIT\n"
        "client = Client(LIMIT)\n\ndef f():\n    return load_order(|)\n",
    )
    assert text.startswith("# shop/orders.py\ndef load_order(number: int) -> Order: ...\n")
    assert "class Client" in text
    method = "from .client import Client\nc = Client(u)\nc.fetch_order(|)\n"
    assert first(library, method).startswith("def fetch_order(self, number: int)")


def test_modules(library: Index) -> None:
    text = first(library, "from shop import orders\norders.lo|\n", "main.py")
    assert "def load_order(number: int) -> Order: ..." in text
    assert "ship" not in text
    text = shown(library, "from shop import orders\nx = orders.LIMIT\ny = |\n", "main.py")
    assert "LIMIT = 3" in text


def test_a_base_s_members_in_a_class_that_is_written(library: Index) -> None:
    text = shown(library, "from .base import Base\n\nclass Mine(Base):\n    def |\n")
    assert "def close(self) -> None: ..." in text


def test_nothing_private_and_nothing_that_is_only_called_the_same(library: Index) -> None:
    text = shown(library, "from .client import Client\nx = Client(|)\n")
    assert "_secret" not in text
    assert "unrelated" not in shown(library, "fetch_order(|)\n")
    assert "def __init__(self, url: str) -> None: ..." in text


def test_typescript(library: Index) -> None:
    text = first(
        library,
        'import { Limiter, Bucket } from "./bucket";\nconst l = new Limiter(3);\nl.|\n',
        "src/app.ts",
        "typescript",
    )
    assert text.startswith("class Limiter {\n")
    assert "take(client: string, count = 1): boolean" in text
    assert text.endswith("}")


def test_without_syntax_or_place_there_is_nothing(library: Index) -> None:
    snapshot, cursor, path = at_bar("from .base import Base\nBase.|\n", "shop/app.py")
    bare = Snapshot(snapshot.uri, 1, "python", snapshot.text)
    assert needed(bare, cursor, path, library) == []
    assert needed(*at_bar("from nowhere import Thing\nThing.|\n", "shop/app.py"), library) == []


@pytest.mark.parametrize(
    ("line", "variable", "kind"),
    [
        ("x: Client = y", "x", "Client"),
        ("x = a.Client(1)", "x", "a.Client"),
        ("const x = await new Client(1)", "x", "Client"),
        ("def f(self, x: 'Client', y):", "x", "Client"),
        ("with open(p) as x:", "x", "open"),
        ("self.x = Client(", "self.x", "Client"),
        ("x := make(", "x", "make"),
        ("xx = Client()", "x", ""),
        ("x == Client()", "x", ""),
    ],
)
def test_the_type_of_a_variable(line: str, variable: str, kind: str) -> None:
    assert type_of(Text.of(f"{line}\n"), Point(1, 0), variable) == kind


def test_names_count_by_their_distance() -> None:
    text = Text.of("far = 1\n" + "\n" * 20 + "near = 2\nhere = self.there.foo(ba\n")
    found = uses(text, Point(22, 24))
    weights = found.weights
    assert weights["foo"] > weights["here"] > weights["near"] > weights["far"] > 0
    assert found.callee == ("self", "there", "foo")
    assert uses(text, Point(22, 18)).receiver == ("self", "there")


OWN = (
    "import os\n\n"
    "def helper(name: str, *, loud: bool = False) -> str:\n    ...\n\n"
    "def unused(): ...\n\n"
    "class Shop:\n    def open(self, day: int) -> None: ...\n    def _till(self) -> int: ...\n"
    "    def serve(self, client: str, count: int) -> None:\n"
)


def hidden(library: Index, line: str, above: int = 20) -> str:
    """What is shown of a file at a line far below its definitions, of which one goes on there."""
    marked = OWN + "        x = 1\n" * above + f"        {line}\n"
    snapshot, cursor, path = at_bar(marked, "shop/own.py")
    rows = range(cursor.row - 10, cursor.row + 1)
    return "\n".join(each.text for each in needed(snapshot, cursor, path, library, rows))


def test_what_the_line_uses_of_its_own_file_where_it_is_not_shown(library: Index) -> None:
    text = hidden(library, "return helper(|)")
    assert "def helper(name: str, *, loud: bool = False) -> str: ..." in text
    assert "def serve(self, client: str, count: int) -> None: ..." in text, "the cursor is in it"
    assert "unused" not in text
    assert "helper" not in hidden(library, "return helper(|)", above=0)


def test_siblings_behind_self(library: Index) -> None:
    text = hidden(library, "self.|")
    assert "def open(self, day: int) -> None: ..." in text
    assert "def _till(self) -> int: ..." in text
    assert "def _till(self) -> int: ..." in hidden(library, "return self._till() + |")
    assert "open" not in hidden(library, "return |")


def test_members_of_a_type_of_the_same_file(library: Index) -> None:
    assert "def open(self, day: int) -> None: ..." in hidden(library, "shop = Shop(); shop.|")


def test_lines_of_code_are_shown_together_or_not_at_all() -> None:
    code = Piece("a.py", "", "x = 1\ny = 2\nz = 3", WORTH_ADDING, code=True)
    held = (Snippet("a.py", "x = 1"),)
    assert choose([code], held, 40, 100, estimate) == (*held, Snippet("a.py", code.text))
    held = (Snippet("a.py", "x = 1\ny = 2"),)
    assert choose([code], held, 40, 100, estimate) == held


def piece(path: str, text: str, weight: float = 1.0) -> Piece:
    return Piece(path, text, text, weight)


def test_the_most_important_that_fit_are_chosen_and_ordered_by_path() -> None:
    pieces = [piece("b.py", "x" * 30, 3), piece("a.py", "y" * 300, 2), piece("a.py", "z" * 30, 1)]
    chosen = choose(pieces, (), 40, 100, estimate)
    assert chosen == (Snippet("a.py", "z" * 30), Snippet("b.py", "x" * 30))
    assert tokens(chosen, estimate) <= 40


def test_what_is_held_stays_in_front_until_there_is_no_room() -> None:
    held = (Snippet("z.py", "x" * 30),)
    pieces = [piece("z.py", "x" * 30), piece("a.py", "new", WORTH_ADDING), piece("b.py", "far")]
    assert choose(pieces, held, 40, 100, estimate) == (*held, Snippet("a.py", "new"))
    assert choose([piece("z.py", "x" * 30)], held, 0, 100, estimate) == held
    needed_now = piece("a.py", "n" * 60, WORTH_ADDING)
    assert choose([needed_now], held, 40, 30, estimate) == (Snippet("a.py", "n" * 60),)


def test_of_what_does_not_fit_the_first_lines_are_shown_and_later_the_rest() -> None:
    lines = ["class Many:", *(f"    def method_{number}(self): ..." for number in range(20))]
    many = Piece("m.py", "Many", "\n".join(lines), 100.0)
    [some] = choose([many], (), 60, 200, estimate)
    shown = some.text.split("\n")
    assert shown == lines[: len(shown)]
    assert 2 < len(shown) < 8
    first, more = choose([many], (some,), 200, 400, estimate)
    assert first == some
    assert more.text.split("\n") == [lines[0], *lines[len(shown) :]]
    assert choose([many], (Snippet("m.py", many.text),), 200, 400, estimate) == (
        Snippet("m.py", many.text),
    )


def test_many_members_are_shown_in_brief(library: Index) -> None:
    methods = "".join(f"    def m{n}(self, a: int = {n}) -> str: ...\n" for n in range(20))
    colours = "".join(f"    C{n} = 'secret{n}'\n" for n in range(40))
    source = f"class Many:\n{methods}\nclass Colour(Enum):\n{colours}"
    add(library, {"shop/many.py": source})
    text = first(library, "from .many import Many\nMany().x\nm: Many\nm.|\n")
    assert "    def m7(self, a): ..." in text.split("\n")
    text = first(library, "from .many import Colour\nColour.|\n")
    assert "C0" in text and "C39" in text
    assert "secret" not in text


def test_texts_of_values_stay_where_they_are(library: Index) -> None:
    add(library, {"shop/conf.py": "PASSWORD = 'hunter2'\nLIMIT = 5\nclass C:\n    key = \"k\"\n"})
    text = shown(library, "from .conf import PASSWORD, LIMIT, C\nf(PASSWORD, LIMIT, C.|)\n")
    assert "LIMIT = 5" in text
    assert 'PASSWORD = "..."' in text
    assert "hunter2" not in text
    assert '"k"' not in text


def test_texts_of_defaults_stay_too_and_names_of_types_do_not(library: Index) -> None:
    source = "def connect(host: 'Host', pw: str = \"S1\", key=b'S2') -> 'Link': ...\n"
    values = 'TRIPLE = """a"S3"b"""\n'
    add(library, {"shop/net.py": source + values})
    text = shown(library, "from .net import connect, TRIPLE\nconnect(TRIPLE, |)\n")
    assert "host: 'Host'" in text
    assert "-> 'Link'" in text
    assert not any(secret in text for secret in ("S1", "S2", "S3"))
    script = "export const URL = `a${f(`S4`)}b`;\nexport type Kind = 'one' | 'two';\n"
    add(library, {"src/conf.ts": script})
    text = shown(
        library,
        'import { URL, Kind } from "./conf";\nlet k: Kind = URL(|)\n',
        "src/app.ts",
        "typescript",
    )
    assert "S4" not in text
    assert "{" not in text, "a type without members has no body"


def test_a_header_that_is_included(library: Index) -> None:
    add(library, {"include/net.h": "int net_open(const char *host, int port);\n"})
    text = shown(
        library, '#include "net.h"\nint main(void) { return net_open(|); }\n', "main.c", "c"
    )
    assert "net_open(const char *host, int port)" in text


def test_paths_in_a_project(tmp_path: Path, library: Index) -> None:
    root = tmp_path / "work space"
    (root / "a").mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)
    project = Project(root, library)
    assert project.path((root / "a" / "b.py").as_uri()) == "a/b.py"
    assert project.path((tmp_path / "link" / "a" / "b.py").as_uri()) == "a/b.py"
    assert project.path(f"{root.as_uri()}/../work%20space/a/b.py") == "a/b.py"
    assert project.path((tmp_path / "b.py").as_uri()) == project.path("untitled:1") == ""


async def test_a_library_that_is_not_current_is_not_asked(tmp_path: Path, library: Index) -> None:
    snapshot, cursor, _ = at_bar("from shop.client import Client\nClient.|\n", "main.py")
    for current in (False, True):
        project = Project(Path("/"), library, partial(bool, current))
        assert bool(await project.needed(snapshot, cursor)) == current
