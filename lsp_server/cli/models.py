"""`fimble models list | pull | path | remove`."""

from __future__ import annotations

import argparse
import json

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from lsp_server.models import catalog, discover, store
from lsp_server.models.transfer import Progress as Stage


def run(options: argparse.Namespace) -> int:
    """Do what `options.action` names."""
    return {"list": _list, "pull": _pull, "path": _path, "remove": _remove}[options.action](options)


def _list(options: argparse.Namespace) -> int:
    found = discover.found()
    here = {item.name for item in found}
    rows = [
        {
            "model": item.name,
            "bytes": item.bytes,
            "where": str(item.path),
            "origin": item.origin,
        }
        for item in found
    ] + [
        {"model": model.id, "bytes": model.bytes, "where": None, "origin": "catalogue"}
        for model in catalog.models()
        if model.id not in here
    ]
    if options.json:
        print(json.dumps(rows))
        return 0
    table = Table("Model", "Size", Column("Where", overflow="fold"))
    for row in rows:
        where = row["where"] or f"not here; `fimble models pull {row['model']}`"
        table.add_row(escape(str(row["model"])), _megabytes(row["bytes"]), escape(str(where)))
    Console().print(table)
    return 0


def _pull(options: argparse.Namespace) -> int:
    from lsp_server.models.fetch import pull

    model = catalog.find(options.model)
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


def _path(options: argparse.Namespace) -> int:
    print(discover.resolve(options.model))
    return 0


def _remove(options: argparse.Namespace) -> int:
    freed = store.remove(catalog.find(options.model))
    print(f"{_megabytes(freed)} freed." if freed else f"{options.model} was not here.")
    return 0


def _megabytes(size: object) -> str:
    return f"{int(str(size)) / 1e6:,.0f} MB"
