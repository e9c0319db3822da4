"""Which files have tests, by their paths."""

from __future__ import annotations

import re


def is_test(path: str) -> bool:
    """Whether a file has tests, or belongs to them, by its name or folder."""
    name = path.rpartition("/")[2]
    return bool(_TEST_NAME.search(name)) or any(
        part in ("tests", "test", "__tests__") for part in path.split("/")[:-1]
    )


def is_python_test(path: str) -> bool:
    """Whether pytest looks for tests in it."""
    name = path.rpartition("/")[2]
    return is_test(path) and path.endswith(".py") and ("test_" in name or "_test." in name)


_TEST_NAME = re.compile(r"^test_|_test\.|\.(test|spec)\.|^conftest\.py$")
