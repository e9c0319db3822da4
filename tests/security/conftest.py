"""What tests of the sandbox share. Without bubblewrap they fail: nothing would be proved."""

from __future__ import annotations

import pytest

from lsp_server.agent.commands.sandbox import Sandbox, find_sandbox


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    found = find_sandbox()
    if found is None:
        pytest.fail(
            "The sandbox is not tested: install bubblewrap (apt-get install bubblewrap), "
            "and run the tests where user namespaces are allowed."
        )
    return found
