"""Fill-in-the-middle templates: which markers stand where in a prompt.

A prompt is a sequence of markers and texts. The two never mix: an engine turns a `Marker` into one
control token and a text into ordinary tokens, so text of the user that looks like a marker stays
text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from lsp_server.core import prompts
from lsp_server.core.tokens import fit
from lsp_server.errors import NoFimMarkers


@dataclass(frozen=True, slots=True)
class Marker:
    """A control token: its spelling in the vocabulary, and in a prompt that is sent as text."""

    token: str
    text: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of another file that a model is shown before the text around the cursor."""

    path: str
    """As its readers would name the file: relative to the workspace, with `/`."""
    text: str


Part = TypeVar("Part")
FIELDS = {
    "id",
    "models",
    "order",
    "markers",
    "tokens",
    "requires",
    "named",
    "stops",
    "repository",
}
"""Of a template in `prompts/fim.toml`, which explains them."""


@dataclass(frozen=True, slots=True)
class Template:
    """How one family of models is asked for a middle. `prompts/fim.toml` explains the fields."""

    id: str
    models: str
    order: Literal["psm", "spm"]
    prefix: Marker
    suffix: Marker
    middle: Marker | None
    stops: tuple[str, ...]
    requires: tuple[str, ...] = ()
    named: str = ""
    repository_name: Marker | None = None
    repository_file: Marker | None = None
    """None: the family was not trained on prompts of several files."""

    def markers(self) -> tuple[Marker, ...]:
        """All markers of a prompt, in its order."""
        ends = (self.prefix, self.suffix) if self.order == "psm" else (self.suffix, self.prefix)
        return ends if self.middle is None else (*ends, self.middle)

    def all_markers(self) -> tuple[Marker, ...]:
        """Those of a prompt of several files too."""
        several = (self.repository_name, self.repository_file)
        return (*self.markers(), *(marker for marker in several if marker is not None))

    def spellings(self) -> tuple[str, ...]:
        """What must each be one token of the vocabulary, as it stands in a prompt that is text."""
        markers = [
            f" {m.text.strip()}" if m.token.startswith("▁") else m.text for m in self.markers()
        ]
        return (*markers, *self.requires)

    def header(self, context: Sequence[Snippet], path: str) -> tuple[Marker | str, ...]:
        """What stands before the markers of the gap: other files, and the path of this one.

        Empty without context, and for families that know no separators of files. Source of the
        form: Qwen2.5-Coder's technical report, section 3.2.2, and its README's examples.
        """
        file = self.repository_file
        if not context or file is None:
            return ()
        name = () if self.repository_name is None else (self.repository_name, REPOSITORY)
        parts: list[Marker | str] = list(name)
        for snippet in context:
            parts += [file, f"{snippet.path}\n{snippet.text}\n"]
        return (*parts, file, f"{path}\n")

    def shows_files(self, is_token: Callable[[Marker], bool]) -> bool:
        """Whether a prompt can hold pieces of other files, given what the vocabulary has."""
        separators = [
            part for part in self.header((Snippet("", ""),), "") if isinstance(part, Marker)
        ]
        return bool(separators) and all(map(is_token, separators))

    def assemble(self, prefix: Part, suffix: Part) -> tuple[Marker | Part, ...]:
        """The prompt after which the model writes what belongs between prefix and suffix.

        These are texts, or whatever the caller has made of them, such as lists of token ids.
        """
        parts: tuple[Marker | Part, ...]
        if self.order == "psm":
            parts = (self.prefix, prefix, self.suffix, suffix)
        else:
            parts = (self.suffix, suffix, self.prefix, prefix)
        return parts if self.middle is None else (*parts, self.middle)


REPOSITORY = "repository\n"
"""The repository's name, where a family wants one: the same for all, so that nothing is told."""

MIDDLE_STEP = 64
"""Room for a middle is made in steps of so many tokens, so that what stands before it stays the
same, and need not be evaluated again, while it grows."""


def prompt_ids(
    template: Template,
    markers: Mapping[Marker, int],
    bos: Sequence[int],
    prefix: list[int],
    suffix: list[int],
    size: int,
    middle: Sequence[int] = (),
    header: Sequence[int] = (),
) -> list[int]:
    """A prompt as token ids, at most `size` of them: cut at the far ends of prefix and suffix.

    The middle that stands already comes last, whatever the order, and is never cut, even if it
    alone is too long. The header comes first, and goes if it would take more than half the room.
    """
    whole = size - len(template.markers()) - len(bos)
    if len(header) > whole // 2:
        header = ()
    kept_free = -(-len(middle) // MIDDLE_STEP) * MIDDLE_STEP
    room = max(0, whole - kept_free - len(header))
    ids = [*bos, *header]
    for part in template.assemble(*fit(prefix, suffix, room)):
        ids += [markers[part]] if isinstance(part, Marker) else part
    return [*ids, *middle]


def header_ids(
    header: Sequence[Marker | str],
    markers: Mapping[Marker, int],
    tokenize: Callable[[str], list[int]],
) -> list[int]:
    """A header as token ids; empty if the vocabulary lacks one of its markers."""
    ids: list[int] = []
    for part in header:
        if isinstance(part, str):
            ids += tokenize(part)
        elif part in markers:
            ids.append(markers[part])
        else:
            return []
    return ids


def parse_templates(source: str) -> tuple[Template, ...]:
    """Read templates from TOML in the form of `prompts/fim.toml`."""
    return tuple(_template(entry) for entry in tomllib.loads(source)["template"])


def _template(entry: Any) -> Template:
    if unknown := entry.keys() - FIELDS:
        raise ValueError(f"template {entry.get('id')}: unknown fields {', '.join(sorted(unknown))}")
    texts = entry["markers"]
    tokens = texts | entry.get("tokens", {})
    repository = entry.get("repository", {})
    if entry["order"] not in ("psm", "spm"):
        raise ValueError(f"template {entry['id']}: order must be psm or spm")

    def marker(name: str) -> Marker:
        return Marker(token=tokens[name], text=texts[name])

    def separator(name: str) -> Marker | None:
        text = repository.get(name)
        return None if text is None else Marker(token=text, text=text)

    return Template(
        id=entry["id"],
        models=entry["models"],
        order=entry["order"],
        prefix=marker("prefix"),
        suffix=marker("suffix"),
        middle=marker("middle") if texts["middle"] else None,
        stops=tuple(entry["stops"]),
        requires=tuple(entry.get("requires", ())),
        named=entry.get("named", ""),
        repository_name=separator("name"),
        repository_file=separator("file"),
    )


@cache
def shipped_templates() -> tuple[Template, ...]:
    """The templates that come with Fimble."""
    return parse_templates(prompts.read("fim.toml"))


def named_after(model_name: str) -> list[Template]:
    """The templates whose families a model's name tells of; none if it doesn't."""
    name = _letters(model_name)
    return [
        template
        for template in shipped_templates()
        if any(_letters(family) in name for family in template.models.split(", "))
    ]


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def choose(
    templates: Iterable[Template], *, is_token: Callable[[str], bool], model_name: str
) -> Template:
    """Return the first template whose markers the vocabulary has.

    `is_token` says whether a text is exactly one control token. `model_name` is the name that the
    model's metadata gives. Raises NoFimMarkers.
    """
    for template in templates:
        needed = [marker.token for marker in template.markers()] + list(template.requires)
        if template.named in model_name.lower() and all(map(is_token, needed)):
            return template
    raise NoFimMarkers(
        f"The model {model_name or 'given'} has no fill-in-the-middle markers in its vocabulary, "
        "so it can't complete at the cursor; choose a Coder model (`fimble models list`)."
    )


def by_id(template_id: str) -> Template:
    """Return the shipped template of that id. Raises NoFimMarkers, naming those there are."""
    for template in shipped_templates():
        if template.id == template_id:
            return template
    known = ", ".join(template.id for template in shipped_templates())
    raise NoFimMarkers(f"There is no fill-in-the-middle template {template_id!r}; known: {known}.")


SELF_TEST_TOKENS = 12
"""Enough for the expected answer of the self-test."""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A gap with a known answer, asked when an engine gets ready."""

    prefix: str
    suffix: str
    expected: str

    def passed(self, answer: str) -> bool:
        """Whether the first line of the answer is the expected one, spaces aside."""
        first_line = answer.strip().split("\n")[0]
        return first_line.replace(" ", "") == self.expected.replace(" ", "")


@cache
def self_test() -> SelfTest:
    """The gap in `prompts/selftest.toml`."""
    return SelfTest(**tomllib.loads(prompts.read("selftest.toml")))
