"""What a machine has: asked of its drivers, or read from a description."""

from __future__ import annotations

import os
import platform
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from lsp_server.errors import UsageError
from lsp_server.models import machine
from lsp_server.models.machine import Gpu, Machine, Measured

GIB = 1 << 30


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH but the shell's."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    return tmp_path


def write_tool(folder: Path, text: str, code: int = 0) -> None:
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {code}\n")
    tool.chmod(0o755)


@pytest.mark.parametrize(
    ("told", "code", "gpu"),
    [
        ("NVIDIA GeForce RTX 4060, 7805", 0, ("NVIDIA GeForce RTX 4060", 7805 << 20)),
        ("NVIDIA A, 1000\nNVIDIA B, 500", 0, ("NVIDIA A", 1500 << 20)),
        ("NVIDIA GB10, [N/A]", 0, None),
        ("NVIDIA-SMI has failed because it couldn't communicate with the driver.", 9, None),
        ("", 0, None),
    ],
)
def test_nvidia(tools: Path, told: str, code: int, gpu: tuple[str, int] | None) -> None:
    write_tool(tools, told, code)
    assert machine.nvidia() == (Gpu("nvidia", *gpu) if gpu else None)


def test_without_its_tool_there_is_no_nvidia(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert machine.nvidia() is None


def test_amd(tmp_path: Path) -> None:
    for card, total, used in (("card0", "17163091968", "163091968"), ("card1", "x", "0")):
        device = tmp_path / card / "device"
        device.mkdir(parents=True)
        (device / "mem_info_vram_total").write_text(f"{total}\n")
        (device / "mem_info_vram_used").write_text(f"{used}\n")
    (tmp_path / "card2/device").mkdir(parents=True)  # another maker's
    assert machine.amd(tmp_path) == Gpu("amd", "AMD GPU", 17_000_000_000)
    assert machine.amd(tmp_path / "none") is None


def test_apple(monkeypatch: pytest.MonkeyPatch) -> None:
    assert platform.system() == "Darwin" or machine.apple() is None
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    memory = namedtuple("memory", "total available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(24 * GIB, 9 * GIB))
    gpu = machine.apple()
    assert gpu and (gpu.maker, gpu.bytes) == ("apple", 16 * GIB)


def test_the_speed_that_was_measured_counts_before_the_described_one() -> None:
    described = Machine("m", GIB, 2, gb_per_second=40)
    assert described.speed == 40
    measured = Measured("x", 1_000_000_000, 10**9, 100.0, 0.05)
    assert machine.with_measured(described, measured).speed == pytest.approx(20)


def test_a_description(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(
        """
        [[machine]]
        name = "a"
        memory_gb = 16
        cores = 8
        gpu = "apple"
        [[machine]]
        name = "b"
        memory_gb = 8
        memory_gb_per_second = 25.5
        cores = 4
        """
    )
    first, second = machine.described(path)
    assert first == Machine("a", 14 * GIB, 8, Gpu("apple", "apple", int(16 * GIB * 2 / 3)))
    assert second == Machine("b", 6 * GIB, 4, None, 25.5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml",
        "machine = 1",
        "[machine]\nname = 'a'",
        "[[machine]]\nname = 'a'\ncores = 2",
        "[[machine]]\nname = 'a'\ncores = 0\nmemory_gb = 4",
        "[[machine]]\nname = 'a'\ncores = 2\nmemory_gb = 'much'",
        "[[machine]]\nname = 'a'\ncores = 2\nmemory_gb = 4\ngpu = 'voodoo'",
        "[[machine]]\nname = 'a'\ncores = 2\nmemory_gb = 4\nvram = 3",
    ],
)
def test_a_wrong_description_says_what_is_wanted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"m\.toml does not describe machines: each \[\[machine"):
        machine.described(path)


def test_a_description_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can't be read: No such file"):
        machine.described(tmp_path / "none.toml")
