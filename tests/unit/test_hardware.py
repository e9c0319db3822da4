"""Memory that a model needs, and limits that containers set."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lsp_server.errors import NotEnoughMemory
from lsp_server.models import hardware, memory
from lsp_server.models.gguf import Header, read_header
from lsp_server.models.memory import Weights
from tests import gguf_files

GIB = 1 << 30


@pytest.fixture
def header(tmp_path: Path) -> Header:
    return read_header(gguf_files.write(tmp_path / "m.gguf"))


def test_too_little_memory_says_what_to_do(header: Header) -> None:
    large = replace(header, weight_bytes=3 * GIB)
    needed = memory.on_processor(large, Weights(3 * GIB), 4096, 4).needed
    hardware.check_memory(large, 4096, 4, available=needed)
    with pytest.raises(NotEnoughMemory):
        hardware.check_memory(large, 4096, 4, available=needed - 1)
    with pytest.raises(NotEnoughMemory) as caught:
        hardware.check_memory(large, 4096, 4, available=2 * GIB)
    assert str(caught.value) == (
        "The model Tiny Coder with 4 contexts of 4,096 tokens needs 3.2 GiB of memory, and 2.0 GiB "
        "are free; close other programs, choose a smaller model (`fimble models list`) or lower "
        "fimble.local.contextTokens."
    )


def test_a_chat_needs_its_own_memory(header: Header) -> None:
    needed = memory.cache_bytes(header, 8192) + memory.scratch_bytes(header, 8192)
    hardware.check_chat_memory(header, 8192, available=needed)
    with pytest.raises(NotEnoughMemory) as caught:
        hardware.check_chat_memory(header, 8192, available=needed - 1)
    assert str(caught.value).startswith("A chat of 8,192 tokens with the model Tiny Coder needs")
    assert str(caught.value).endswith("or lower fimble.chat.contextTokens.")


def test_a_model_larger_than_any_machine_is_refused(header: Header) -> None:
    with pytest.raises(NotEnoughMemory):
        hardware.check_memory(replace(header, weight_bytes=1 << 60), 4096, 1)


def test_the_machine_has_memory_and_cores() -> None:
    assert hardware.available_memory() > 0
    assert hardware.physical_cores() >= 1


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".", 1)).write_text(content + "\n")


def test_container_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, membership = tmp_path / "cgroup", tmp_path / "membership"
    membership.write_text("0::/pod/box\n")
    stat = "anon 5\nactive_file 100\ninactive_file 50"
    group(root / "pod/box", memory_max="max", memory_current="1", memory_stat=stat)
    group(root / "pod", memory_max="1000", memory_current="700", memory_stat=stat)
    group(root / "pod", cpu_max="50000 100000")
    groups = hardware.control_groups(root, membership)
    assert groups == [root / "pod/box", root / "pod", root]
    monkeypatch.setattr(hardware, "control_groups", lambda: groups)
    assert hardware.available_memory() == 450
    assert hardware.physical_cores() == 1


def test_no_control_groups_are_no_limit(tmp_path: Path) -> None:
    assert hardware.control_groups(tmp_path, tmp_path / "missing") == []


def test_no_battery_or_none_that_tells_is_no_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    battery = namedtuple("battery", "percent secsleft power_plugged")
    for told, expected in (
        (None, False),
        (battery(50, 60, True), False),
        (battery(50, 60, None), False),
        (battery(50, 60, False), True),
    ):
        monkeypatch.setattr(psutil, "sensors_battery", lambda told=told: told)
        assert hardware.on_battery() is expected
    monkeypatch.setattr(psutil, "sensors_battery", lambda: 1 / 0)
    assert hardware.on_battery() is False
    monkeypatch.delattr(psutil, "sensors_battery")
    assert hardware.on_battery() is False
