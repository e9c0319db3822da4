"""The GGUF container: bytes to metadata and tensor descriptions.

The format (versions 2 and 3, little endian) is the one that ggml's `docs/gguf.md` specifies:
magic, version, tensor count, metadata count; metadata as key, type, value; tensors as name,
dimensions, type, offset; padding; tensor data. Sizes of tensor types are those of `ggml.c`.

Invariant: a file is untrusted. Whatever its bytes, parsing ends in a result or in ModelUnusable,
in time and memory bounded by the limits below, not by what the file claims.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from lsp_server.errors import ModelUnusable

MAX_HEADER = 1 << 27
"""Bytes from the start of a file that are looked at; headers have up to 2^24."""
MAX_ENTRIES = 1 << 16
"""Most metadata entries, and most tensors, of a file that is believed."""
MAX_ELEMENTS = 1 << 22
"""Most array elements in all metadata together; vocabularies have up to 2^19 tokens and merges."""
MAX_KEPT = 1 << 12
"""Arrays of numbers up to this length are read unasked: they tell things layer by layer."""

Scalar = bool | int | float
Value = Scalar | str | list[Scalar] | list[str]


class ValueType(IntEnum):
    """Types of metadata values that are not plain scalars."""

    STRING = 8
    ARRAY = 9


SCALARS: dict[int, struct.Struct] = {
    number: struct.Struct(f"<{code}")
    for number, code in {
        0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
    }.items()
}  # fmt: skip

TENSOR_TYPES: dict[int, tuple[int, int]] = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
    40: (64, 36), 41: (128, 18), 42: (64, 18),
}  # fmt: skip
"""ggml type -> (elements in a block, bytes of a block)."""

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Tensor:
    """One array of weights."""

    name: str
    shape: tuple[int, ...]
    """The row's length comes first."""
    type: int
    """As ggml numbers them."""
    bytes: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands before the tensor data."""

    metadata: dict[str, Value]
    """Without arrays of text that were not asked for, and without long arrays of numbers."""
    required_bytes: int
    """Where the last tensor ends: the least size of a complete file."""
    tensors: tuple[Tensor, ...]


def parse(path: Path, wanted: frozenset[str] = frozenset()) -> Contents:
    """Parse the file at `path`, reading the arrays named in `wanted` and skipping other long ones.

    Raises ModelUnusable if it can't be read, is not GGUF, or is damaged or cut short before the
    tensor data; whether the tensor data is complete is for the caller to check.
    """
    try:
        if not path.is_file():
            raise ModelUnusable(f"{path} is not a file; give the path of a GGUF file.")
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelUnusable(f"{path} is not a GGUF file; Fimble runs models in that form.")
            length = min(path.stat().st_size, MAX_HEADER)
            with mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ) as data:
                return _Reader(data, wanted).contents()
    except OSError as error:
        raise ModelUnusable(f"{path} can't be read: {error.strerror}.") from error
    except (_Damaged, struct.error, OverflowError, UnicodeDecodeError) as error:
        reason = error if isinstance(error, _Damaged) else "its header is damaged or cut short"
        raise ModelUnusable(
            f"{path} can't be used: {reason}; fetch it again with `fimble models pull`."
        ) from error


class _Damaged(Exception):
    """The header contradicts the format. The text says how."""


class _Reader:
    """A cursor over the bytes of one file."""

    def __init__(self, data: mmap.mmap, wanted: frozenset[str]) -> None:
        self._data = data
        self._wanted = wanted
        self._position = 4  # after the magic
        self._elements = 0
        self._metadata: dict[str, Value] = {}
        self._tensors: list[Tensor] = []

    def contents(self) -> Contents:
        version = self._number(_U32)
        if version not in (2, 3):
            raise _Damaged(f"its GGUF version is {version:#x}, and 2 and 3 are supported")
        tensors, entries = self._number(_U64), self._number(_U64)
        if tensors > MAX_ENTRIES or entries > MAX_ENTRIES:
            raise _Damaged("its header is damaged")
        for _ in range(entries):
            self._entry()
        end = self._read_tensors(tensors)
        alignment = self._metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
            raise _Damaged("its alignment is damaged")
        start = -(-self._position // alignment) * alignment
        required = start + end if tensors else 0
        return Contents(self._metadata, required, tuple(self._tensors))

    def _number(self, form: struct.Struct) -> int:
        (value,) = form.unpack_from(self._data, self._position)
        self._position += form.size
        return int(value)

    def _text(self) -> str:
        length = self._number(_U64)
        end = self._position + length
        if end > len(self._data):
            raise _Damaged("its header is damaged or cut short")
        text = self._data[self._position : end].decode("utf-8", "replace")
        self._position = end
        return text

    def _entry(self) -> None:
        key = self._text()
        kind = self._number(_U32)
        if kind == ValueType.ARRAY:
            self._array(key)
        elif kind == ValueType.STRING:
            self._metadata[key] = self._text()
        else:
            self._metadata[key] = self._scalars(kind, 1)[0]

    def _array(self, key: str) -> None:
        kind, count = self._number(_U32), self._number(_U64)
        self._elements += count
        if self._elements > MAX_ELEMENTS:
            raise _Damaged("its header is damaged")
        if kind == ValueType.STRING:
            if key in self._wanted:
                self._metadata[key] = [self._text() for _ in range(count)]
            else:
                self._skip_texts(count)
        else:
            values = self._scalars(kind, count)
            if key in self._wanted or count <= MAX_KEPT:
                self._metadata[key] = values

    def _scalars(self, kind: int, count: int) -> list[Scalar]:
        form = SCALARS.get(kind)
        if form is None:  # arrays of arrays are in the specification and in no model
            raise _Damaged("its header is damaged")
        many = struct.Struct(f"<{count}{form.format[1:]}")
        values = list(many.unpack_from(self._data, self._position))
        self._position += many.size
        return values

    def _skip_texts(self, count: int) -> None:
        data, position, read = self._data, self._position, _U64.unpack_from
        for _ in range(count):  # a vocabulary has 300,000 of these: no calls that can be spared
            position += 8 + read(data, position)[0]
        self._position = position

    def _read_tensors(self, count: int) -> int:
        """Note all tensors; return the end of the last one in the data section."""
        end = 0
        for _ in range(count):
            name = self._text()
            rank = self._number(_U32)
            if rank > 4:
                raise _Damaged("its header is damaged")
            shape = tuple(self._number(_U64) for _ in range(rank))
            kind, offset = self._number(_U32), self._number(_U64)
            # A type newer than the table counts as empty: better a late error than a wrong one.
            block, size = TENSOR_TYPES.get(kind, (1, 0))
            length = -(-math.prod(shape) // block) * size
            self._tensors.append(Tensor(name, shape, kind, length))
            end = max(end, offset + length)
        return end
