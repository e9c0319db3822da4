"""Where an import may lead: paths to try, in order.

Nothing is read but the index: search paths, `tsconfig.json`, `go.mod` and build files are not
known. So what a package is called is compared with the ends of paths, nearest to the importing file
first.
"""

from __future__ import annotations

import posixpath
import re
import sqlite3
from dataclasses import dataclass

MAX_FOUND = 20
FILES = "SELECT path FROM files WHERE path IN ({marks})"
FOLDER = "SELECT path FROM files WHERE folder = ? ORDER BY path LIMIT ?"
TAIL = "SELECT path FROM files WHERE tail >= ? AND tail < ? ORDER BY tail, path LIMIT ?"
_READ = 200
"""Rows with a fitting end that are compared."""
_MAX_BASES = 8
"""Folders around a file that are tried: the nearest, and the root."""
_ASKED_AT_ONCE = 500
"""SQLite takes a limited number of parameters."""

_EXTENSIONS = {
    "c": ("h", "c"),
    "cpp": ("h", "hh", "hpp", "hxx", "cpp", "cc"),
    "go": ("go",),
    "java": ("java",),
    "javascript": ("js", "jsx", "mjs", "cjs", "ts", "tsx"),
    "python": ("py", "pyi"),
    "rust": ("rs",),
    "tsx": ("ts", "tsx", "d.ts", "js", "jsx", "mts", "cts", "mjs", "cjs"),
    "typescript": ("ts", "tsx", "d.ts", "js", "jsx", "mts", "cts", "mjs", "cjs"),
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look, in three steps; the first that finds something decides."""

    from_path: str
    extensions: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()
    """Paths, the best first, each with a path that rules it out if it is there."""
    folders: tuple[str, ...] = ()
    """Folders all of whose files are meant; the first that has any counts."""
    tails: tuple[str, ...] = ()
    """Ends of paths as `tail` gives them."""

    def find(self, connection: sqlite3.Connection) -> list[str]:
        """The paths in the index."""
        asked = list({path for pair in self.files for path in pair if path})
        there: set[str] = set()
        for start in range(0, len(asked), _ASKED_AT_ONCE):
            some = asked[start : start + _ASKED_AT_ONCE]
            query = FILES.format(marks=", ".join("?" * len(some)))
            there |= {path for (path,) in connection.execute(query, some)}
        for path, unless in self.files:
            if path in there and unless not in there:
                return [path]
        for folder in self.folders:
            rows = connection.execute(FOLDER, (folder, _READ))
            if found := [path for (path,) in rows if self._fits(path)]:
                return found[:MAX_FOUND]
        for end in self.tails:
            rows = connection.execute(TAIL, (f"{end}/", f"{end}0", _READ))  # "0" follows "/"
            if found := [path for (path,) in rows if self._fits(path)]:
                return sorted(found, key=self._distance)[:MAX_FOUND]
        return []

    def _fits(self, path: str) -> bool:
        return path.rpartition(".")[2] in self.extensions

    def _distance(self, path: str) -> tuple[int, str]:
        return -len(posixpath.commonprefix((path, self.from_path))), path


def tail(path: str) -> str:
    """A path from its end, without extension, so that an index finds by how paths end.

    `a/b/c.py` and `a/b/c/__init__.py` give `c/b/a/`.
    """
    stem = re.sub(r"(\.d)?\.\w+$", "", path)
    parts = stem.split("/")
    if len(parts) > 1 and parts[-1] in ("__init__", "index", "mod"):
        parts.pop()
    return "/".join(reversed(parts)) + "/"


def places(module: str, from_path: str, language: str) -> Places:
    """Where a module may be that a file imports."""
    extensions = _EXTENSIONS.get(language, ())
    bases = _ancestors(from_path)
    match language:
        case "python":
            return _python(module, from_path, bases)
        case "javascript" | "typescript" | "tsx":
            return _javascript(module, from_path, bases, extensions)
        case "java":
            return _java(module, from_path, bases)
        case "rust":
            return _rust(module, from_path, bases)
        case "go":
            return _go(module, from_path)
        case "c" | "cpp":
            below = ("", "include/", "src/")
            files = [(base + under + module, "") for base in bases for under in below]
            extension = module.rpartition(".")[2]
            return Places(from_path, (extension,), tuple(files), tails=_tails(module))
        case _:
            return Places(from_path, extensions)


def _python(module: str, from_path: str, bases: list[str]) -> Places:
    name = module.lstrip(".")
    up = len(module) - len(name)
    inner = name.replace(".", "/")
    if up:
        base = bases[min(up, len(bases)) - 1]
        return Places(from_path, ("py", "pyi"), tuple((path, "") for path in _modules(base, inner)))
    # Modules beside a package's own are found under the package's name only.
    files = [
        (path, f"{base}__init__.py" if under == "" else "")
        for base in bases
        for under in ("", "src/")
        for path in _modules(base + under, inner)
    ]
    tails = _tails(inner) if "." in name else ()
    return Places(from_path, ("py", "pyi"), tuple(files), tails=tails)


def _modules(base: str, inner: str) -> list[str]:
    stem = base + inner
    package = f"{stem}/" if inner else base
    found = [f"{package}__init__.py", f"{package}__init__.pyi"]
    return [f"{stem}.py", f"{stem}.pyi", *found] if inner else found


def _javascript(
    module: str, from_path: str, bases: list[str], extensions: tuple[str, ...]
) -> Places:
    if module.startswith("."):
        stem = posixpath.normpath(posixpath.join(posixpath.dirname(from_path), module))
        return Places(from_path, extensions, _scripts(stem, extensions))
    alias = re.sub(r"^[@~#$]?/", "", module)
    files = [
        found
        for base in bases
        for under in ("", "src/")
        for found in _scripts(base + under + alias, extensions)
    ]
    package = module.rpartition("/")[2]
    for base in bases:  # a package of the same repository
        for inner in ("src/index", "index"):
            files += _scripts(f"{base}packages/{package}/{inner}", extensions)
    ours = alias != module or ("/" in module and not module.startswith("@"))
    tails = _tails(alias) if ours else ()
    return Places(from_path, extensions, tuple(files), tails=tails)


def _scripts(stem: str, extensions: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    if stem == ".":
        stem = "index"
    bare = re.sub(r"\.[mc]?jsx?$", "", stem)  # TypeScript is imported by its output's name
    paths = [stem] if "." in posixpath.basename(stem) else []
    paths += [
        f"{each}.{extension}" for each in dict.fromkeys((stem, bare)) for extension in extensions
    ]
    paths += [f"{stem}/index.{extension}" for extension in extensions]
    return tuple((path, "") for path in paths)


def _java(module: str, from_path: str, bases: list[str]) -> Places:
    whole = module.replace(".", "/")
    outer = whole.rpartition("/")[0]  # of a nested class
    names = [whole, outer] if outer else [whole]
    files = [(f"{base}{name}.java", "") for name in names for base in bases]
    folders = tuple(base + whole for base in bases)
    return Places(from_path, ("java",), tuple(files), folders, _tails(whole))


def _rust(module: str, from_path: str, bases: list[str]) -> Places:
    parts = module.split("::")
    name = from_path.rpartition("/")[2]
    own = bases[0] if name in ("mod.rs", "lib.rs", "main.rs") else f"{bases[0]}{name[:-3]}/"
    files: list[tuple[str, str]] = []
    if parts[0] in ("self", "super"):
        while parts and parts[0] in ("self", "super"):
            if parts.pop(0) == "super":
                own = own.rstrip("/").rpartition("/")[0]
                own = f"{own}/" if own else ""
        return Places(from_path, ("rs",), _rust_files(own, parts))
    if parts[0] == "crate":
        for base in [each for each in bases if each.endswith("src/")] or bases:
            files += _rust_files(base, parts[1:])
        return Places(from_path, ("rs",), tuple(files), tails=_tails("/".join(parts[1:])))
    files += [pair for pair in _rust_files(own, parts) if pair[0] != from_path]
    for base in bases:
        for crate in dict.fromkeys((parts[0], parts[0].replace("_", "-"))):
            for under in ("", "crates/"):
                files += _rust_files(f"{base}{under}{crate}/src/", parts[1:])
    return Places(from_path, ("rs",), tuple(files))


def _rust_files(base: str, parts: list[str]) -> tuple[tuple[str, str], ...]:
    """The module, or else those around it: the last names may be of items in one."""
    found: list[str] = []
    for count in range(len(parts), 0, -1):
        inner = "/".join(parts[:count])
        found += [f"{base}{inner}.rs", f"{base}{inner}/mod.rs"]
    found += [f"{base.rstrip('/')}.rs", f"{base}mod.rs", f"{base}lib.rs", f"{base}main.rs"]
    return tuple((path, "") for path in found)


def _go(module: str, from_path: str) -> Places:
    """The package's folder, under the module's path, which only `go.mod` would tell."""
    parts = module.split("/")
    hosted = "." in parts[0]
    most = len(parts) if hosted else min(2, len(parts))
    folders = ["/".join(parts[skipped:]) for skipped in range(most)]
    if hosted and len(parts) == 3:
        folders.append("")
    return Places(from_path, ("go",), folders=tuple(folders))


def _ancestors(path: str) -> list[str]:
    """The folders around a file, the nearest first, each empty or with a final `/`."""
    parts = path.split("/")[:-1]
    counts = list(range(len(parts), -1, -1))
    counts = counts[: _MAX_BASES - 1] + counts[_MAX_BASES - 1 :][-1:]
    return ["".join(f"{part}/" for part in parts[:count]) for count in counts]


def _tails(path: str) -> tuple[str, ...]:
    end = tail(path.strip("/")).rstrip("/")
    return (end,) if end else ()
