"""What is asked of a place in the code, and what is offered there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode
from lsp_server.settings import ActionSettings
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.index import Definition
from lsp_server.workspace.resolve import Library

Kind = Literal["quickfix", "refactor.rewrite", "source"]


@dataclass(frozen=True, slots=True)
class Edit:
    """Put a text in the place of the bytes from `start` to `end`."""

    start: int
    end: int
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """What an action makes of a document."""

    edits: tuple[Edit, ...]
    """In their order; they don't overlap."""
    by_model: bool = False
    """A model wrote it, so the user should look at it before it is made."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something that a tool of the client's finds wrong."""

    start: int
    end: int
    message: str
    source: str = ""
    """The tool, as it names itself; empty if it doesn't."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Make these edits, if the text is sound with them."""

    edits: tuple[Edit, ...]
    mends_syntax: bool = False
    """With them the text has fewer errors of syntax; without this mark it only has no more."""


@dataclass(frozen=True, slots=True)
class Mend:
    """Have a model write the code around a diagnostic anew."""

    request: Request
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Explain:
    """Have a model say what some code does, or what a message about it means."""

    request: Request
    start: int
    end: int
    message: str = ""
    """Of a diagnostic; empty if the code itself is to be explained."""
    instruction: str = ""
    """Of the user's, in the place of the usual question."""


@dataclass(frozen=True, slots=True)
class Document:
    """Have a model write what documents the function around a place."""

    request: Request


@dataclass(frozen=True, slots=True)
class Finish:
    """Have a model write the body of the function around a place."""

    request: Request


@dataclass(frozen=True, slots=True)
class Test:
    """Have a test of a function written, or have tests pass, by running them in the sandbox."""

    __test__ = False  # to pytest it looks like one

    request: Request
    does: Literal["write", "pass"]
    subject: str
    """The function as in `Owner.name`, or a test's id."""


@dataclass(frozen=True, slots=True)
class Simplify:
    """Have a model write the function around a place anew, shorter and plainer."""

    request: Request


@dataclass(frozen=True, slots=True)
class Annotate:
    """Have a model say of what types the function around a place has its parameters and result."""

    request: Request


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Have a model change the code at a place as the user says."""

    request: Request
    instruction: str


Written: TypeAlias = Mend | Document | Finish | Simplify | Annotate | Rewrite
"""What a model writes."""
Task: TypeAlias = Repair | Explain | Written | Test
"""What an action does. Each sort of what is written has its case in `resolve`."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be offered. Cheap to make: what takes time is done when it is chosen."""

    kind: Kind
    title: str
    task: Task
    diagnostic: int | None = None
    """Which of the request's diagnostics it mends."""
    is_preferred: bool = False
    """The one that is certain, of all that mend the same."""


@dataclass(frozen=True, slots=True)
class OwnAction:
    """An action of the user's own."""

    title: str
    does: Literal["rewrite", "explain"]
    instruction: str = field(repr=False)
    languages: tuple[str, ...] = ()
    """LSP language ids for which it is offered; all if there are none."""


class Names(Protocol):
    """What is asked of the workspace index, besides what `Library` says."""

    def definitions(self, name: str, limit: int = 20) -> list[Definition]:
        """Symbols of that name."""
        ...

    def referencing(self, name: str, limit: int = 20) -> list[tuple[str, int]]:
        """Files that use a name, those that use it most first."""
        ...

    def under(self, folder: str) -> list[str]:
        """The files in a folder and its folders."""
        ...

    def known_of(self, names: Sequence[str]) -> Mapping[str, int]:
        """Those of some names that the workspace uses or defines, with how often."""
        ...

    def digest(self, path: str) -> bytes | None:
        """None for a file that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The workspace around a document."""

    path: str = ""
    """Of the document, as the index knows it; empty if it lies elsewhere."""
    library: Library | None = None
    names: Names | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A selection, or a cursor, in one version of a document."""

    snapshot: Snapshot
    start: int
    end: int
    diagnostics: tuple[Diagnostic, ...] = ()
    """Those that touch the selection."""
    around: Surroundings = Surroundings()
    has_model: bool = False
    """Whether there is a model that can be asked."""
    can_test: bool = False
    """Whether tests can be run in a sandbox."""
    own: tuple[OwnAction, ...] = ()
    """Actions of the user's own."""
    settings: ActionSettings = field(default_factory=ActionSettings)
    """What the user wants to be offered."""

    @property
    def syntax(self) -> Syntax:
        """Of the snapshot, which must be parsed."""
        assert self.snapshot.syntax is not None
        return self.snapshot.syntax

    @property
    def is_cursor(self) -> bool:
        """Whether no more is selected than one name: some clients take that for the cursor."""
        selected = decode(self.syntax.data[self.start : self.end]).strip()
        return not selected or selected.isidentifier()

    def outline(self) -> Outline:
        """What the document defines and imports, in its workspace."""
        return Outline.of(self.syntax, self.around.path, self.around.library)
