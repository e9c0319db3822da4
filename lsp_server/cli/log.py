"""`fimble log`: what was sent to endpoints, if their setting `log` has it kept."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import datetime

from rich.console import Console
from rich.table import Column, Table

from lsp_server.agent.display import visible
from lsp_server.engines.remote import sent


def run(options: argparse.Namespace) -> int:
    """Print the latest requests, the newest last, or forget all of them."""
    path = sent.default_path()
    if options.clear:
        sent.clear(path)
        print("What was sent is no longer kept.")
        return 0
    requests = sent.read(path)[-options.last :]
    if options.json:
        for each in requests:
            print(json.dumps(asdict(each)))
    elif not requests:
        print(
            "Nothing is noted. Set fimble.remote.log, or `log` of another endpoint, to sizes or "
            "content to have noted what is sent there."
        )
    elif options.content:
        for each in requests:
            print(
                f"--- {_when(each)}  {visible(each.host, keep='')}  {visible(each.kind, keep='')}"
            )
            print(visible(each.content) if each.content is not None else "(not kept)")
    else:
        _print_table(requests)
    return 0


def _print_table(requests: list[sent.Sent]) -> None:
    sizes = (Column(name, justify="right", no_wrap=True) for name in ("Bytes", "Masked"))
    table = Table("Sent at", "To", "Request", *sizes, "Content")
    for each in requests:
        table.add_row(
            _when(each),
            visible(each.host, keep=""),
            visible(each.kind, keep=""),
            f"{each.bytes:,}",
            str(each.masked),
            "kept" if each.content is not None else "-",
        )
    Console().print(table)


def _when(request: sent.Sent) -> str:
    return datetime.fromtimestamp(request.time).isoformat(" ", "seconds")
