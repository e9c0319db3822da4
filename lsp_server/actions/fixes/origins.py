"""Where a name may be imported from, by what is known of the workspace and the standard library.

Nothing is imported to find out. How other files of the workspace import a name tells most, for
that covers packages that are nowhere else known.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lsp_server.actions.action import Request
from lsp_server.actions.fixes.modules import module_of
from lsp_server.core.import_place import imported
from lsp_server.core.imports import Import
from lsp_server.core.references import MIN_LENGTH
from lsp_server.core.standard import exporters, exports, is_common, is_standard
from lsp_server.core.text import encode

MAX_FILES = 20
"""Files that use a name, whose imports are looked at."""
_DEFINED, _USED, _OWN = 1, 2, 6
"""How much it weighs that the workspace defines a name in a module, that another file imports it
from there, and that the document imports from that module already."""
_MODULES = ("", "*")
_JOINED = re.compile(rb"[\w.](?=\w)")


def origins(name: str, start: int, request: Request) -> tuple[list[Import], bool]:
    """What may be imported to have a name, the likeliest first; and whether the first is sure.

    `start`: the byte at which it is used.
    """
    counts = Counter[Import]()
    counts.update(dict(_as_others(name, request)))
    taken: Sequence[str] = ()
    if request.syntax.grammar == "python":
        taken = _taken(name, request.syntax.data, start)
        for item in _defined(name, request):
            counts.setdefault(item, _DEFINED)
        for item in _standard(name, taken):
            counts.setdefault(item, 0)
    own = {each.module for each in imported(request.syntax)}
    ranks = {
        item: _rank(item, count, name, own, taken)
        for item, count in counts.items()
        if not _lacks(item, taken)
    }
    found = sorted(ranks, key=lambda item: ranks[item], reverse=True)
    return found, bool(found) and _is_sure(found, ranks)


Rank = tuple[bool, int, int]


def _is_sure(found: Sequence[Import], ranks: Mapping[Import, Rank]) -> bool:
    """Whether more speaks for the first than the order of the standard library's modules.

    That a module far inside of it is the only one known to have such a name does not suffice.
    """
    first = found[0]
    simple = [each for each in found[1:] if is_standard(each.module) and "." not in each.module]
    if simple and ranks[first][1] <= _DEFINED and not is_standard(first.module):
        return False  # defined in the workspace, but not known to be used
    if len(found) > 1 and ranks[first][:2] == ranks[found[1]][:2]:
        return is_common(first.module) and ranks[first] > ranks[found[1]]
    is_remote = bool(first.name) and is_standard(first.module) and "." in first.module
    return ranks[first][1] > 0 or not is_remote or is_common(first.module)


def _rank(item: Import, count: int, name: str, own: set[str], taken: Sequence[str]) -> Rank:
    """How likely an import is meant: the larger, the more."""
    order = exporters(name)
    place = -order.index(item.module) if item.name == name and item.module in order else 1
    is_module = not item.name and item.module.partition(".")[0] == name
    fits = exports(name) is None or is_module == bool(taken)
    return fits, count + _OWN * (item.module in own), place


def _lacks(item: Import, taken: Sequence[str]) -> bool:
    """Whether a module of the standard library has not what is taken from it."""
    name = item.module.partition(".")[0]
    exported = exports(name) if not item.name and not item.alias else None
    if exported is None or not taken or taken[0] in exported:
        return False
    if exports(f"{name}.{taken[0]}") is not None:
        return item.module != f"{name}.{taken[0]}"  # that is a module of its own
    return "." not in item.module and not exported.intersection(taken)


def _taken(name: str, data: bytes, start: int) -> list[str]:
    """The attributes that a file takes from a name, what it takes at a place first."""
    found = [
        match
        for match in re.finditer(re.escape(encode(name)) + rb"\s*\.\s*(\w+)", data)
        if not _JOINED.match(data, max(0, match.start() - 1))
    ]
    found.sort(key=lambda match: match.start() != start)
    return [match[1].decode(errors="replace") for match in found]


def _as_others(name: str, request: Request) -> Iterator[tuple[Import, int]]:
    """How other files of the workspace import a name, with what that weighs."""
    names, library, own = request.around.names, request.around.library, request.around.path
    if names is None or library is None:
        return
    counts = Counter[Import]()
    users = [path for path, _ in names.referencing(name, MAX_FILES)]
    if len(name) < MIN_LENGTH:  # the index has no uses of such names
        users = names.under(posixpath.dirname(own))[:MAX_FILES]
    for path in users:
        if path == own:
            continue
        for item in library.imports(path):
            if not _binds(item, name):
                continue
            moved = _moved(item, path, request)
            if moved is not None:
                counts[moved] += _USED
    yield from counts.items()


def _binds(item: Import, name: str) -> bool:
    """Whether an import gives a file a name."""
    if item.alias:
        return item.alias == name
    if item.name in _MODULES:
        return item.name == "" and item.module.partition(".")[0] == name
    return item.name == name


def _moved(item: Import, path: str, request: Request) -> Import | None:
    """The same import as the document would write it."""
    item = replace(item, alias="" if item.alias == item.name else item.alias)
    if not item.module.startswith("."):
        return item
    own, library = request.around.path, request.around.library
    assert library is not None
    if posixpath.dirname(path) == posixpath.dirname(own):
        meant = (item.module, f"{item.module.rstrip('.')}.{item.name}")
        is_own = any(own in library.find_module(m, own, request.syntax.grammar) for m in meant)
        return (
            None if is_own else replace(item, alias="" if item.alias == item.name else item.alias)
        )
    if request.syntax.grammar != "python":
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), item.module))
        relative = posixpath.relpath(target, posixpath.dirname(own) or ".")
        return replace(item, module=relative if relative.startswith(".") else f"./{relative}")
    places = library.find_module(item.module, path, "python")
    module = module_of(places[0], request) if places else None
    return None if module is None or places[0] == own else replace(item, module=module)


def _standard(name: str, taken: Sequence[str]) -> Iterator[Import]:
    exported = exports(name)
    inner = [f"{name}.{each}" for each in taken if each not in (exported or ())]
    dotted = [each for each in inner if exports(each) is not None]
    if exported is not None:
        yield Import(dotted[0] if dotted else name, "", "")
    for module in exporters(name):
        yield Import(module, name, "")


def _defined(name: str, request: Request) -> Iterator[Import]:
    """From the files of the workspace that define it."""
    names, library = request.around.names, request.around.library
    if names is None or library is None:
        return
    own = request.around.path
    for each in names.definitions(name):
        if each.symbol.container or each.path == own or not each.path.endswith((".py", ".pyi")):
            continue
        if not any(s.name == name and not s.container for s in library.in_module(each.path)):
            continue  # it is gone from the document that is open
        module = module_of(each.path, request)
        if module is not None:
            yield Import(module, name, "")
    for place in library.find_module(f".{name}", own, "python")[:1]:
        in_package = names.digest(posixpath.join(posixpath.dirname(own), "__init__.py")) is not None
        if place != own:
            yield Import(".", name, "") if in_package else Import(name, "", "")
