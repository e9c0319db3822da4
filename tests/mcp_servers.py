"""Servers of the Model Context Protocol for tests: real ones from npm, and one that misbehaves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from lsp_server.models.store import cache_dir

VERSION = "2026.8.31"
PACKAGES = ("server-everything", "server-filesystem")


def npm_server(name: str) -> tuple[str, ...]:
    """The command of a server of npm, installed into the cache when first asked for."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.fail("MCP is not tested: install Node.js with npm (apt-get install nodejs npm).")
    folder = cache_dir() / "tests" / f"mcp-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if not (folder / ".complete").exists():
            packages = [f"@modelcontextprotocol/{each}@{VERSION}" for each in PACKAGES]
            command = [npm, "install", "--prefix", str(folder), "--no-fund", "--no-audit"]
            subprocess.run([*command, "--ignore-scripts", *packages], check=True)
            (folder / ".complete").touch()
    program = folder / "node_modules" / "@modelcontextprotocol" / name / "dist" / "index.js"
    return node, str(program)


RUDE = Path(__file__).with_name("rude_mcp_server.py")
"""Takes as its argument how it misbehaves."""
