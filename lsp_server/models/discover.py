"""From the name of a model to its file: the catalogue, a path, LM Studio's and Ollama's folders."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lsp_server.errors import ModelMissing, UnknownModel
from lsp_server.models import catalog, store

_OLLAMA, _LM_STUDIO = "ollama:", "lmstudio:"
_WEIGHTS = "application/vnd.ollama.image.model"
_OLLAMA_HOST, _OLLAMA_USER, _OLLAMA_TAG = "registry.ollama.ai", "library", "latest"


@dataclass(frozen=True, slots=True)
class Found:
    """A model file on this machine."""

    name: str
    """What `resolve` takes for it."""
    path: Path
    bytes: int
    origin: Literal["fimble", "lmstudio", "ollama"]


def resolve(name: str) -> Path:
    """Return the file of the model called `name`.

    A name is a catalogue id, the path of a GGUF file, `lmstudio:publisher/repository/file.gguf`
    or `ollama:model[:tag]`. Raises ModelMissing if it is known but not on this machine, and
    UnknownModel, which suggests the nearest name. Whether the file can be run is not checked.
    """
    if name.startswith(_OLLAMA):
        return _ollama_model(name)
    if name.startswith(_LM_STUDIO):
        return _lm_studio_model(name)
    for model in catalog.models():
        if model.id == name:
            if path := store.installed(model):
                return path
            raise ModelMissing(
                f"The model {name} is not on this machine; fetch it with "
                f"`fimble models pull {name}`."
            )
    try:
        path = Path(name).expanduser()
        if path.is_file():
            return path.absolute()
    except (OSError, RuntimeError) as error:  # a name that is too long, a user without a home
        raise _unknown(name) from error
    if path.suffix == ".gguf" or len(path.parts) > 1:
        raise ModelMissing(
            f"There is no model file {path}; `fimble models list` shows what there is."
        )
    raise _unknown(name)


def found() -> list[Found]:
    """All models on this machine that `resolve` knows by name: Fimble's, LM Studio's, Ollama's."""
    return [
        *(
            Found(model.id, path, model.bytes, "fimble")
            for model in catalog.models()
            if (path := store.installed(model))
        ),
        *(Found(name, path, store.size(path), "lmstudio") for name, path in _lm_studio_models()),
        *(Found(name, path, store.size(path), "ollama") for name, path in _ollama_models()),
    ]


def _unknown(name: str) -> UnknownModel:
    known = [model.id for model in catalog.models()] + [model.name for model in found()]
    return catalog.unknown(name, known)


def _lm_studio_model(name: str) -> Path:
    for known, path in _lm_studio_models():
        if name == known:
            return path
    raise _unknown(name)


def _lm_studio_models() -> Iterator[tuple[str, Path]]:
    """Models in LM Studio's folders, today's and the one before: publisher/repository/file."""
    for folder in (Path.home() / ".lmstudio/models", Path.home() / ".cache/lm-studio/models"):
        for path in _files(folder, "*/*/*.gguf"):
            if not path.name.startswith("mmproj"):  # eyes of a vision model
                yield f"{_LM_STUDIO}{path.relative_to(folder).as_posix()}", path


def _ollama_folders() -> list[Path]:
    """Where Ollama keeps models: the user's choice, their home, its service's home on Linux."""
    if chosen := os.environ.get("OLLAMA_MODELS"):
        return [Path(chosen).expanduser()]
    return [Path.home() / ".ollama/models", Path("/usr/share/ollama/.ollama/models")]


def _ollama_model(name: str) -> Path:
    model, colon, tag = name.removeprefix(_OLLAMA).rpartition(":")
    if not colon:
        model, tag = tag, _OLLAMA_TAG
    parts = model.split("/")
    address = [_OLLAMA_HOST, _OLLAMA_USER][: 3 - len(parts)] + parts
    if len(address) != 3 or {"", ".", ".."} & {*address, tag} or "/" in tag:
        raise _unknown(name)
    for folder in _ollama_folders():
        manifest = folder.joinpath("manifests", *address, tag)
        if store.is_file(manifest):
            if path := _ollama_weights(folder, manifest):
                return path
            raise ModelMissing(
                f"Ollama knows {model}:{tag} but its file is not complete; fetch it with "
                f"`ollama pull {model}:{tag}`."
            )
    raise _unknown(name)


def _ollama_models() -> Iterator[tuple[str, Path]]:
    for folder in _ollama_folders():
        manifests = folder / "manifests"
        for manifest in _files(manifests, "*/*/*/*"):
            if path := _ollama_weights(folder, manifest):
                *address, tag = manifest.relative_to(manifests).parts
                if address[0] == _OLLAMA_HOST:
                    address = address[1 + (address[1] == _OLLAMA_USER) :]
                yield f"{_OLLAMA}{'/'.join(address)}:{tag}", path


def _ollama_weights(folder: Path, manifest: Path) -> Path | None:
    """The file of weights that a manifest names, if it is there."""
    try:
        layers = json.loads(manifest.read_bytes())["layers"]
        digests = [layer["digest"] for layer in layers if layer["mediaType"] == _WEIGHTS]
        match = re.fullmatch(r"sha256:([0-9a-f]{64})", digests[0])
    except (OSError, ValueError, LookupError, TypeError):
        return None
    path = folder / "blobs" / f"sha256-{match[1]}" if match else None
    return path if path and store.is_file(path) else None


def _files(folder: Path, pattern: str) -> list[Path]:
    """The files in a folder; none if it may not be entered, as with that of Ollama's service."""
    try:
        return [path for path in sorted(folder.glob(pattern)) if store.is_file(path)]
    except OSError:
        return []
