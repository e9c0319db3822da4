"""The worker is killed under the server: an editor hardly notices."""

from __future__ import annotations

import pytest

from tests.e2e.kill import Phase, kill_once

pytestmark = pytest.mark.model


@pytest.mark.parametrize("phase", ["load", "prompt", "generation"])
def test_a_killed_worker_is_survived(phase: Phase) -> None:
    killed = kill_once(phase)
    assert killed.answered < 1
    assert killed.served < 5 + killed.load
    assert killed.same_server
