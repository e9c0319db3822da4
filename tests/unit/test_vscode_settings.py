"""The settings that VS Code shows are those that the server knows, with the same limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from lsp_server.settings import Settings, parse

MANIFEST = json.loads(
    (Path(__file__).parents[2] / "extension/vscode/package.json").read_text(encoding="utf-8")
)
CONTRIBUTED: dict[str, dict[str, Any]] = {
    name: entry
    for section in MANIFEST["contributes"]["configuration"]
    for name, entry in section["properties"].items()
}
CLIENTS_OWN = {"fimble.server.command", "fimble.server.python", "fimble.server.package"}
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def known(cls: type, prefix: str = "fimble") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each setting of the server, and what the manifest must say of it."""
    hints = get_type_hints(cls)
    for spec in fields(cls):
        if spec.metadata.get("path"):  # not the client's
            continue
        hint = hints[spec.name]
        name = f"{prefix}.{re.sub(r'_(.)', lambda match: match[1].upper(), spec.name)}"
        if is_dataclass(hint):
            assert isinstance(hint, type)
            yield from known(hint, name)
            continue
        default: Any = spec.default
        said: dict[str, Any] = {"default": default}
        if get_origin(hint) is Literal:
            said |= {"type": "string", "enum": list(get_args(hint))}
        elif get_origin(hint) is tuple:
            allowed = get_args(get_args(hint)[0])
            items = {"type": "string"} | ({"enum": list(allowed)} if allowed else {})
            said |= {"type": "array", "items": items, "default": list(default)}
        elif get_origin(hint) is Mapping:
            said |= {"type": "object", "default": {}}
        else:
            said["type"] = TYPES[hint]
        if "min" in spec.metadata:
            said |= {"minimum": spec.metadata["min"], "maximum": spec.metadata["max"]}
        yield name, said


def test_settings_agree() -> None:
    server = dict(known(Settings))
    assert CONTRIBUTED.keys() - CLIENTS_OWN == server.keys()
    for name, said in server.items():
        kept = ("type", "default", "enum", "items", "minimum", "maximum")
        shown = {key: value for key, value in CONTRIBUTED[name].items() if key in kept}
        if "items" in shown:
            words = ("type", "enum")
            shown["items"] = {key: shown["items"][key] for key in words if key in shown["items"]}
        assert shown == said, name
        assert type(shown["default"]) is type(said["default"]) or said["type"] == "number", name


def test_what_is_sent_by_default_is_without_problems() -> None:
    sent: dict[str, Any] = {}
    for name in CONTRIBUTED.keys() - CLIENTS_OWN:
        *path, last = name.split(".")[1:]
        section = sent
        for key in path:
            section = section.setdefault(key, {})
        section[last] = CONTRIBUTED[name]["default"]
    assert parse(sent) == (Settings(), [])


def test_an_endpoint_has_what_the_one_without_a_name_has() -> None:
    shown = CONTRIBUTED["fimble.endpoints"]["additionalProperties"]
    assert shown["properties"] == {
        name.removeprefix("fimble.remote."): {
            key: value for key, value in entry.items() if key not in ("scope", "order")
        }
        for name, entry in CONTRIBUTED.items()
        if name.startswith("fimble.remote.")
    }
    assert not shown["additionalProperties"]


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("apiKey", "", True),
        ("apiKey", "keyring:office", True),
        ("apiKey", "sk-abc", False),
        ("proxy", "http://proxy.example:3128", True),
        ("proxy", "socks5h://10.0.0.1:1080/", True),
        ("proxy", "http://me:pass@proxy.example", False),
        ("proxy", "proxy.example:3128", False),
    ],
)
def test_patterns_agree(name: str, value: str, fits: bool) -> None:
    pattern = CONTRIBUTED[f"fimble.remote.{name}"]["pattern"]
    assert bool(re.search(pattern, value)) is fits
    assert bool(parse({"remote": {name: value}})[1]) is not fits


def test_all_are_described() -> None:
    for name, entry in CONTRIBUTED.items():
        assert entry["markdownDescription"].endswith((".", ")")), name
        for words in (entry, entry.get("items", {})):
            assert len(words.get("markdownEnumDescriptions", [])) == len(words.get("enum", [])), (
                name
            )


def test_a_folder_decides_nothing_that_matters_before_it_is_trusted() -> None:
    trust = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    risky = (
        "fimble.model",
        "fimble.local.",
        "fimble.remote.",
        "fimble.endpoints",
        "fimble.roles.",
        "fimble.server.",
    )
    restricted = {name for name in CONTRIBUTED if name.startswith(risky)}
    assert set(trust["restrictedConfigurations"]) == restricted
    assert all(CONTRIBUTED[name]["scope"] == "machine-overridable" for name in restricted)
