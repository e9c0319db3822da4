"""Sorts of actions that the user's settings leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from lsp_server.actions.action import Request
from lsp_server.actions.offer import PROVIDERS, offered
from lsp_server.settings import ActionSettings, ActionSort
from tests.unit.actions.test_mend import asked

BODY = "".join(f"    {name} = a\n" for name in "bcdef")
CODE = f"import os\n\n\ndef f(a):\n{BODY}    return «Path(a)\n"


def sorts(request: Request, *disabled: ActionSort) -> list[str]:
    settings = ActionSettings(disabled=disabled)
    found = offered(replace(request, settings=settings))
    return list(dict.fromkeys(each.title.split()[0] for each in found))


def test_each_sort_is_known() -> None:
    assert tuple(PROVIDERS) == get_args(ActionSort)


def test_what_is_disabled_is_not_offered() -> None:
    asking = asked(CODE, message="Path is odd")
    every = ["Import", "Fix:", "Document", "Add", "Simplify", "Explain:"]
    assert sorts(asking) == every
    disabled: tuple[ActionSort, ...] = (
        "repair", "fix", "document", "types", "simplify", "explain",
    )  # fmt: skip
    for number, sort in enumerate(disabled):
        left = sorts(asking, sort)
        assert left == every[:number] + every[number + 1 :]
    assert offered(replace(asking, settings=ActionSettings(enabled=False))) == []


def test_without_rules_a_model_is_asked() -> None:
    asking = asked(CODE, message='"Path" is not defined')
    assert "Fix:" not in sorts(asking)
    assert sorts(asking, "repair")[0] == "Fix:"


def test_a_name_is_no_selection() -> None:
    """Eglot sends what is at the cursor as if it were selected: a name, or all of a function."""
    asking = asked(CODE, message="Path is odd")
    named = replace(asking, end=asking.start + len("Path"))
    assert sorts(named) == sorts(asking)
    selected = replace(asking, end=asking.start + len("Path(a)"))
    assert sorts(selected) == ["Import", "Fix:", "Explain"]
    whole = replace(asking, start=CODE.index("def"), end=len(CODE.replace("«", "").rstrip()))
    assert sorts(whole) == ["Import", "Fix:", "Document", "Add", "Simplify", "Explain"]
    of_function = replace(named, diagnostics=())
    assert offered(of_function, ["source"])[0].title == "Explain `f`"
