"""Servers for end-to-end tests; each is a real process, ended by the protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.editor import PROFILES, Editor, connect

Start = Callable[..., Awaitable[Editor]]

SCRIPT: Sequence[dict[str, Any]] = (
    {"after": "return a", "text": " + 1"},
    {"after": "first(", "text": "int, str"},
    {"after": "slow(", "text": "1, " * 40, "seconds_per_token": 0.02},
    {"after": "crash(", "text": "", "crash": True},
)


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script of the tests' engine, as a file."""
    path = tmp_path_factory.mktemp("script") / "script.json"
    path.write_text(json.dumps(SCRIPT))
    return path


@pytest.fixture(scope="module", params=list(PROFILES))
def profile(request: pytest.FixtureRequest) -> str:
    """The editors in turn."""
    return str(request.param)


@pytest.fixture
async def start(script: Path) -> AsyncIterator[Start]:
    """Start an editor and a server of the scripted engine, or with other arguments."""
    editors = []

    async def started(
        profile: str = "visual-studio-code",
        arguments: Sequence[str] = ("--script", str(script)),
        options: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
        **more: Any,
    ) -> Editor:
        editor = await connect(arguments, profile, options, environment, **more)
        editors.append(editor)
        return editor

    yield started
    for editor in editors:
        await editor.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(script: Path, profile: str) -> AsyncIterator[Editor]:
    """Each of the editors in turn, with the scripted engine, for all tests of a module."""
    editor = await connect(["--script", str(script)], profile)
    yield editor
    await editor.end()
