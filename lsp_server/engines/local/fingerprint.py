"""What was learned of a model file holds for that file, with the llama.cpp it was learned with."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path


def fingerprint(path: Path, *conditions: str | int) -> str:
    """A file name that changes with the model file, llama.cpp, or any of the conditions.

    The file counts by name, size and time of its last change. Raises OSError if it is not there.
    """
    stat = path.stat()
    facts = [path.name, stat.st_size, stat.st_mtime_ns, version("llama-cpp-python"), *conditions]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]
