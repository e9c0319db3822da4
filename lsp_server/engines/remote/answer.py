"""A JSON object from an endpoint, read with every type checked: nothing there is taken on trust."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from lsp_server.engines.remote.address import Address
from lsp_server.errors import RemoteError

T = TypeVar("T")


class Unexpected(RemoteError):
    """The answer is not what the protocol says."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.host} did not answer as a completion server does; check "
            f"{address.where}.url and {address.where}.dialect."
        )


class Answer:
    """A JSON object. A field that is missing or null reads as empty or 0.

    All methods raise Unexpected for a field of another type.
    """

    def __init__(self, fields: object, address: Address) -> None:
        self._address = address
        if not isinstance(fields, dict):
            raise Unexpected(self._address)
        self._fields: dict[str, Any] = fields

    @classmethod
    def parse(cls, data: bytes, address: Address) -> Answer:
        """Read a JSON object from UTF-8. Raises Unexpected."""
        try:
            return cls(json.loads(data, parse_constant=_refuse), address)
        except (ValueError, RecursionError) as error:
            raise Unexpected(address) from error

    def __contains__(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def text(self, name: str) -> str:
        """A text, with lone surrogates replaced so that it can be sent on."""
        text = self._get(name, str, "")
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def name(self, name: str) -> str:
        """A text to be shown in messages: printable and of bounded length."""
        return "".join(filter(str.isprintable, self.text(name)))[:200]

    def count(self, name: str) -> int:
        """A whole number that is not negative."""
        return max(0, self._get(name, int, 0))

    def number(self, name: str) -> float:
        """A number."""
        try:
            return float(self._get(name, int | float, 0.0))
        except OverflowError as error:
            raise Unexpected(self._address) from error

    def flag(self, name: str) -> bool:
        """True or false."""
        return self._get(name, bool, False)

    def is_list(self, name: str) -> bool:
        """Whether a field is a list."""
        return isinstance(self._fields.get(name), list)

    def counts(self, name: str) -> list[int]:
        """A list of whole numbers."""
        values: list[int] = self._get(name, list, [])
        if not all(type(value) is int for value in values):
            raise Unexpected(self._address)
        return values

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        values: list[str] = self._get(name, list, [])
        if not all(type(value) is str for value in values):
            raise Unexpected(self._address)
        return values

    def json(self, name: str) -> str:
        """An object inside this one, as JSON again."""
        return json.dumps(self._get(name, dict, {}), ensure_ascii=False)

    def section(self, name: str) -> Answer:
        """An object inside this one."""
        return Answer(self._get(name, dict, {}), self._address)

    def sections(self, name: str) -> list[Answer]:
        """A list of objects."""
        values: list[object] = self._get(name, list, [])
        return [Answer(value, self._address) for value in values]

    def _get(self, name: str, kind: Any, default: T) -> T:
        value = self._fields.get(name)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise Unexpected(self._address)
        return value  # type: ignore[no-any-return]  # `kind` can't be tied to T for a union


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")
