"""Names of models become files, wherever another program keeps them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lsp_server.errors import ModelMissing, UnknownModel
from lsp_server.models import catalog, store
from lsp_server.models.discover import Found, found, resolve

DIGEST = "ab" * 32


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    return tmp_path


def put(path: Path, content: bytes = b"GGUF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_ollama(models: Path, address: str, digest: str = f"sha256:{DIGEST}") -> Path:
    layers = [
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:00"},
        {"mediaType": "application/vnd.ollama.image.model", "digest": digest},
    ]
    put(models / "manifests" / address, json.dumps({"layers": layers}).encode())
    return put(models / "blobs" / f"sha256-{DIGEST}")


def test_a_catalogue_model_that_is_installed(home: Path) -> None:
    model = catalog.find("qwen2.5-coder-0.5b")
    path = put(home / "cache/models" / model.id / model.file)
    with pytest.raises(ModelMissing):  # not complete
        resolve(model.id)
    with path.open("r+b") as file:
        file.truncate(model.bytes)  # sparse
    assert resolve(model.id) == path == store.installed(model)
    assert found() == [Found(model.id, path, model.bytes, "fimble")]


def test_a_catalogue_model_that_is_missing_says_how_to_get_it() -> None:
    with pytest.raises(ModelMissing, match=r"`fimble models pull qwen2\.5-coder-1\.5b`"):
        resolve("qwen2.5-coder-1.5b")


def test_a_path(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(home / "own/model.gguf")
    assert resolve(str(path)) == path
    assert resolve("~/own/model.gguf") == path
    monkeypatch.chdir(home / "own")
    assert resolve("model.gguf") == path
    for missing in ("~/own/other.gguf", "/nowhere/model", "other.gguf", str(home / "own")):
        with pytest.raises(ModelMissing, match="no model file"):
            resolve(missing)


@pytest.mark.parametrize("name", ["", "qwen", "x" * 5000, "~no-such-user-anywhere/m.gguf", "a\0b"])
def test_other_names_are_unknown(name: str) -> None:
    with pytest.raises(UnknownModel):
        resolve(name)


@pytest.mark.parametrize("folder", [".lmstudio/models", ".cache/lm-studio/models"])
def test_lm_studio(home: Path, folder: str) -> None:
    path = put(home / folder / "maker/coder-GGUF/coder-q4.gguf")
    put(home / folder / "maker/coder-GGUF/mmproj-coder.gguf")
    name = "lmstudio:maker/coder-GGUF/coder-q4.gguf"
    assert resolve(name) == path
    assert found() == [Found(name, path, 4, "lmstudio")]
    with pytest.raises(UnknownModel, match=f"did you mean {name}"):
        resolve("lmstudio:maker/coder-GGUF/coder-q8.gguf")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("registry.ollama.ai/library/qwen2.5-coder/1.5b", "ollama:qwen2.5-coder:1.5b"),
        ("registry.ollama.ai/someone/coder/latest", "ollama:someone/coder:latest"),
        ("hf.co/maker/coder-GGUF/Q4_K_M", "ollama:hf.co/maker/coder-GGUF:Q4_K_M"),
    ],
)
def test_ollama(home: Path, monkeypatch: pytest.MonkeyPatch, address: str, name: str) -> None:
    path = put_ollama(home / ".ollama/models", address)
    assert resolve(name) == path
    assert found() == [Found(name, path, 4, "ollama")]
    monkeypatch.setenv("OLLAMA_MODELS", str(home / "elsewhere"))
    assert found() == []
    assert resolve(str(path)) == path
    moved = put_ollama(home / "elsewhere", address)
    assert resolve(name) == moved


def test_ollama_without_a_tag_means_latest(home: Path) -> None:
    path = put_ollama(home / ".ollama/models", "registry.ollama.ai/library/coder/latest")
    assert resolve("ollama:coder") == path


def test_ollama_model_that_is_incomplete_or_unknown(home: Path) -> None:
    models = home / ".ollama/models"
    put_ollama(models, "registry.ollama.ai/library/coder/1b").unlink()
    assert found() == []
    with pytest.raises(ModelMissing, match="`ollama pull coder:1b`"):
        resolve("ollama:coder:1b")
    put_ollama(models, "registry.ollama.ai/library/coder/2b")
    with pytest.raises(UnknownModel, match="did you mean ollama:coder:2b"):
        resolve("ollama:coder:3b")


@pytest.mark.parametrize("manifest", [b"", b"[]", b"\xff", b'{"layers": [{}]}', b'{"layers": 1}'])
def test_damaged_ollama_manifests_are_passed_over(home: Path, manifest: bytes) -> None:
    put(home / ".ollama/models/manifests/registry.ollama.ai/library/coder/1b", manifest)
    assert found() == []


@pytest.mark.parametrize("variable", ["HOME", "OLLAMA_MODELS", "FIMBLE_CACHE"])
def test_folders_that_can_not_be_looked_into_are_passed_over(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """By root too, for whom no folder is closed: a name that is too long fails as a closed one."""
    put_ollama(home / "models", "registry.ollama.ai/library/coder/1b")
    monkeypatch.setenv("OLLAMA_MODELS", str(home / "models"))
    monkeypatch.setenv(variable, str(home / ("x" * 300)))
    assert [model.name for model in found()] == ["ollama:coder:1b"] * (variable != "OLLAMA_MODELS")
    for name in ("ollama:other", "lmstudio:a/b/c.gguf"):
        with pytest.raises(UnknownModel):
            resolve(name)
    with pytest.raises(ModelMissing):
        resolve("qwen2.5-coder-0.5b")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="no folder is closed to root")
def test_folders_that_may_not_be_entered_are_passed_over(home: Path) -> None:
    put_ollama(home / ".ollama/models", "registry.ollama.ai/library/coder/1b")
    put(home / ".lmstudio/models/me/coder/coder.gguf")
    closed = [home / ".ollama/models", home / ".lmstudio/models/me/coder"]
    for folder in closed:
        folder.chmod(0)
    try:
        assert found() == []
        with pytest.raises(UnknownModel):
            resolve("ollama:coder:1b")
    finally:
        for folder in closed:
            folder.chmod(0o700)


def test_ollama_names_and_digests_stay_inside_its_folder(home: Path) -> None:
    models = home / ".ollama/models"
    put(home / "secret")
    put_ollama(models, "registry.ollama.ai/library/coder/1b", digest="sha256:../../../secret")
    with pytest.raises(ModelMissing):
        resolve("ollama:coder:1b")
    put_ollama(models, "outside/1b")
    put_ollama(models, "registry.ollama.ai/library/1b")
    for name in ("ollama:../outside:1b", "ollama:coder:../1b", "ollama:", "ollama:a/b/c/d:e"):
        with pytest.raises(UnknownModel):
            resolve(name)
