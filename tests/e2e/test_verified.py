"""What is done to suggestions before they are shown, through the server."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.conftest import Start
from tests.e2e.editor import AUTOMATIC, INVOKED

OTHER = "file:///other.py"
MANY = [
    {"after": "x = ", "text": "connekt()"},
    {"after": "x = ", "text": "connect()", "names": "connect"},
    {"after": "x = ", "text": "int(1)", "choice": 1},
    {"after": "x = ", "text": "str(2)", "choice": 2},
    {"after": "y = ", "text": "int(0)", "logprob": -20.0},
]


async def test_suggestions_are_verified_and_priced_and_there_are_others(
    start: Start, tmp_path: Path
) -> None:
    script = tmp_path / "many.json"
    script.write_text(json.dumps(MANY))
    editor = await start(arguments=("--script", str(script)))
    editor.open("def connect(): ...\nx = \n")
    assert await editor.texts(1, 4, AUTOMATIC) == ["connect()"]
    assert await editor.texts(1, 4, INVOKED) == ["connect()", "int(1)", "str(2)"]
    editor.open("y = \n", OTHER)
    assert await editor.texts(0, 4, AUTOMATIC, OTHER) == []
    assert await editor.texts(0, 4, INVOKED, OTHER) == ["int(0)"]
