from __future__ import annotations

import os
from pathlib import Path

import pytest

from lsp_server.workspace.extract import extract
from lsp_server.workspace.ignore import Ignored, is_ignored, is_secret_name, is_unreadable_code
from lsp_server.workspace.secrets import holds_secret
from lsp_server.workspace.walk import Found, is_walked, look, walk


def make(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def paths(root: Path) -> list[str]:
    found = [each.path for each in walk(root)]
    for path in found:
        assert look(root, path), path
    return found


def test_ignore_files_mean_what_they_mean_to_git(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            ".gitignore": "*.gen.py\n/only_here.py\ndeep/*/skip/\n!keep.gen.py\n[\n",
            "a.py": "",
            "a.gen.py": "",
            "keep.gen.py": "",
            "only_here.py": "",
            "sub/only_here.py": "",
            "sub/.gitignore": "!b.gen.py\n/c.py\n",
            "sub/b.gen.py": "",
            "sub/c.py": "",
            "sub/d/c.py": "",
            "deep/x/skip/e.py": "",
            "skip/f.py": "",
        },
    )
    expected = ["a.py", "keep.gen.py", "skip/f.py", "sub/b.gen.py", "sub/d/c.py"]
    assert sorted(paths(tmp_path)) == [*expected, "sub/only_here.py"]
    for path in ("a.gen.py", "sub/c.py", "deep/x/skip/e.py", "missing.py", "../a.py", ""):
        assert look(tmp_path, path) is None, path


def test_many_paths_are_judged_as_each_is_alone(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            ".gitignore": "*.log\n/gone/\ndeep/*/skip/\n",
            "gone/.gitignore": "!*.log\n",
            "sub/.gitignore": "!b.log\n/c.py\n",
            "sub/in/.fimbleignore": "*.py\n",
        },
    )
    left_out = ["a.log", "gone/a.py", "gone/in/b.py", "deep/x/skip/y/a.py", "sub/a.log", "sub/c.py"]
    left_out += ["sub/in/a.py", "sub/in/gone/c.py"]
    kept = ["a.py", "sub/b.log", "sub/gone/c.py", "deep/skip/a.py", "sub/in/a.js", "sub/in/b.log"]
    for order in (left_out + kept, kept[::-1] + left_out[::-1]):
        ignored = Ignored(tmp_path)
        assert [path for path in order if path in ignored] == [p for p in order if p in left_out]
    assert [path for path in left_out + kept if is_ignored(tmp_path, path)] == left_out


def test_usual_folders_are_left_out_until_taken_back(tmp_path: Path) -> None:
    names = ["node_modules", ".venv", "__pycache__", "dist", "build", "target", ".git", "src"]
    make(tmp_path, {f"{name}/a.js": "" for name in names} | {"env/pyvenv.cfg": "", "env/b.py": ""})
    assert paths(tmp_path) == ["src/a.js"]
    (tmp_path / ".fimbleignore").write_text("!build/\n!.git/\n")
    assert paths(tmp_path) == ["build/a.js", "src/a.js"]


def test_fimbleignore_speaks_last(tmp_path: Path) -> None:
    make(tmp_path, {".gitignore": "a.py", ".fimbleignore": "!a.py\nb.py", "a.py": "", "b.py": ""})
    assert paths(tmp_path) == ["a.py"]


def test_rules_above_the_workspace_hold_within_a_repository(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            ".git/info/exclude": "local.py\n",
            ".gitignore": "/part/x.py\n",
            "part/x.py": "",
            "part/y.py": "",
            "part/local.py": "",
        },
    )
    assert paths(tmp_path / "part") == ["y.py"]


def test_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make(tmp_path, {"outside.py": "", "root/sub/a.py": ""})
    (root / "loop").symlink_to(root)
    (root / "sub" / "up").symlink_to("..")
    (root / "self.py").symlink_to("self.py")
    (root / "gone.py").symlink_to("nowhere.py")
    (root / "out.py").symlink_to(tmp_path / "outside.py")
    (root / "in.py").symlink_to("sub/a.py")
    os.mkfifo(root / "pipe.py")
    assert paths(root) == ["sub/a.py"]
    assert look(root, "loop/sub/a.py") is look(root, "in.py") is None
    assert look(root, "sub/a.py") is not None
    assert is_walked(root, "sub")
    assert not any(is_walked(root, folder) for folder in ("loop", "sub/up", "gone", "in.py"))


def test_the_order_depends_on_names_alone(tmp_path: Path) -> None:
    names = ["b/z.py", "a.py", "b.py", "a/c.py", "b/y/x.py"]
    for number, order in enumerate([names, names[::-1]]):
        make(tmp_path / str(number), dict.fromkeys(order, ""))
    first, second = paths(tmp_path / "0"), paths(tmp_path / "1")
    assert first == second == ["a.py", "b.py", "a/c.py", "b/z.py", "b/y/x.py"]
    assert [each.path for each in walk(tmp_path / "0", limit=2)] == first[:2]


def test_names_and_sizes(tmp_path: Path) -> None:
    make(tmp_path, {"a.txt": "", "big.py": "#" * 1_000_001, "app.min.js": ""})
    make(tmp_path, {"ok.py": "#" * 1_000_000})
    (tmp_path / os.fsdecode(b"\xff.py")).write_text("")
    assert paths(tmp_path) == ["ok.py"]


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        (".env", True),
        (".env.local", True),
        ("prod.env", True),
        ("server.pem", True),
        ("tls.KEY", True),
        ("id_rsa", True),
        ("id_ed25519.pub", False),
        ("credentials.json", True),
        ("secrets.yaml", True),
        ("secrets.py", False),
        ("keys.py", False),
        ("environment.ts", False),
        (".npmrc", True),
    ],
)
def test_secret_names(name: str, secret: bool) -> None:
    assert is_secret_name(name) == secret


def test_contents_that_nobody_wrote() -> None:
    assert is_unreadable_code(b"a\0b")
    assert is_unreadable_code(b"// Code generated by x. DO NOT EDIT.\npackage a\n")
    assert is_unreadable_code(b"/**\n * @generated\n */\n")
    assert is_unreadable_code(b"a=1;" * 2000)
    assert not is_unreadable_code(b"x = 1\n" * 20 + b"# DO NOT EDIT\n")
    assert not is_unreadable_code(b"")


BODY = "MIIEpAIBAAKCAQEA" * 4


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f'KEY = """-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n"""\n', True),
        ('if line == "-----BEGIN RSA PRIVATE KEY-----":\n    pass\n', False),
        ("aws = 'AKIA" + "QWERTYUIOPASDFGH'", True),
        ("aws = 'AKIAIOSFODNN7EXAMPLE'", False),
        ("token = 'ghp_" + "a1B2" * 9 + "'", True),
        ("password = 'hunter2'", False),
        ("", False),
    ],
)
def test_secrets(text: str, secret: bool) -> None:
    assert holds_secret(text) == secret


def test_a_file_with_a_secret_leaves_nothing_but_a_digest() -> None:
    data = f"name = 1\nKEY = '''-----BEGIN PRIVATE KEY-----\n{BODY}'''\n".encode()
    entry = extract(Found("a.py", 1, len(data)), data)
    assert (entry.language, entry.symbols, entry.passages) == ("", (), ())
    assert entry.digest
    assert extract(Found("a.py", 1, 9), b"name = 1\n").symbols[0].name == "name"


def test_a_fault_of_ours_costs_one_file_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("lsp_server.workspace.extract.symbols", fail)
    entry = extract(Found("a.py", 1, 9), b"name = 1\n")
    assert (entry.path, entry.language, entry.symbols) == ("a.py", "", ())
