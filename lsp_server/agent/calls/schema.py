"""What passes between a model and its tools: definitions, calls, and pieces of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CUT_OFF = "cut off inside a text"
"""A repair: the answer ended, or its call was closed, before a text was. What is there of that text
may be half of it, so nothing should be written from it."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a model sees it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """A JSON schema of type object. Besides the standard's types, `dict`, `float`, `tuple` and
    `any` are understood. A property may list other names for itself under `x-aliases`."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """The schema of each argument, by its name."""
        properties: Mapping[str, Any] = self.parameters.get("properties", {})
        return properties

    @property
    def required(self) -> tuple[str, ...]:
        """The arguments that a call must have."""
        return tuple(self.parameters.get("required", ()))


@dataclass(frozen=True, slots=True)
class Call:
    """A call that fits its tool's schema."""

    name: str
    arguments: Mapping[str, Any]
    repairs: tuple[str, ...] = ()
    """What had to be guessed, one phrase each; they hold names of arguments, never their values."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that was meant as a call, and can't be made one."""

    text: str
    """What the model wrote."""
    problem: str
    """One sentence to give back to it."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Text for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """Text of a model that thinks aloud before it answers."""

    text: str


Piece = Prose | Thought | Call | Rejected
