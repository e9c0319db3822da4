"""`fimble fix`, with the scripted engine and checks that are really run."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_server.agent.commands.sandbox import find_sandbox
from lsp_server.cli import fix as command
from lsp_server.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no sandbox for Windows")
needs_sandbox = pytest.mark.skipif(find_sandbox() is None, reason="there is no sandbox here")

PYTEST = f"{sys.executable} -m pytest -q -p no:cacheprovider -c /dev/null --rootdir=."
COMPILED = f"{sys.executable} -m py_compile shop.py"
UNITTEST = f"{sys.executable} -m unittest -q test_shop"
RUFF = f"{sys.executable} -m ruff check --no-cache --isolated shop.py"
SHOP = '''\
"""A shop."""


def total(prices):
    result = 0
    for price in prices:
        result -= price
    return result


def mean(prices):
    return total(prices) / len(price)
'''
TESTS = """\
from shop import mean, total


def test_total():
    found = total([1, 2])
    assert found == 3


def test_mean():
    assert mean([2, 4]) == 3
"""


CASES = """\
import unittest

import shop


class Shop(unittest.TestCase):
    def test_total(self):
        self.assertEqual(shop.total([1, 2]), 3)

    def test_mean(self):
        self.assertEqual(shop.mean([2, 4]), 3)
"""
CASE = """\
import unittest

import shop


class Shop(unittest.TestCase):
    def test_a(self):
        {}
"""
NEVER = """
    def test_never(self):
        self.assertIsNone(shop.total([]))
"""


def there() -> list[str]:
    """The names in the folder, but for what Python keeps."""
    return sorted(each.name for each in Path().iterdir() if each.name != "__pycache__")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "work"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return root


@pytest.fixture
def fix(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Fix:
    return Fix(tmp_path, capsysbinary)


class Fix:
    """Runs the command on `shop.py`; keeps what it printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[bytes]) -> None:
        self._script = folder / "script.json"
        self._capsys = capsys
        self.patch = b""
        self.out = self.err = ""

    def __call__(
        self, *arguments: str, code: str | bytes = SHOP, answers: tuple[str, ...] = ()
    ) -> int:
        Path("shop.py").write_bytes(code if isinstance(code, bytes) else code.encode())
        self._script.write_text(json.dumps([{"chat": f"```python\n{a}\n```"} for a in answers]))
        patient = ["fix", "shop.py", "--seconds", "1000"]
        status = main([*patient, *arguments, "--script", str(self._script)])
        self.patch, err = self._capsys.readouterr()
        self.out, self.err = self.patch.decode(errors="replace"), err.decode()
        return status

    def patched(self) -> str:
        """What `git apply` makes of what was printed."""
        return self.patched_data().decode()

    def patched_data(self) -> bytes:
        subprocess.run(["git", "apply", "-"], input=self.patch, check=True)
        return Path("shop.py").read_bytes()


def test_what_rules_are_sure_of_needs_no_check_and_no_model(fix: Fix) -> None:
    assert fix(code=f"import os\n{SHOP}") == 0
    assert fix.err == "fimble: Nothing is found wrong with this change; --write makes it.\n"
    assert Path("shop.py").read_text() == f"import os\n{SHOP}"
    assert fix.patched() == SHOP.replace("len(price)", "len(prices)")
    assert fix(code=Path("shop.py").read_bytes()) == 0
    assert (fix.out, fix.err) == ("", "fimble: Nothing is found wrong.\n")


def test_the_diff_names_the_file_itself(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "a.py").write_text("import os\n")
    (folder.parent / "b.py").write_text("import os\n")
    (folder / "link.py").symlink_to("a.py")
    for named in ("link.py", str(folder / "a.py")):
        assert main(["fix", named]) == 0
        assert capsys.readouterr().out.startswith("--- a/a.py\n+++ b/a.py\n@@ -1 +0,0 @@\n")
    assert main(["fix", "../b.py"]) == 0
    assert capsys.readouterr().out.startswith(f"--- a{folder.parent.resolve()}/b.py\n")


def test_where_no_rule_is_sure_the_model_is_asked(fix: Fix) -> None:
    code = "def half(number):\n    return something / 2\n"
    answer = "def half(number):\n    return number / 2"
    worse = "def half(number):\n    return anything / 2"
    assert fix(code=code, answers=(worse, answer)) == 0
    assert fix.patched() == f"{answer}\n"
    assert fix(code=code, answers=(worse, worse, worse)) == 1
    assert fix.out == ""
    assert fix.err == "fimble: left: shop.py:2: `something` is not defined.\n"


def test_without_a_model_what_rules_can_is_done_and_the_rest_is_told(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(Path.cwd()))
    Path("shop.py").write_text("def half(number):\n    return something / len(numbr)\n")
    assert main(["fix", "shop.py", "--model", "none.gguf"]) == 1
    fix.patch, err = fix._capsys.readouterr()
    assert fix.patched() == "def half(number):\n    return something / len(number)\n"
    left, less, model = err.decode().splitlines()
    assert left == "fimble: left: shop.py:2: `something` is not defined."
    assert less == "fimble: This change mends a part of it; --write makes it."
    assert model.startswith("fimble: The model did not help: ")


def test_a_syntax_error_is_mended(fix: Fix) -> None:
    broken = SHOP.replace("len(price)", "len(prices")
    assert fix(code=broken, answers=()) == 0
    assert fix.patched() == SHOP.replace("len(price)", "len(prices)")


@needs_sandbox
def test_a_linter_is_made_content(fix: Fix) -> None:
    assert fix("--check", RUFF, code=f"import os\n{SHOP}") == 0
    assert fix.err == "fimble: The check passes with this change; --write makes it.\n"
    assert fix.patched() == SHOP.replace("len(price)", "len(prices)")
    assert fix("--check", RUFF, code=Path("shop.py").read_bytes()) == 0
    assert (fix.out, fix.err) == ("", "fimble: The check passes already.\n")


@needs_sandbox
def test_a_type_checker_that_can_not_work_without_a_cache_is_given_one(fix: Fix) -> None:
    code = "def size(user: dict[str, str]) -> str:\n    return user.gett('name', '')\n"
    assert fix("--check", f"{sys.executable} -m mypy shop.py", code=code) == 0
    assert fix.patched() == code.replace("gett", "get")
    assert there() == ["shop.py"]


@needs_sandbox
def test_what_does_not_compile_is_mended(fix: Fix) -> None:
    assert fix("--check", COMPILED, code=SHOP.replace("(prices):", "(prices:", 1)) == 0
    assert fix.patched() == SHOP
    assert there() == ["shop.py"]


@needs_sandbox
def test_tests_are_made_to_pass_without_a_model(fix: Fix) -> None:
    """By a small change, whose function the test's traceback doesn't show, and by a rule."""
    Path("test_shop.py").write_text(TESTS)
    assert fix("--check", PYTEST) == 0
    assert fix.patched() == SHOP.replace("-=", "+=").replace("len(price)", "len(prices)")
    assert there() == ["shop.py", "test_shop.py"]


@needs_sandbox
def test_tests_are_made_to_pass_by_a_model_that_is_told_what_fails(fix: Fix) -> None:
    asserts = "self.assertEqual(shop.greet('A'), 'Hello, A!')"
    Path("test_shop.py").write_text(CASE.format(asserts))
    shape = "def greet(name):\n    return {}\n"
    wrong, right = shape.format("'Hello' + name"), shape.format("f'Hello, {name}!'")
    assert fix("--check", UNITTEST, code=shape.format("'Hello'"), answers=(wrong, right)) == 0
    assert fix.patched() == right


@needs_sandbox
def test_one_command_after_the_other_is_made_to_pass(fix: Fix) -> None:
    Path("test_shop.py").write_text(CASES)
    assert fix("--check", f"cd . && {RUFF} && {UNITTEST}", code=f"import os\n{SHOP}") == 0
    assert fix.patched() == SHOP.replace("-=", "+=").replace("len(price)", "len(prices)")


@needs_sandbox
def test_each_step_is_kept_though_something_is_left(fix: Fix) -> None:
    Path("test_shop.py").write_text(CASES + NEVER)
    assert fix("--check", UNITTEST) == 1
    assert "+        result += price\n" in fix.out
    assert "fimble: left: shop.py:5: AssertionError: 0 is not None\n" in fix.err
    assert fix.err.endswith("fimble: This change mends a part of it; --write makes it.\n")


@needs_sandbox
def test_what_breaks_something_else_is_not_kept(fix: Fix) -> None:
    right = "self.assertEqual(shop.f(1), 1)\n\n    def test_b(self):\n        "
    Path("test_shop.py").write_text(CASE.format(f"{right}self.assertEqual(shop.f(0), 1)"))
    shape = "def f(n):\n    return {}\n"
    answers = (shape.format("n + 1"), shape.format("max(n, 1)"))
    assert fix("--check", UNITTEST, code=shape.format("n"), answers=answers[:1]) == 1
    assert fix.out == ""
    assert fix("--check", UNITTEST, code=shape.format("n"), answers=answers) == 0
    assert fix.patched() == shape.format("max(n, 1)")


@needs_sandbox
def test_with_write_the_file_is_written_and_nothing_else(fix: Fix) -> None:
    Path("shop.py").write_text("")
    Path("shop.py").chmod(0o755)
    assert fix("--write", "--check", RUFF) == 0
    assert Path("shop.py").read_text() == SHOP.replace("len(price)", "len(prices)")
    assert Path("shop.py").stat().st_mode & 0o777 == 0o755
    assert fix.out.startswith("--- a/shop.py\n+++ b/shop.py\n")
    assert fix.err == ""
    assert there() == ["shop.py"]


def test_without_a_sandbox_tries_are_written_and_taken_back(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_sandbox", lambda: None)
    Path("test_shop.py").write_text(CASES)
    assert fix("--check", UNITTEST) == 2
    assert "Without a sandbox" in fix.err
    assert fix("--check", UNITTEST, "--write") == 0
    mended = SHOP.replace("-=", "+=").replace("len(price)", "len(prices)")
    assert Path("shop.py").read_text() == mended
    Path("test_shop.py").write_text(CASE.format("self.assertEqual(shop.one(), 'a')"))
    code = "def one():\n    return 1\n"
    assert fix("--check", UNITTEST, "--write", code=code) == 1
    assert Path("shop.py").read_text() == code
    assert there() == ["shop.py", "test_shop.py"]


TWO_NAMES = "def total(prices):\n    return sum(prices)\n\n\nprint(totl([1]))\nprint(totel([1]))\n"
ONE_MENDED = TWO_NAMES.replace("totl", "total")
TELLS_NAMES = """\
if grep -q totl shop.py; then echo "shop.py:5:7: undefined name 'totl'"; fi
if grep -q totel shop.py; then echo "shop.py:6:7: undefined name 'totel'"; exit 1; fi
"""


@needs_sandbox
def test_a_try_with_which_the_check_can_not_be_started(fix: Fix) -> None:
    Path("check.sh").write_text(f"{TELLS_NAMES}\necho 'late: command not found'; exit 127\n")
    assert fix("--check", "sh check.sh", "--write", code=TWO_NAMES) == 1
    assert Path("shop.py").read_text() == ONE_MENDED
    assert "+print(total([1]))\n" in fix.out
    assert fix.err == "fimble: left: shop.py:6: undefined name 'totel'\n"


def test_what_was_found_is_shown_if_no_more_can_be_tried(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_sandbox", lambda: None)
    Path("check.sh").write_text(f"{TELLS_NAMES}\nrm shop.py; mkdir shop.py; exit 1\n")
    assert fix("--check", "sh check.sh", "--write", code=TWO_NAMES) == 5
    assert "+print(total([1]))\n" in fix.out
    told = fix.err.splitlines()[0].rstrip(".")
    assert told.startswith("fimble: shop.py can't be put back as it was; what it said is in ")
    assert Path(told.split()[-1]).read_text() == TWO_NAMES


def test_an_error_of_the_check_is_none_of_the_model(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_sandbox", lambda: None)
    bad = "grep -q 'number /' shop.py && rm shop.py && mkdir shop.py\n"
    Path("check.sh").write_text(f"{bad}echo 'shop.py:2:12: wrong'; exit 1\n")
    code = "def half(number):\n    return something / 2\n"
    answer = "def half(number):\n    return number / 2"
    assert fix("--check", "sh check.sh", "--write", code=code, answers=(answer,)) == 5
    assert "can't be put back" in fix.err
    assert "The model did not help" not in fix.err


def test_prompts_of_the_users_own_count(
    fix: Fix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path / "mine"))
    prompts = tmp_path / "mine" / "prompts"
    prompts.mkdir(parents=True)
    (prompts / "mend.md.j2").write_text("{{ no_such_value.at_all }}")
    (prompts / "odd.md.j2").write_text("")
    assert fix(code="def half(number):\n    return something / 2\n", answers=("",)) == 1
    assert "odd.md.j2 doesn't count: there is no prompt" in fix.err
    assert "mend.md.j2 is no prompt that works" in fix.err
    assert fix(code=SHOP) == 0  # without a model nobody reads them
    assert ".j2" not in fix.err


@pytest.mark.parametrize(
    ("mark", "codec", "line_end", "head"),
    [
        (b"", "utf-8", "\r\n", ""),
        (codecs.BOM_UTF8, "utf-8", "\n", ""),
        (codecs.BOM_UTF16_LE, "utf-16-le", "\r\n", ""),
        (b"", "latin-1", "\n", "# coding: latin-1\n"),
    ],
    ids=["crlf", "mark", "utf-16", "latin-1"],
)
def test_the_file_stays_as_it_is_but_for_the_change(
    fix: Fix, mark: bytes, codec: str, line_end: str, head: str
) -> None:
    def data(text: str) -> bytes:
        return mark + (head + text).replace("\n", line_end).encode(codec)

    code = "import os\nimport re\n\n# \xe9\nprint(re.compile('\xe9'), leng('a'))"
    assert fix("--write", code=data(code)) == 0
    after = code.replace("import os\n", "").replace("leng(", "len(")
    assert Path("shop.py").read_bytes() == data(after)
    assert "\\ No newline at end of file\n" in fix.out
    assert fix(code=data(code)) == 0
    assert fix.patched_data() == data(after)


@needs_sandbox
@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (f"{sys.executable} -c \"print('other.py:3: error: no'); raise SystemExit(1)\"",
         "The check tells of other files only (other.py), and not of shop.py."),
        ("false", "The check fails without telling of shop.py (exit status 1)."),
        ("echo no; false", "The check fails without telling of shop.py (exit status 1: no)."),
        ("echo > made.txt",
         "The check fails without telling of shop.py (exit status 1: made.txt: Read-only file "
         "system); it may write to the folder only with --write."),
    ],
)  # fmt: skip
def test_a_check_that_does_not_tell_of_the_file(fix: Fix, check: str, sentence: str) -> None:
    assert fix("--check", check) == 1
    assert (fix.out, fix.err) == ("", f"fimble: {sentence}\n")
    assert there() == ["shop.py"]


@needs_sandbox
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--check", "no-such-command-1"],
         "The check can't be started: no-such-command-1: command not found."),
        (["--check", "./shop.py"], "The check can't be started: ./shop.py: Permission denied."),
        (["--check", "echo 'a"], "The check is no command line: no closing quotation."),
        (["--check", " "], "The check is empty; give a command behind --check."),
        (["--seconds", "inf"], "Give more than 0 seconds, and at most a day (86400)."),
        (["--seconds", "0"], "Give more than 0 seconds, and at most a day (86400)."),
        (["--check", "sleep 60", "--seconds", "0.5"],
         "The check did not end in 0.5 s; give it more with --seconds."),
    ],
)  # fmt: skip
def test_bad_use_of_a_check(fix: Fix, arguments: list[str], sentence: str) -> None:
    assert fix(*arguments) == 2
    assert (fix.out, fix.err) == ("", f"fimble: {sentence}\n")


NO_UTF_8 = "a.py is not in UTF-8, nor in what it says it is in; convert it."


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("none.py", None, "There is no file none.py; correct its name."),
        (".", None, ". is a folder; name a file in it."),
        ("a.py", b"\0\1", "a.py is a binary file; name one with code."),
        ("a.py", b"#" * 1_100_000, "a.py is larger than 1 MB; name a smaller one."),
        ("a.py", b"x = '\xff'\n", NO_UTF_8),
        ("a.py", b"# coding: nonsense\n", NO_UTF_8),
        ("a.txt", b"text", "a.txt is in no language that can be repaired; name other code."),
    ],
)  # fmt: skip
def test_what_is_no_file_to_repair(
    capsys: pytest.CaptureFixture[str], name: str, data: bytes | None, sentence: str
) -> None:
    if data is not None:
        Path(name).write_bytes(data)
    assert main(["fix", name]) == 2
    assert capsys.readouterr().err == f"fimble: {sentence}\n"


@needs_sandbox
def test_a_file_that_the_check_can_not_see(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sub").mkdir()
    (folder / "a.py").write_text("x\n")
    monkeypatch.chdir(folder / "sub")
    assert main(["fix", "../a.py", "--check", "true"]) == 2
    assert "is not in" in capsys.readouterr().err


@needs_sandbox
def test_what_somebody_else_has_written_meanwhile_stays(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = command._searched

    async def searched(*arguments: object) -> object:
        found = await search(*arguments)  # type: ignore[arg-type]
        await asyncio.to_thread(Path("shop.py").write_text, "other = 1\n")
        return found

    monkeypatch.setattr(command, "_searched", searched)
    assert fix("--write", code=f"import os\n{SHOP}") == 5
    assert "has changed since" in fix.err
    assert fix.out.startswith("--- a/shop.py")
    assert Path("shop.py").read_text() == "other = 1\n"
