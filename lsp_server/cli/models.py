"""`fimble models list | recommend | pull | path | remove`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from lsp_server.models import catalog, discover, store
from lsp_server.models.descriptions import Description, descriptions
from lsp_server.models.transfer import Progress as Stage


def run(options: argparse.Namespace) -> int:
    """Do what `options.action` names."""
    actions = {
        "list": _list,
        "recommend": _recommend,
        "pull": _pull,
        "path": _path,
        "remove": _remove,
    }
    return actions[options.action](options)


def _list(options: argparse.Namespace) -> int:
    rows = _rows()
    if options.all:
        rows += _described({row.model for row in rows})
    if options.json:
        print(json.dumps([asdict(row) for row in rows]))
        return 0
    table = Table(
        Column("Model", overflow="fold"),
        Column("Kind", no_wrap=True),
        Column("Size", no_wrap=True),
        *([Column("For", overflow="fold")] if options.all else []),
        Column("Where", overflow="fold"),
    )
    for row in rows:
        size = _megabytes(row.bytes) if row.bytes else ""
        roles = [", ".join(row.roles)] if options.all else []
        table.add_row(escape(row.model), row.kind, size, *roles, escape(row.where or _away(row)))
    Console().print(table)
    return 0


def _away(row: _Row) -> str:
    if row.origin == "catalogue":
        return f"not here; `fimble models pull {row.model}`"
    return f"described only; {' or '.join(row.get) or 'no source known'}"


@dataclass(frozen=True, slots=True)
class _Row:
    model: str
    kind: str
    """Billions of parameters and quantisation; empty if the catalogue doesn't know the model."""
    license: str
    """SPDX identifier; empty as `kind` is."""
    bytes: int
    where: str | None
    origin: str
    roles: tuple[str, ...] = ()
    """Empty if the model is not described."""
    context: int = 0
    """Tokens; 0 if that is not known."""
    get: tuple[str, ...] = ()
    """How else it comes onto the machine, if it can't be pulled."""
    parameters: int = 0
    active: int = 0
    """Parameters that one token goes through."""
    window: int = 0
    """Tokens that attention slides over; 0 if it sees all."""
    sources: tuple[str, ...] = ()
    """Where this was read."""


def _rows() -> list[_Row]:
    """The models that are here, then those that can be fetched."""
    known = {model.id: model for model in catalog.models()}
    found = discover.found()
    here = {item.name for item in found}
    return [
        *(
            _row(known.get(item.name), item.name, item.bytes, str(item.path), item.origin)
            for item in found
        ),
        *(
            _row(model, model.id, model.bytes, None, "catalogue")
            for model in known.values()
            if model.id not in here
        ),
    ]


def _row(known: catalog.Model | None, name: str, size: int, where: str | None, origin: str) -> _Row:
    if known is None:
        return _Row(name, "", "", size, where, origin)
    told = next(each for each in descriptions() if each.id == known.id)
    kind = f"{known.parameters / 1e9:.1f}B {known.quantisation}"
    return replace(_described_row(told), kind=kind, bytes=size, where=where, origin=origin, get=())


def _described(shown: set[str]) -> list[_Row]:
    """Models that can't be pulled, but are described."""
    return [_described_row(each) for each in descriptions() if each.id not in shown]


def _described_row(told: Description) -> _Row:
    file = told.file("Q4_K_M") or next(iter(told.files), None)
    sizes = [f"{told.parameters / 1e9:.1f}B"] if told.parameters else []
    if told.active != told.parameters:
        sizes.append(f"({told.active / 1e9:.1f}B active)")
    if file and file.quantisation:
        sizes.append(file.quantisation)
    return _Row(
        told.id,
        " ".join(sizes),
        told.license,
        file.bytes if file else 0,
        None,
        "described",
        told.roles,
        told.context,
        told.get,
        told.parameters,
        told.active,
        told.window,
        told.sources,
    )


def _recommend(options: argparse.Namespace) -> int:
    from lsp_server.cli import models_recommend

    return models_recommend.run(options)


def _pull(options: argparse.Namespace) -> int:
    from lsp_server.models.fetch import pull

    model = catalog.find(options.model)
    if options.json:
        path = pull(model, progress=_print_stages())
        print(json.dumps({"path": str(path)}))
        return 0
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Starting")

        def show(stage: Stage) -> None:
            total = stage.total or None
            bar.update(task, description=stage.stage, completed=stage.done, total=total)

        path = pull(model, progress=show)
    print(path)
    return 0


def _print_stages() -> Callable[[Stage], None]:
    """Print each stage, and each whole percent of it, as a line of JSON."""
    last: tuple[str, int] | None = None

    def show(stage: Stage) -> None:
        nonlocal last
        now = stage.stage, 100 * stage.done // stage.total if stage.total else 0
        if now != last:
            last = now
            print(json.dumps(asdict(stage)), flush=True)

    return show


def _path(options: argparse.Namespace) -> int:
    print(discover.resolve(options.model))
    return 0


def _remove(options: argparse.Namespace) -> int:
    freed = store.remove(catalog.find(options.model))
    print(f"{_megabytes(freed)} freed." if freed else f"{options.model} was not here.")
    return 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
