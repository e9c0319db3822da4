"""Templates that are not ours are rendered in Jinja's sandbox, within bounds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sized
from typing import Any

from jinja2 import StrictUndefined, TemplateRuntimeError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

MAX_OUTPUT = 200_000
"""Characters of what a template makes, and of each value that it makes on the way."""
SECONDS = 2.0
"""Of the thread's own time: on a busy machine no good template fails."""


def bounded(text: str, values: Mapping[str, object]) -> str:
    """Render a template. Raises TemplateError, also where a bound is crossed, and what else fails.

    A thread can't be ended from outside, so it looks by itself whether the time is over: at each
    call and operator, and at each piece of the result. A `range` has at most 100,000 numbers
    (`MAX_RANGE` of Jinja's sandbox).

    What remains: loops over long values, in one another, that call and write nothing are not
    ended, and what filters (`center`, `indent`) and the operator `~` make is measured only when
    it is written, given to a function or to another operator.
    """
    environment = _Bounded(time.thread_time() + SECONDS)
    pieces: list[str] = []
    size = 0
    for piece in environment.from_string(text).generate(**values):
        environment.check(piece)
        size += len(piece)
        if size > MAX_OUTPUT:
            raise _too_large()
        pieces.append(piece)
    return "".join(pieces)


class _Bounded(SandboxedEnvironment):
    """For one template and one time."""

    intercepted_binops = frozenset(("%", "*", "**", "+"))

    def __init__(self, end: float) -> None:
        """`end`: by the clock of `time.thread_time`."""
        super().__init__(undefined=StrictUndefined, autoescape=False)
        self._end = end

    def check(self, value: object) -> None:
        """Raises TemplateRuntimeError if the time is over, or a value is too large."""
        if time.thread_time() > self._end:
            raise TemplateRuntimeError(f"it takes longer than {SECONDS:g} seconds")
        if isinstance(value, Sized) and len(value) > MAX_OUTPUT:
            raise _too_large()
        if isinstance(value, int) and value.bit_length() > MAX_OUTPUT:
            raise _too_large()

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """What an operator makes of two values, none of the three too large."""
        self.check(left)
        self.check(right)
        if operator in ("*", "**") and _size(operator, left, right) > MAX_OUTPUT:
            raise _too_large()
        if operator == "%" and isinstance(left, str) and _WIDE_PERCENT.search(left):
            raise _too_large()
        made = super().call_binop(context, operator, left, right)
        self.check(made)
        return made

    def call(self, context: Context, called: Any, /, *args: Any, **named: Any) -> Any:
        """What a function gives. A large number that it is given may be a width."""
        for value in (*args, *named.values()):
            self.check(value)
            is_large = isinstance(value, int) and value > MAX_OUTPUT
            if is_large and called is not self.globals["range"]:
                raise _too_large()
        made = super().call(context, called, *args, **named)
        self.check(made)
        return made

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """As in Jinja's sandbox, but no text is made wide."""
        wrapped = super().wrap_str_format(value)
        if wrapped is not None and _WIDE_FIELD.search(value.__self__):
            raise _too_large()
        return wrapped


def _size(operator: str, left: Any, right: Any) -> int:
    """How large at least is what comes of it: characters, items or bits."""
    if operator == "**":
        are_whole = isinstance(left, int) and isinstance(right, int)
        return left.bit_length() * right if are_whole and abs(left) > 1 else 0
    for many, count in ((left, right), (right, left)):
        if isinstance(many, Sized) and isinstance(count, int):
            return len(many) * count
    return 0


def _too_large() -> TemplateRuntimeError:
    return TemplateRuntimeError(f"it makes more than {MAX_OUTPUT:,} characters")


_WIDE_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*[\d.]*(?:\d{6}|\*)")
_WIDE_FIELD = re.compile(r":[^{}]*(?:\d{6}|\{)")
"""Formats with a width that is large or stands elsewhere."""
