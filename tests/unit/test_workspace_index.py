from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_server.core.imports import Import
from lsp_server.workspace import modules, queries, schema
from lsp_server.workspace.extract import Entry, extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.modules import places, tail
from lsp_server.workspace.walk import Found
from lsp_server.workspace.words import words

FILES = {
    "app/__init__.py": "",
    "app/main.py": (
        "from .users import load_user\n\ndef main():\n    return load_user(1), load_user(2)\n"
    ),
    "app/users.py": (
        '"""Users."""\nfrom dataclasses import dataclass\n\n\nclass User:\n    """Somebody."""\n\n'
        "    name: str\n\n    def greet(self, word: str) -> str:\n"
        "        return word + self.name\n\n\n"
        "def load_user(number: int) -> User:\n    return User(number)\n"
    ),
    "web/user.ts": "export class User { fullName = 1; }\nexport function getUserName(u: User) {}\n",
}


def entry(path: str, text: str, mtime_ns: int = 1) -> Entry:
    data = text.encode()
    return extract(Found(path, mtime_ns, len(data)), data)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path, tmp_path / "cache" / "index.sqlite")
    assert made.update(entry(path, text) for path, text in FILES.items())
    yield made
    made.close()


def test_what_was_put_in_is_found(index: Index) -> None:
    assert [(d.path, d.symbol.kind) for d in index.definitions("User")] == [
        ("app/users.py", "class"),
        ("web/user.ts", "class"),
    ]
    (load,) = index.definitions("load_user")
    assert load.symbol == entry("app/users.py", FILES["app/users.py"]).symbols[-1]
    assert load.symbol.parameters == ("number: int",)
    assert [s.name for s in index.in_module("app/users.py")] == [
        "User", "name", "greet", "load_user",
    ]  # fmt: skip
    assert [d.symbol.name for d in index.members("User")] == ["name", "greet", "fullName"]
    assert [d.symbol.name for d in index.members("User", path="web/user.ts")] == ["fullName"]
    assert index.members("Other.User") == []
    assert index.referencing("load_user") == [("app/main.py", 3)]
    assert index.imports("app/main.py") == [Import(".users", "load_user", "")]
    assert index.definitions("User", limit=1)[0].path == "app/users.py"
    names = [(d.symbol.name, d.path) for d in index.beginning("User")]
    assert names == [("User", "app/users.py"), ("User", "web/user.ts")]
    assert [d.symbol.name for d in index.beginning("g")] == ["getUserName", "greet"]
    assert [d.symbol.name for d in index.beginning("g", limit=1)] == ["getUserName"]
    assert index.beginning("Users") == index.beginning("\U0010ffff") == []


def test_similar_code_is_found_by_parts_of_names(index: Index) -> None:
    assert index.similar("user name")[0].path == "web/user.ts"
    best = index.similar("def greet(word)", limit=1)[0]
    assert best.path == "app/users.py"
    assert FILES["app/users.py"].splitlines()[best.first_row] in best.text
    assert index.similar("greet", exclude_path="app/users.py") == []
    assert index.similar("") == index.similar("if else return") == index.similar("zzz") == []
    assert index.similar("\"greet' OR * (") != []


def test_words() -> None:
    assert words("getUserName(HTTPServer2, snake_form)") == (
        "get user name getusername http server2 httpserver2 snake form snakeform"
    )
    assert words("if x: return __init__") == "init"


def test_update_replaces_and_remove_forgets(index: Index) -> None:
    assert index.update([entry("app/users.py", "def other(): pass\n", mtime_ns=2)])
    assert index.known()["app/users.py"] == (2, 18)
    assert not index.definitions("load_user") and not index.similar("greet")
    assert not index.members("User", path="app/users.py")
    assert [d.path for d in index.definitions("other")] == ["app/users.py"]
    assert index.remove(["app/users.py", "web/user.ts", "never/there.py"])
    assert index.definitions("other") == index.definitions("User") == []
    assert index.similar("fullName") == []
    assert sorted(index.known()) == ["app/__init__.py", "app/main.py"]
    assert index.under("app") == ["app/__init__.py", "app/main.py"]
    assert index.under("ap") == []
    index.remove(["app/__init__.py", "app/main.py"])
    with sqlite3.connect(index.file) as connection:
        for table in ("files", "symbols", "imports", "uses", "passages", "vocabulary"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    connection.close()


def test_touch_and_digest(index: Index) -> None:
    before = index.digest("app/main.py")
    assert before and index.digest("none.py") is None
    assert index.touch("app/main.py", 7, 8)
    assert index.known()["app/main.py"] == (7, 8)
    assert index.digest("app/main.py") == before


def test_an_update_is_all_or_nothing(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    before = index.known()
    monkeypatch.setattr(queries, "insert", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        index.update([entry("app/users.py", "x = 1\n", mtime_ns=9)])
    monkeypatch.undo()
    assert index.known() == before
    assert index.definitions("load_user")


@pytest.mark.parametrize("damage", ["noise", "empty", "cut", "version", "no table", "gone"])
def test_a_useless_database_begins_anew(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "index.sqlite"
    index, other = Index(tmp_path, file), Index(tmp_path, file)
    many = [entry(f"{n}.py", FILES["app/users.py"].replace("User", f"U{n}")) for n in range(50)]
    assert index.update(many) and index.definitions("U3") and other.definitions("U3")
    index.close()
    other.close()
    if damage == "noise":
        data = file.read_bytes()
        file.write_bytes(data[:4096] + b"noise" * 1000 + data[9096:])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:6000])
    elif damage == "gone":
        file.unlink()
    else:
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA user_version = 99" if damage == "version" else "DROP TABLE uses")
        connection.close()
    index, other = Index(tmp_path, file), Index(tmp_path, file)
    for asked in (index, other):
        list(asked.check())
        asked.definitions("U3")
        asked.referencing("name")
        asked.similar("greet")
        assert asked.update([entry("a.py", "def fresh(): pass\n")])
        assert [d.path for d in asked.definitions("fresh")] == ["a.py"]
    assert index.known().keys() == {"a.py"}
    assert other.known().keys() == {"a.py"}
    index.close()
    other.close()


def test_who_still_asks_after_the_end_gets_nothing(index: Index) -> None:
    index.close()
    assert index.definitions("User") == []
    assert not index.update([entry("b.py", "x = 1\n")])
    assert index._connection is None


def test_a_deleted_database_is_noticed_while_open(tmp_path: Path) -> None:
    resets: list[int] = []
    index = Index(tmp_path, tmp_path / "index.sqlite", lambda: resets.append(1))
    index.update([entry("a.py", "x = 1\n")])
    schema.discard(index.file, schema.identity(index.file))
    assert index.known() == {}
    assert resets == [1]
    assert index.update([entry("b.py", "x = 1\n")])
    index.close()


def test_a_database_that_cannot_be_opened_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    index = Index(tmp_path, tmp_path / "file" / "index.sqlite")
    assert index.known() == {}
    assert not index.definitions("x") and not index.similar("abc")
    assert not index.find_module("a", "", "go")
    assert not index.complete
    assert not index.update([entry("a.py", "x = 1\n")])
    assert list(index.check()) == []
    index.close()


def test_a_busy_database_refuses_updates(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = sqlite3.connect(index.file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    index._open().execute("PRAGMA busy_timeout = 10")
    assert not index.update([entry("b.py", "x = 1\n")])
    assert index.definitions("User")  # reading goes on
    connection.execute("ROLLBACK")
    connection.close()
    assert index.update([entry("b.py", "x = 1\n")])


def test_threads_share_an_index(index: Index) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(20):
            index.update([entry(f"{number}.py", f"def f{number}_{turn}(): pass\n")])
            found = index.definitions(f"f{number}_{turn}")
            if [each.path for each in found] != [f"{number}.py"]:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_complete(index: Index) -> None:
    seen = [index.complete]
    index.set_complete()
    assert [*seen, index.complete] == [False, True]
    for number in range(20):
        assert index.update([entry(f"{number}.py", f"def word{number}(): pass\n")])
    more = index.tidy(begin=True)
    while more:
        more = index.tidy()
    segments = index._rows("SELECT count(DISTINCT segid) FROM passage_words_idx", ())
    assert segments == [(1,)]
    assert index.similar("word7")[0].path == "7.py"
    assert index.similar("user name")


QUESTIONS = {
    "definitions": queries.DEFINITIONS,
    "in_module": queries.IN_MODULE,
    "members": queries.MEMBERS,
    "members of a file": queries.MEMBERS_IN,
    "imports": queries.IMPORTS,
    "referencing": queries.REFERENCING,
    "passage": queries.PASSAGE,
    "under": queries.UNDER,
    "digest": queries.DIGEST,
    "touch": queries.TOUCH,
    "find": queries.FIND,
    "passages of a file": queries.PASSAGES_OF,
    "their numbers": queries.NUMBERS_OF,
    "modules: files": modules.FILES.format(marks="?, ?"),
    "modules: folder": modules.FOLDER,
    "modules: tail": modules.TAIL,
    **{statement: statement for statement in queries.FORGET},
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_goes_through_an_index(index: Index, name: str) -> None:
    query = QUESTIONS[name]
    plan = index._rows(f"EXPLAIN QUERY PLAN {query}", ("1",) * query.count("?"))
    steps = [detail for *_, detail in plan]
    assert steps
    assert not [step for step in steps if re.search("SCAN|TEMP B-TREE", step)], steps


def test_counting_a_words_uses_stops_at_the_limit(index: Index) -> None:
    steps = [detail for *_, detail in index._rows(f"EXPLAIN QUERY PLAN {queries.USES}", ("a", 1))]
    assert any("VIRTUAL TABLE INDEX" in step for step in steps)
    assert index._rows(queries.USES, ("user", 2)) == [(2,)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b/c.py", "c/b/a/"),
        ("a/b/__init__.py", "b/a/"),
        ("a/index.d.ts", "a/"),
        ("x.ts", "x/"),
        ("index.js", "index/"),
    ],
)
def test_tail(path: str, expected: str) -> None:
    assert tail(path) == expected


PATHS = [
    "pkg/__init__.py", "pkg/a.py", "pkg/logging.py", "pkg/sub/__init__.py", "pkg/sub/b.py",
    "src/lib/core.py", "deep/er/tools/x.py", "stubs/s.pyi",
    "web/app.ts", "web/util/index.ts", "web/util/text.tsx", "web/old.js", "src/components/Box.tsx",
    "packages/kit/src/index.ts",
    "jv/src/main/java/com/x/Foo.java", "jv/src/main/java/com/x/Bar.java",
    "rs/src/lib.rs", "rs/src/net.rs", "rs/src/net/http.rs", "rs/src/io/mod.rs",
    "crates/my-kit/src/lib.rs",
    "go/internal/log/log.go", "go/internal/log/more.go", "cmd/main.go",
    "c/include/z/defs.h", "c/src/z.h", "c/src/z.c",
]  # fmt: skip

MODULES = [
    ("python", "pkg.a", "main.py", "pkg/a.py"),
    ("python", "pkg", "main.py", "pkg/__init__.py"),
    ("python", "pkg.sub.b", "other/x.py", "pkg/sub/b.py"),
    ("python", ".a", "pkg/logging.py", "pkg/a.py"),
    ("python", ".", "pkg/a.py", "pkg/__init__.py"),
    ("python", "..a", "pkg/sub/b.py", "pkg/a.py"),
    ("python", "...pkg.a", "pkg/sub/b.py", "pkg/a.py"),
    ("python", "logging", "pkg/a.py", ""),
    ("python", "lib.core", "tests/t.py", "src/lib/core.py"),
    ("python", "tools.x", "main.py", "deep/er/tools/x.py"),
    ("python", "os.path", "pkg/a.py", ""),
    ("python", "s", "stubs/t.py", "stubs/s.pyi"),
    ("typescript", "./app", "web/x.ts", "web/app.ts"),
    ("typescript", "./app.js", "web/x.ts", "web/app.ts"),
    ("typescript", "./util", "web/x.ts", "web/util/index.ts"),
    ("tsx", "../util/text", "web/sub/x.tsx", "web/util/text.tsx"),
    ("typescript", "..", "web/util/sub/x.ts", "web/util/index.ts"),
    ("javascript", "./old", "web/x.js", "web/old.js"),
    ("typescript", "@/components/Box", "src/pages/x.ts", "src/components/Box.tsx"),
    ("typescript", "@org/kit", "web/x.ts", "packages/kit/src/index.ts"),
    ("typescript", "react", "web/x.ts", ""),
    ("typescript", "./none", "web/x.ts", ""),
    ("java", "com.x.Foo", "jv/src/main/java/com/y/Z.java", "jv/src/main/java/com/x/Foo.java"),
    ("java", "com.x.Foo", "T.java", "jv/src/main/java/com/x/Foo.java"),
    ("java", "com.x", "jv/src/main/java/com/y/Z.java",
     "jv/src/main/java/com/x/Bar.java jv/src/main/java/com/x/Foo.java"),
    ("java", "com.x.Foo.Inner", "jv/src/main/java/com/y/Z.java", "jv/src/main/java/com/x/Foo.java"),
    ("rust", "crate::net::http", "rs/src/io/mod.rs", "rs/src/net/http.rs"),
    ("rust", "crate::net::Client", "rs/src/lib.rs", "rs/src/net.rs"),
    ("rust", "crate::io", "rs/src/net/http.rs", "rs/src/io/mod.rs"),
    ("rust", "super", "rs/src/net/http.rs", "rs/src/net.rs"),
    ("rust", "self::http", "rs/src/net.rs", "rs/src/net/http.rs"),
    ("rust", "super::super::io", "rs/src/net/http.rs", "rs/src/io/mod.rs"),
    ("rust", "my_kit", "rs/src/lib.rs", "crates/my-kit/src/lib.rs"),
    ("go", "example.com/me/go/internal/log", "cmd/main.go",
     "go/internal/log/log.go go/internal/log/more.go"),
    ("go", "fmt", "cmd/main.go", ""),
    ("c", "z.h", "c/src/z.c", "c/src/z.h"),
    ("c", "z/defs.h", "c/src/z.c", "c/include/z/defs.h"),
    ("c", "stdio.h", "c/src/z.c", ""),
    ("cpp", "z.h", "far/x.cc", "c/src/z.h"),
    ("cobol", "x", "y", ""),
]  # fmt: skip


def test_find_module(tmp_path: Path) -> None:
    index = Index(tmp_path, tmp_path / "index.sqlite")
    assert index.update(Entry(path, 1, 1, b"", "any") for path in PATHS)
    for language, module, from_path, expected in MODULES:
        found = index.find_module(module, from_path, language)
        assert found == expected.split(), (language, module, from_path)
    index.close()


def test_places_are_few() -> None:
    deep = "/".join("abcdefghijklmnopqrstuvwxyz") + "/x"
    for language in ("python", "typescript", "java", "rust", "c"):
        assert len(places("a.b.c", deep, language).files) < 1200
