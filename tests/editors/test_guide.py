"""What `docs/editors.md` has users paste, as far as it can be read without the editors."""

from __future__ import annotations

import json
import re

import pytest

from lsp_server.cli import main
from tests.editors.emacs import GUIDE

SETTINGS = [
    json.loads(block)
    for block in re.findall(r"^```json\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
]


def command_lines() -> list[list[str]]:
    """How each editor is told to start Fimble, without the name of the command."""
    started = [
        server
        for settings in SETTINGS
        for section in ("languageserver", "agent_servers")
        for server in settings.get(section, {}).values()
    ]
    templates = [settings["programArgs"] for settings in SETTINGS if "programArgs" in settings]
    lines = [[each["command"], *each["args"]] for each in started]
    lines += [each["default"].split() for each in templates]
    assert all(line[0].rpartition("/")[2] == "fimble" for line in lines)
    return [line[1:] for line in lines]


def test_every_block_starts_fimble() -> None:
    assert len(command_lines()) == len(SETTINGS) == 4


@pytest.mark.parametrize("arguments", command_lines(), ids=" ".join)
def test_the_commands_exist(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    assert f"fimble {arguments[0]}" in capsys.readouterr().out
