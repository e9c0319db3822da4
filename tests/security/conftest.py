"""What tests of the sandbox share. Without bubblewrap they fail: nothing would be proved."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_server.agent.commands.sandbox import Sandbox, find_sandbox


@pytest.fixture(scope="session", autouse=True)
def _interpreter_on_path() -> Iterator[None]:
    """The sandbox shows tools on PATH, also of an environment that lies where it hides the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    found = find_sandbox()
    if found is None:
        pytest.fail(
            "The sandbox is not tested: install bubblewrap (apt-get install bubblewrap), "
            "and run the tests where user namespaces are allowed."
        )
    return found
