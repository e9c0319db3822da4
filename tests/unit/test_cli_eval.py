"""`fimble eval`: exact figures of scripted models, and one sentence for each bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_server.cli import main
from tests.git_repository import git, tracked, write

CODE = """\
def run(client, order):
    client.fetch(order.number, order.key)
"""
GOOD = [{"after": "client.fetch(", "text": "order.number, order.key"}]
BAD = [{"after": "client.fetch(", "text": "order.number, order.name"}]
SIMILAR = round(1 - 4 / 24, 4)
LATENCY = "explicit requests, each at a place that the model is asked about for the first time"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a repository `shop` and two scripts; an empty cache and an empty home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    tracked(tmp_path / "shop", {"shop.py": CODE})
    write(tmp_path, {"good.json": json.dumps(GOOD), "bad.json": json.dumps(BAD)})
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["eval", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def figures(exact: float, similarity: float) -> dict[str, Any]:
    counts = {"cases": 1, "answered": 1, "exact": exact, "similarity": similarity}
    return {**counts, "parses": 1.0, "unknownNames": 0.0}


def test_the_report_has_exact_figures(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    scripts = ("--script", "good.json", "bad.json", "--script", "good.json")
    text = output(capsys, "shop", *scripts, "--kinds", "arguments", "line", "--cases=1", "--json")
    report = json.loads(text)
    latencies = [each.pop("latencyMs") for m in report["models"] for each in m["figures"].values()]
    assert all(0 < each["p50"] <= each["p95"] for each in latencies)
    for model in report["models"]:
        assert list(model["figures"]) == ["arguments", "line", "total"]
        del model["figures"]["line"], model["figures"]["total"]
    [difference] = report.pop("differences")
    assert report == {
        "repository": str(folder / "shop"),
        "seed": 0,
        "budgetMs": 1500,
        "latency": LATENCY,
        "models": [
            {"model": "good.json", "figures": {"arguments": figures(1.0, 1.0)}},
            {"model": "bad.json", "figures": {"arguments": figures(0.0, SIMILAR)}},
        ],
    }
    assert (difference["model"], difference["less"]) == ("bad.json", "good.json")
    assert set(difference["exact"]) == set(difference["similarity"]) == {"value", "low", "high"}


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "shop", "--script", "good.json", "bad.json", "--kinds", "arguments")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines()]
    cells = [row[:7] for row in rows if row]
    assert cells == [
        ["arguments", "good.json", "1", "100%", "100%", "100%", "0%"],
        ["", "bad.json", "1", "0%", "83%", "100%", "0%"],
        ["total", "good.json", "1", "100%", "100%", "100%", "0%"],
        ["", "bad.json", "1", "0%", "83%", "100%", "0%"],
    ]
    assert "bad.json less good.json" in text
    assert "exact -100.0 (-100.0 to -100.0), similar -16.7 (-16.7 to -16.7)." in text
    assert text.endswith(f"Latency: {LATENCY}.\n")


def test_a_second_run_prints_the_same(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    arguments = ("shop", "--script", "good.json", "--json")
    first = output(capsys, *arguments)
    assert output(capsys, *arguments) == first
    [kept] = (folder / "cache" / "eval").iterdir()
    lines = kept.read_bytes().splitlines(keepends=True)
    kept.write_bytes(b"".join(lines[:-1]) + lines[-1][:9])
    output(capsys, *arguments)
    assert kept.read_bytes().splitlines(keepends=True)[:-1] == lines[:-1]
    before = kept.read_bytes()
    assert output(capsys, *arguments, "--fresh") != first
    assert kept.read_bytes() != before


def test_changed_code_or_another_script_is_asked_anew(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    def exact(*arguments: str) -> float:
        text = output(capsys, "shop", "--script=a.json", "--kinds=arguments", "--json", *arguments)
        return float(json.loads(text)["models"][0]["figures"]["total"]["exact"])

    write(folder, {"a.json": json.dumps(GOOD)})
    assert exact() == 1
    write(folder, {"a.json": json.dumps(BAD)})
    assert exact() == 0
    write(folder, {"shop/shop.py": CODE.replace("order.key", "order.other")})
    write(folder, {"a.json": json.dumps(GOOD)})
    assert exact("--budget-ms", "800") == 0
    assert len(list((folder / "cache" / "eval").iterdir())) == 3


def test_other_files_are_shown(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    prices = "def rounded(value: int, places: int) -> int:\n    return value\n"
    cart = "from prices import rounded\n\ntotal = rounded(1234, places=7)\n"
    tracked(folder / "shop", {"prices.py": prices, "cart.py": cart})
    script = [{"after": "rounded(", "text": "1234, places=7)", "shown": "rounded(value: int"}]
    write(folder, {"script.json": json.dumps(script)})
    text = output(capsys, "shop", "--script=script.json", "--kinds=cross-file", "--json")
    assert json.loads(text)["models"][0]["figures"]["cross-file"]["exact"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere"], 2, "There is no folder nowhere"),
        (["shop/shop.py"], 2, "There is no folder shop/shop.py"),
        (["."], 2, "git knows no repository of yours at ."),
        (["empty"], 2, "There is nothing to ask in empty"),
        (["shop", "--kinds", "cross-file"], 2, "There is nothing to ask in shop"),
        (["shop", "--cases", "0"], 2, "--cases must be from 1 to 10000, not 0."),
        (["shop", "--budget-ms", "1"], 2, "--budget-ms must be from 50 to 60000, not 1."),
        (["shop", "--script", "none.json"], 2, "The script none.json can't be read"),
        (["shop", "--model", "no-such-model"], 3, "no-such-model"),
        (["shop", "--model", "a/b.gguf"], 3, "There is no model file a/b.gguf"),
        (["shop", "--model", "qwen2.5-coder-0.5b"], 3, "fimble models pull"),
    ],
)
def test_bad_input_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    (folder / "empty").mkdir()
    git(folder / "empty", "init", "--quiet")
    if not any(name in arguments for name in ("--script", "--model")):
        arguments = [*arguments, "--script", "good.json"]
    assert main(["eval", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("fimble: ") and captured.err.count("\n") == 1
    assert sentence in captured.err


def test_no_other_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["eval", "shop", "--kinds", "words"])
    assert ended.value.code == 2
    assert "invalid choice: 'words'" in capsys.readouterr().err


def test_an_engine_that_fails_keeps_what_was_answered(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write(folder, {"crash.json": json.dumps([*GOOD, {"after": "", "crash": True}])})
    arguments = ["eval", "shop", "--kinds", "arguments", "line", "--script", "crash.json"]
    assert main(arguments) == 4
    assert capsys.readouterr().err.startswith("fimble: The scripted engine crashed")
    [kept] = (folder / "cache" / "eval").iterdir()
    assert b"order.number, order.key" in kept.read_bytes()
