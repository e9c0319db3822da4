"""Every word that goes to a model stands in a file under `prompts/`; this finds those files."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path


@cache
def read(name: str) -> str:
    """Return the text of the prompt file `name` (`fim.toml`).

    A wheel carries the files as `lsp_server/_prompts`; an editable install has them in the
    repository's `prompts/`. Raises FileNotFoundError if neither is there: a broken install.
    """
    shipped = files("lsp_server") / "_prompts" / name
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "prompts" / name).read_text(encoding="utf-8")
