"""Names that modules of Python's standard library export, one module a line.

python tools/standard_names.py > lsp_server/core/python_modules.txt
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType

FIRST = [
    "collections.abc",
    "typing",
    "collections",
    "pathlib",
    "dataclasses",
    "datetime",
    "functools",
    "itertools",
    "os",
    "sys",
    "re",
    "json",
    "time",
    "contextlib",
    "abc",
    "enum",
    "logging",
    "random",
    "math",
    "operator",
    "subprocess",
    "threading",
    "asyncio",
    "shutil",
    "tempfile",
    "unittest.mock",
    "urllib.parse",
]
"""Where a name is in several modules, it is most probably meant of one that stands here first.

These are marked with a `+`.
"""
SKIPPED = frozenset(
    [
        "__main__",
        "antigravity",
        "builtins",
        "genericpath",
        "idlelib",
        "lib2to3",
        "ntpath",
        "ossaudiodev",
        "posix",
        "posixpath",
        "test",
        "this",
        "tkinter",
        "turtledemo",
    ]
)
"""Not for import, or known under another name."""


def modules() -> Iterator[str]:
    """All public modules."""
    for name in sorted(sys.stdlib_module_names - SKIPPED):
        if not name.startswith("_"):
            yield name
            module = load(name)
            inside = getattr(module, "__path__", ())
            for found in pkgutil.walk_packages(inside, f"{name}.", onerror=str):
                parts = found.name.split(".")
                if not any(part.startswith("_") or part.startswith("test") for part in parts):
                    yield found.name
    yield "os.path"
    yield "tkinter"


def load(name: str) -> ModuleType | None:
    """A module; None where this system has it not."""
    try:
        return importlib.import_module(name)
    except Exception:
        return None


def exports(module: ModuleType) -> list[str]:
    """What it says that it exports, and what it defines itself; no modules in a package."""
    told = {name for name in getattr(module, "__all__", ()) if not is_inside(name, module)}
    defined = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", None) in (module.__name__, f"_{module.__name__}", None)
    }
    # What is defined beside `__all__` may be imported, but constants there are no part of it.
    return sorted(told | {name for name in defined if not told or callable(vars(module)[name])})


def is_inside(name: str, package: ModuleType) -> bool:
    """Whether a name is that of a package's module, which must be imported itself."""
    return getattr(getattr(package, name, None), "__name__", "") == f"{package.__name__}.{name}"


def main() -> None:
    """Print them."""
    warnings.simplefilter("ignore")
    known = {name: module for name in modules() if (module := load(name))}
    for name in sorted(known, key=lambda name: (FIRST.index(name) if name in FIRST else 99, name)):
        print(f"{'+' * (name in FIRST)}{name}:", *exports(known[name]))


if __name__ == "__main__":
    main()
