"""The environment variables of a command: few, and none that holds a token or loads something."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_KEPT = (
    *("HOME", "LANG", "LANGUAGE", "LOGNAME", "TZ", "USER", "VIRTUAL_ENV", "CONDA_PREFIX"),
    *("JAVA_HOME", "GOROOT", "PYENV_ROOT", "NVM_DIR", "RUSTUP_HOME", "XDG_DATA_DIRS"),
)
_SET = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # A folder that looks like a repository is none, and none names a program for `git status`.
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "safe.bareRepository",
    "GIT_CONFIG_VALUE_0": "explicit",
    "GIT_CONFIG_KEY_1": "core.fsmonitor",
    "GIT_CONFIG_VALUE_1": "false",
    "GOTOOLCHAIN": "local",
}


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """What of an environment a command gets."""
    kept = {
        name: value
        for name, value in environment.items()
        if name in _KEPT or name.startswith("LC_")
    }
    return kept | _SET | {"PATH": search_path(environment)}


def search_path(environment: Mapping[str, str]) -> str:
    """The folders that programs are looked for in, but for relative ones: those would be the
    workspace's, and what lies there must not run as `git` or `bwrap`.
    """
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())
