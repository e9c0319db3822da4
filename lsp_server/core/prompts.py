"""Every word that goes to a model stands in a file under `prompts/`; this finds those files."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template


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


def template(name: str) -> Template:
    """Return the template in the file `name` (`agent/system.md.j2`)."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    # Prompts are no HTML, so nothing is escaped.
    return Environment(loader=FunctionLoader(read), undefined=StrictUndefined, autoescape=False)
