"""Which workflow a request is for, by its words.

    route("rename parse to parse_line") -> Route("rename", subject="parse", value="parse_line")

Where the words don't tell, `route` gives None: then the model is asked to choose, from `CHOICES`.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import Literal

Name = Literal["question", "repair", "rename", "parameter", "change", "write_test", "command"]
CHOICES: tuple[Name, ...] = ("question", "repair", "change", "write_test")
"""What a request may be whose words don't tell; the others have a form that is recognised."""


@dataclass(frozen=True, slots=True)
class Route:
    """A workflow, and what its form of words gives it."""

    name: Name
    subject: str = ""
    """What to rename, to test, or the command."""
    value: str = ""
    """The new name."""
    parameter: str = ""
    default: str = ""
    """Of the parameter, as code."""


def route(text: str) -> Route | None:
    """Recognise a request; None if its words don't tell."""
    text = " ".join(text.split())
    if found := _command(text):
        return found
    if _QUESTION.match(text):
        return Route("question")
    for recognise in (_rename, _parameter, _write_test):
        if found := recognise(text):
            return found
    if _REPAIR.search(text):
        return Route("repair")
    if _CHANGE.match(text):
        return Route("change")
    return Route("question") if text.endswith("?") else None


def _command(text: str) -> Route | None:
    found = _RUN.fullmatch(text)
    if not found:
        return None
    if _ALL_TESTS.fullmatch(found["line"]):
        return Route("command")
    line = found["line"].strip("`").strip()
    is_quoted = found["line"].startswith("`")
    program = line.partition(" ")[0]
    if is_quoted or (program and shutil.which(program)):
        return Route("command", line)
    return None


def _rename(text: str) -> Route | None:
    if found := _RENAME.search(text):
        return Route("rename", _bare(found["old"]), _bare(found["new"]))
    return None


def _parameter(text: str) -> Route | None:
    found = _PARAMETER.search(text)
    if not found:
        return None
    named = found["before"] or found["after"]
    name, _, default = _bare(named).partition("=")
    name = name.partition(":")[0].strip()
    rest = text[found.end() :]
    told = _BY_DEFAULT.search(rest) or _DEFAULT.search(rest)
    default = default.strip() or (_code(told["value"]) if told else "")
    owner = _OWNER.search(rest)
    subject = found["given"] or (owner["owner"] if owner else "")
    if not name.isidentifier() or not subject:
        return None
    return Route("parameter", _bare(subject), "", name, default)


def _write_test(text: str) -> Route | None:
    found = _WRITE_TEST.search(text)
    return Route("write_test", _bare(found["of"])) if found else None


def _code(text: str) -> str:
    """A value as code, without the marks around."""
    return text if text[0] in "'\"" else text.strip("`").rstrip(".,;")


def _bare(text: str) -> str:
    """A name or path without the marks around."""
    return text.strip("`'\".,;").removesuffix("()")


_SPOT = r"`[^`]+`|['\"]?[A-Za-z_][\w.]*(?:\(\))?['\"]?"
_KIND = (
    r"(?:(?:the|all|every|a|an|this|our|its|class|function|method|constant|variable|attribute|"
    r"helper|module-level|private|public|property|field|name|type)\s+)*"
)
_PLEASE = r"(?:please\s+|can you\s+|could you\s+|now\s+|then\s+)*"
_RUN = re.compile(
    rf"{_PLEASE}(?:run|execute)\s+(?:the\s+command\s+)?(?P<line>.+?)[.!]?", re.IGNORECASE
)
_ALL_TESTS = re.compile(r"(?:all\s+)?(?:(?:the|our|my)\s+)?(?:\w+\s+)?tests?(?:\s+suite)?", re.I)
_RENAME = re.compile(
    rf"\brename\s+{_KIND}(?P<old>{_SPOT})(?:\s+(?:in|of|from)\s+\S+)?(?:\s+{_KIND}\w+)?\s+"
    rf"(?:to|into|as)\s+{_KIND}(?P<new>{_SPOT})",
    re.IGNORECASE,
)
_SORT = r"(?:keyword(?:-only)?\s+)?(?:parameter|argument|option|kwarg|keyword|flag)\b"
_PARAMETER = re.compile(
    rf"\b(?:add|introduce|give\s+{_KIND}(?P<given>{_SPOT}))\s(?:(?!\bto\b).){{0,40}}?(?:"
    rf"(?P<before>`[^`]+`)\s+{_SORT}"
    rf"|{_SORT}\s+(?:named\s+|called\s+)?(?P<after>`[^`]+`|[A-Za-z_]\w*(?:=[\w.'\"-]+)?))",
    re.IGNORECASE,
)
_VALUE = r"(?P<value>`[^`]+`|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[\w.+-]+(?:\(\))?|\[\]|\{\})"
_BY_DEFAULT = re.compile(rf"{_VALUE}\s+by\s+default", re.IGNORECASE)
_DEFAULT = re.compile(
    rf"\b(?:defaulting|defaults?(?:\s+value)?)\s*(?:of|to|is|=|:)?\s*{_VALUE}",
    re.IGNORECASE,
)
_OWNER = re.compile(
    rf"\b(?:to|for|of|on|in)\s+{_KIND}(?P<owner>`[^`]+`|[A-Za-z_][\w.]*[\w])(?:\(\))?", re.I
)
_WRITE_TEST = re.compile(
    rf"\b(?:write|add|create)\s+(?:(?:a|an|one|some|new|unit|the|pytest|regression|small|simple)\s+)*"
    rf"tests?\b(?:\s+(?:case|function)s?)?\s+(?:for|of|that\s+covers|covering|to\s+cover)\s+{_KIND}"
    rf"(?P<of>{_SPOT})",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    rf"{_PLEASE}(?:where|what|which|who|how|why|when|is|are|does|do|did|explain|describe|find|"
    r"show|list|tell|summari[sz]e|can\s+\w+\s+be|in\s+which)\b",
    re.IGNORECASE,
)
_REPAIR = re.compile(
    r"\b(?:fix|repair|debug|mend)\b|\bfail(?:s|ing|ed|ure)?\b|\bbroken\b|\bbug\b"
    r"|\bmake\b.*\b(?:tests?|test_\w+)\b.*\bpass\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    rf"{_PLEASE}(?:in\s+\S+,?\s+)?(?:change|make|implement|modify|update|let|write|add|remove|"
    r"delete|replace|use|return|raise|handle|support|improve|refactor|simplify|optimi[sz]e|"
    r"extend|complete|rewrite|have|convert|document|stop|allow|ensure|finish)\b",
    re.IGNORECASE,
)
