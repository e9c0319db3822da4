"""Settings of the command line and of `fimble acp`, whose clients have none: a file of the user's.

The language server takes the settings of its editor instead.
"""

from __future__ import annotations

import json
from pathlib import Path

from lsp_server.cli import complain
from lsp_server.errors import UsageError
from lsp_server.models.store import config_dir
from lsp_server.settings import Settings, parse


def own_settings() -> Settings:
    """What `settings.json` in the user's folder says; the defaults without one.

    What is wrong in it is complained of, and its default used. Raises UsageError if it can't be
    read.
    """
    path = config_dir() / "settings.json"
    raw = _read(path)
    if isinstance(raw, dict) and set(raw) == {"fimble"}:  # as editors have it
        raw = raw["fimble"]
    settings, problems = parse(raw)
    for problem in problems:
        complain(f"{path}: {problem}")
    return settings


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror}).") from error
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path} is not JSON, from line {error.lineno} on; correct it, or move it away."
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON; correct it, or move it away.") from error
