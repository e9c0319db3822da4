"""Models that people run, as `descriptions.toml` describes them: facts, and where each was read.

The models of `catalog` are among them, under the same ids. All others can't be pulled, since no
digest of a file of theirs is known here; `get` says how else they come onto the machine.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

Role = Literal["fim", "tools", "coder", "reasoning", "embedding", "rerank"]
"""What a model is good for: filling gaps, calling tools, code, thinking first, search, ranking."""
ROLES: tuple[Role, ...] = get_args(Role)
BITS = {"Q3_K_M": 4.00, "Q4_K_M": 4.89, "Q5_K_M": 5.70, "Q8_0": 8.50}
"""Bits a weight takes, of Llama 3.1 8B (llama.cpp, tools/quantize/README.md)."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of weights that exists somewhere."""

    quantisation: str
    """Empty if it is not known."""
    bytes: int
    about: bool = False
    """Whether `bytes` is rounded, or worked out from another file's."""


@dataclass(frozen=True, slots=True)
class Cache:
    """What the key-value cache of a model is made of."""

    layers: int
    heads: int
    """Of queries."""
    kv_heads: int
    key_length: int
    value_length: int
    vocabulary: int = 152_000
    """What the Qwen models have; it decides some megabytes."""

    @property
    def kv_numbers_per_token(self) -> int:
        """Numbers that a token puts into the cache, over all layers."""
        return self.layers * self.kv_heads * (self.key_length + self.value_length)


@dataclass(frozen=True, slots=True)
class Description:
    """One model. What is not known is None, 0 or empty."""

    id: str
    roles: tuple[Role, ...]
    parameters: int
    active: int
    """Parameters that one token goes through: all but for mixtures of experts."""
    context: int
    license: str
    """SPDX identifier where there is one."""
    window: int
    """Tokens that attention slides over; 0 if it sees all."""
    cache: Cache | None
    files: tuple[File, ...]
    get: tuple[str, ...]
    """`ollama:NAME`, `huggingface:REPOSITORY` or `docker:NAME`."""
    sources: tuple[str, ...]
    """Sentences."""

    def file(self, quantisation: str) -> File | None:
        """The file of a quantisation: one that was read of, else worked out from that in Q4_K_M."""
        known = {file.quantisation: file for file in self.files}
        if quantisation in known or "Q4_K_M" not in known or quantisation not in BITS:
            return known.get(quantisation)
        share = BITS[quantisation] / BITS["Q4_K_M"]
        return File(quantisation, round(known["Q4_K_M"].bytes * share), about=True)


@cache
def descriptions() -> tuple[Description, ...]:
    """The models that are described, those of the catalogue first."""
    return parse((files("lsp_server.models") / "descriptions.toml").read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Description, ...]:
    """Read descriptions from TOML in the form of `descriptions.toml`."""
    contents = tomllib.loads(text)
    return tuple(_description(entry, contents["sources"]) for entry in contents["model"])


def _description(entry: dict[str, Any], sources: dict[str, str]) -> Description:
    shape = ("layers", "heads", "kv_heads", "key_length", "value_length")
    parameters = entry.get("parameters", 0)
    return Description(
        id=entry["id"],
        roles=tuple(entry["roles"]),
        parameters=parameters,
        active=entry.get("active", parameters),
        context=entry.get("context", 0),
        license=entry.get("license", ""),
        window=entry.get("window", 0),
        cache=Cache(*(entry[name] for name in shape)) if "layers" in entry else None,
        files=tuple(File(**file) for file in entry.get("file", ())),
        get=tuple(entry["get"]),
        sources=tuple(sources[name] for name in entry["sources"]),
    )
