"""What holds for every test."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_state_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Servers and workers that tests start inherit this; the user's own figures stay untouched."""
    os.environ["FIMBLE_STATE"] = str(tmp_path_factory.mktemp("state"))
    os.environ["FIMBLE_CONFIG"] = str(tmp_path_factory.mktemp("config"))
