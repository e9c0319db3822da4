"""The command line: exact output, exit codes, and one sentence for each bad input."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lsp_server import __version__
from lsp_server.cli import main
from lsp_server.settings import DEFAULT_MODEL
from tests import gguf_files

FIMBLE = (sys.executable, "-m", "lsp_server")
ADD = "def add(a, b):\n    return a\n"
SCRIPT = json.dumps([{"after": "return a", "text": " + 1"}, {"after": "(", "text": "'é')"}])
MODEL = "qwen2.5-coder-0.5b"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, an empty cache, and a folder with a script and a source file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    (tmp_path / "script.json").write_text(SCRIPT)
    (tmp_path / "add.py").write_text(ADD)
    return tmp_path


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    return Refused(capsys)


class Refused:
    """Runs a command that must fail: nothing on standard output, one sentence on the other."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int) -> str:
        assert main(arguments) == code
        captured = self._capsys.readouterr()
        assert captured.out == ""
        match = re.fullmatch(r"fimble: (.+[.?])\n", captured.err)
        assert match is not None, captured.err
        return match[1]

    def complete(self, *arguments: str, code: int = 2) -> str:
        return self("complete", *arguments, "--script", "script.json", code=code)


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"fimble {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["fly"], ["complete"], ["serve", "--colour", "red"]])
def test_wrong_arguments_show_the_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: fimble")


@pytest.mark.parametrize("place", ["add.py:2", "add.py:2:13", "./add.py:02"])
def test_a_completion_is_printed(capsys: pytest.CaptureFixture[str], place: str) -> None:
    assert output(capsys, "complete", place, "--script", "script.json") == " + 1\n"


def test_nothing_is_printed_where_nothing_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "complete", "add.py:1:4", "--script", "script.json") == ""
    report = json.loads(output(capsys, "complete", "add.py:1:4", "--json", "--script=script.json"))
    assert (report["text"], report["range"]) == (None, None)


def test_a_report_counts_code_points_from_one(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "😀.txt").write_text("\n😀é(\n")
    report = json.loads(output(capsys, "complete", "😀.txt:2", "--json", "--script=script.json"))
    assert report.pop("milliseconds") >= 0
    assert report == {"text": "'é')", "range": {"start": [2, 4], "end": [2, 4]}, "model": "script"}


def test_large_files_are_no_trouble(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "10mb.py").write_text("x = 1\n" * 1_700_000 + ADD)
    digits = "".join(f"{number:x}" for number in range(220_000))
    (folder / "line.py").write_text(f"x = 0x{digits}; return a")
    started = time.perf_counter()
    assert output(capsys, "complete", "10mb.py:1700002", "--script=script.json") == " + 1\n"
    assert output(capsys, "complete", "line.py:1", "--script=script.json") == " + 1\n"
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no file bad.py; correct its name."),
        (b"\x7fELF\0\0", "bad.py is a binary file; name one with text."),
        (
            "na\u00efve".encode("latin-1"),
            "bad.py is not UTF-8 (byte 2); convert it, or open it in an editor that knows its "
            "encoding.",
        ),
    ],
)
def test_files_that_can_not_be_completed(
    refused: Refused, folder: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (folder / "bad.py").write_bytes(content)
    assert refused.complete("bad.py:1") == sentence


def test_what_is_no_file(refused: Refused, folder: Path) -> None:
    assert refused.complete(f"{folder}:1") == f"{folder} is a folder; name a file in it."
    assert refused.complete("/dev/zero:1") == "/dev/zero is a device or a pipe; name a file."
    assert refused.complete("add.py/x:1") == "add.py/x can't be read: Not a directory."
    assert "File name too long" in refused.complete("x" * 300 + ":1")
    with (folder / "huge.py").open("wb") as file:
        file.truncate(2**26 + 1)
    assert refused.complete("huge.py:1") == "huge.py is larger than 64 MB; name a smaller one."


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("add.py:0", "Line 0 is out of range: the file has lines 1 to 3."),
        ("add.py:4", "Line 4 is out of range: the file has lines 1 to 3."),
        ("add.py:999999999", "Line 999999999 is out of range: the file has lines 1 to 3."),
        ("add.py:2:0", "Column 0 is out of range: line 2 has columns 1 to 13."),
        ("add.py:2:14", "Column 14 is out of range: line 2 has columns 1 to 13."),
    ],
)
def test_places_outside_of_the_file(refused: Refused, place: str, sentence: str) -> None:
    assert refused.complete(place) == sentence


@pytest.mark.parametrize(
    "place", ["", "add.py", "add.py:", ":1", "add.py:x", "add.py:-1", "add.py:1.5", "add.py:٣"]
)
def test_malformed_places(refused: Refused, place: str) -> None:
    expected = f"Give a place as FILE:LINE or FILE:LINE:COL, not {place!r}."
    assert refused.complete(place) == expected


def test_a_line_number_beyond_all_bounds(refused: Refused) -> None:
    assert "FILE:LINE" in refused.complete("add.py:" + "9" * 5000)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (None, "The script bad.json can't be read: No such file or directory."),
        ("{", "The script bad.json is not JSON; correct it."),
        ("[" * 100_000, "The script bad.json is not JSON; correct it."),
        ("{}", "The script bad.json must be a JSON list of replies."),
        ('[{"after": ""}, 5]', "Reply 2 of the script bad.json must be an object with the text"),
        ("[{}]", "Reply 1 of the script bad.json must be an object with the text"),
        ('[{"after": 5}]', "Reply 1 of the script bad.json must be an object with the text"),
        ('[{"after": "", "x": 1}]', "Reply 1 of the script bad.json must be an object"),
    ],
)
@pytest.mark.parametrize("command", [("complete", "add.py:2"), ("doctor",), ("serve",)])
def test_bad_scripts(
    refused: Refused, folder: Path, script: str | None, sentence: str, command: tuple[str, ...]
) -> None:
    if script is not None:
        (folder / "bad.json").write_text(script)
    assert refused(*command, "--script", "bad.json", code=2).startswith(sentence)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("qwen2.5-codr-0.5b", f"There is no model 'qwen2.5-codr-0.5b'; did you mean {MODEL}?"),
        (
            "xyz",
            "There is no model 'xyz'; `fimble models list` shows what there is.",
        ),
        (
            MODEL,
            f"The model {MODEL} is not on this machine; fetch it with `fimble models pull "
            f"{MODEL}`.",
        ),
        (
            "no.gguf",
            "There is no model file no.gguf; `fimble models list` shows what there is.",
        ),
    ],
)
def test_models_that_are_not_there(refused: Refused, model: str, sentence: str) -> None:
    assert refused("complete", "add.py:2", "--model", model, code=3) == sentence
    assert refused("models", "path", model, code=3) == sentence


@pytest.mark.parametrize("action", ["pull", "remove"])
def test_only_the_catalogue_s_models_are_pulled_and_removed(refused: Refused, action: str) -> None:
    sentence = f"There is no model 'qwen2.5-coder-0.5'; did you mean {MODEL}?"
    assert refused("models", action, "qwen2.5-coder-0.5", code=3) == sentence


def model_refused(refused: Refused, path: Path) -> str:
    return refused("complete", "add.py:2", "--model", str(path), code=3)


def test_a_file_that_is_no_model(refused: Refused, folder: Path) -> None:
    (folder / "text.gguf").write_text("not a model")
    assert "text.gguf" in model_refused(refused, folder / "text.gguf")
    (folder / "empty.gguf").write_bytes(b"")
    assert "empty.gguf" in model_refused(refused, folder / "empty.gguf")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_truncated_model(refused: Refused, folder: Path, part: float) -> None:
    path = gguf_files.write(folder / "cut.gguf")
    os.truncate(path, int(path.stat().st_size * part))
    assert "cut short" in model_refused(refused, path)


def test_a_model_that_needs_more_memory_than_there_is(refused: Refused, folder: Path) -> None:
    path = gguf_files.write(
        folder / "big.gguf", {**gguf_files.QWEN, "qwen2.block_count": 2**30, "general.name": "Big"}
    )
    sentence = model_refused(refused, path)
    assert re.match(
        r"The model Big with 4 contexts of 2,048 tokens needs [\d.]+ GiB of memory, and", sentence
    )


def test_a_model_that_llama_cpp_can_not_load(refused: Refused, folder: Path) -> None:
    path = gguf_files.write(folder / "incomplete.gguf")
    assert model_refused(refused, path).startswith("llama.cpp can't load incomplete.gguf")


def test_a_model_without_fim_markers(refused: Refused, folder: Path) -> None:
    """Loaded by llama.cpp itself: one layer, eight tokens, all weights zero."""
    path = gguf_files.write(folder / "chat.gguf", CHAT, CHAT_TENSORS)
    assert model_refused(refused, path) == (
        "The model Tiny Chat has no fill-in-the-middle markers in its vocabulary, so it can't "
        "complete at the cursor; choose a Coder model (`fimble models list`)."
    )


CHAT: gguf_files.Metadata = {
    "general.architecture": "llama",
    "general.name": "Tiny Chat",
    "llama.block_count": 1,
    "llama.context_length": 512,
    "llama.embedding_length": 64,
    "llama.feed_forward_length": 64,
    "llama.attention.head_count": 1,
    "llama.attention.head_count_kv": 1,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "llama.rope.dimension_count": 64,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen2",
    "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>", "a", "b", "ab", "Ġ", "Ċ"],
    "tokenizer.ggml.token_type": [2, 3, 3, 1, 1, 1, 1, 1],
    "tokenizer.ggml.merges": ["a b"],
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
}
CHAT_TENSORS = {
    "token_embd.weight": (64, 8),
    "output.weight": (64, 8),
    "output_norm.weight": (64,),
    "blk.0.attn_norm.weight": (64,),
    "blk.0.ffn_norm.weight": (64,),
    **{
        f"blk.0.{name}.weight": (64, 64)
        for name in ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
    },
}


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://127.0.0.1/", "http://", "http://user:key@127.0.0.1/"]
)
def test_endpoints_that_are_no_addresses(refused: Refused, url: str) -> None:
    sentence = refused("complete", "add.py:2", "--endpoint", url, code=4)
    assert sentence.startswith("fimble.remote.url")


def test_an_endpoint_where_nobody_is(refused: Refused) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        assert f"127.0.0.1:{port}" in refused("complete", "add.py:2", "--endpoint", url, code=4)


@pytest.mark.parametrize(
    "address",
    ["", "7658", ":7658", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
     "127.0.0.1:-1", "127.0.0.1:²", "127.0.0.1:" + "9" * 5000],
)  # fmt: skip
def test_malformed_addresses_to_listen_on(refused: Refused, address: str) -> None:
    sentence = refused("serve", "--tcp", address, code=2)
    assert sentence == f"--tcp takes HOST:PORT, such as 127.0.0.1:7658, not {address!r}."


def test_hosts_that_can_not_be_listened_on(refused: Refused) -> None:
    for host in ("0.0.0.0", "[::]", "203.0.113.7"):
        assert "is not a loopback address" in refused("serve", "--tcp", f"{host}:0", code=2)
    for host in ("no-such-host.invalid", "a..b", "x" * 100):
        expected = f"The host {host!r} can't be found; use 127.0.0.1."
        assert refused("serve", "--tcp", f"{host}:0", code=2) == expected


def test_a_port_in_use(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused("serve", "--tcp", f"127.0.0.1:{port}", code=2)
    assert sentence == (
        f"Port {port} on 127.0.0.1 can't be used (Address already in use); choose another, or 0 "
        "for any free one."
    )


def test_models_are_listed(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    nested = folder / "home/.lmstudio/models/me/[red]x"
    nested.mkdir(parents=True)
    (nested / "a.gguf").write_bytes(b"12345")
    rows = json.loads(output(capsys, "models", "list", "--json"))
    members = ("model", "kind", "license", "bytes", "where", "origin")  # the rest is described
    assert [{member: row[member] for member in members} for row in rows] == [
        {
            "model": "lmstudio:me/[red]x/a.gguf",
            "kind": "",
            "license": "",
            "bytes": 5,
            "where": str(nested / "a.gguf"),
            "origin": "lmstudio",
        },
        {
            "model": MODEL,
            "kind": "0.5B Q4_K_M",
            "license": "Apache-2.0",
            "bytes": 491400064,
            "where": None,
            "origin": "catalogue",
        },
        {
            "model": "qwen2.5-coder-1.5b",
            "kind": "1.5B Q4_K_M",
            "license": "Apache-2.0",
            "bytes": 1117320768,
            "where": None,
            "origin": "catalogue",
        },
    ]
    table = output(capsys, "models", "list")
    assert "[red]x" in table
    assert "1.5B Q4_K_M" in table
    assert "…" not in table  # no path is cut
    assert output(capsys, "models", "path", rows[0]["model"]) == f"{nested / 'a.gguf'}\n"


def test_a_model_is_removed(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert output(capsys, "models", "remove", MODEL) == f"{MODEL} was not here.\n"
    partial = folder / "cache/models" / MODEL
    partial.mkdir(parents=True)
    (partial / "part").write_bytes(bytes(3_000_000))
    assert output(capsys, "models", "remove", MODEL) == "3 MB freed.\n"
    assert not partial.exists()


def test_doctor_says_what_works_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    first, *lines = output(capsys, "doctor", code=1).splitlines()
    assert re.fullmatch(
        rf"ok   fimble {__version__}, Python [\d.]+ on \w+, \d+ cores, [\d.]+ GB of memory free",
        first,
    )
    assert lines[0] == "ok   grammars for py, ts, tsx, js, go, rs, java, c, cpp"
    assert re.fullmatch(r"ok   llama-cpp-python [\d.]+", lines[1])
    assert re.fullmatch(r"FAIL no model in .+; run `fimble models pull qwen.+`", lines[2])
    assert lines[3].startswith(f"FAIL The model {DEFAULT_MODEL} is not on this machine; fetch it")


def test_doctor_asks_for_nothing_local_where_nothing_local_is_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, _, engine, *rest = output(capsys, "doctor", "--script=script.json").splitlines()
    assert engine == "ok   script fills gaps (none markers)"
    assert all("chat" in line for line in rest)
    _, _, engine, *rest = output(
        capsys, "doctor", "--endpoint=http://127.0.0.1:9", code=1
    ).splitlines()
    assert engine == (
        "FAIL No server answers at 127.0.0.1:9; start it, or correct fimble.remote.url."
    )
    assert all("chat" in line for line in rest)


def test_what_is_going_on_is_shown_on_a_terminal(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        command = [*FIMBLE, "complete", "add.py:2", "--endpoint", f"http://{address}"]
        terminal, end = os.openpty()
        process = subprocess.Popen(
            command, stderr=end, stdin=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"}
        )
        os.close(end)
        shown = b""
        while f"Connecting to {address}.".encode() not in shown:
            shown += os.read(terminal, 4096)
        process.kill()
        process.wait()
        os.close(terminal)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is full")
def test_a_full_disk_is_one_sentence(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*FIMBLE, "complete", "add.py:2", "--script", "script.json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # else nothing is left in the buffer
        )
    assert (done.returncode, done.stderr) == (1, "fimble: No space left on device.\n")


def test_doctor_shows_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    report = output(capsys, "doctor", "--model", "[/x].gguf", code=1)
    assert "FAIL There is no model file [/x].gguf; `fimble models list` shows" in report


def test_output_that_nobody_reads_is_no_trouble() -> None:
    command = [*FIMBLE, "complete", "add.py:2", "--script", "script.json"]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as output:
        done = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # the failure would come at another moment
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_the_terminal_can_not_show_is_replaced(folder: Path) -> None:
    (folder / "call.py").write_text("f(")
    done = subprocess.run(
        [*FIMBLE, "complete", "call.py:1", "--script", "script.json"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"'?')\n", b"")
