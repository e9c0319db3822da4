"""Every word that goes to a model stands in a file under `prompts/`; this finds those files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template, TemplateError

from lsp_server.core.bounded import bounded
from lsp_server.errors import UsageError

SUFFIX = ".md.j2"


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


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A user's, in the place of one of ours."""

    text: str = field(repr=False)
    file: str
    """Where it is, as the user is told."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """The templates in one folder, some of which are the user's own."""

    folder: str
    own: Mapping[str, OwnTemplate] = field(default_factory=dict)
    """By name, without the ending."""

    def render(self, name: str, **values: object) -> str:
        """The prompt of a name. Raises UsageError if the user's own template fails.

        What such a template may do is to choose words: it reaches no files, and of values only
        what is safe; its time and its size are bounded as far as `bounded` can.
        """
        own = self.own.get(name)
        if own is None:
            return template(f"{self.folder}/{name}{SUFFIX}").render(**values)
        try:
            return bounded(own.text, values)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            reason = f"line {line}: {error.message}" if line else error.message
        except Exception as error:  # a template can do whatever an expression can
            reason = type(error).__name__
        raise UsageError(f"{own.file} is no prompt that works ({reason}); mend it or delete it.")


@cache
def _environment() -> Environment:
    # Prompts are no HTML, so nothing is escaped.
    return Environment(loader=FunctionLoader(read), undefined=StrictUndefined, autoescape=False)
