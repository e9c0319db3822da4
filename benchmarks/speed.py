"""Raw speed of both builds of llama.cpp: a prompt of about 300 tokens, then 32 tokens, greedy.

Beside a comparison of two programs it shows what is due to the builds. Ours is run in a child
process with the worker's environment. Prints one JSON object; figures are tokens a second.

    python -m benchmarks.speed --model qwen2.5-coder-0.5b
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import httpx

from benchmarks import bare
from benchmarks.sides import REQUEST_SECONDS, SideName, peer_server
from benchmarks.sources import installed
from lsp_server.models.discover import resolve

Speed = dict[Literal["prompt", "decode"], float]
CHARACTERS = 1200
"""Of code, about 300 tokens."""
DECODED = 32
TIMES = 3
"""The best counts: anything else on the machine only makes it slower."""


def measure(name: SideName, model: Path) -> Speed:
    """Tokens a second of one side's llama.cpp; nothing else of it runs meanwhile."""
    if name != "fimble":
        return _peer(model)
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", "--bare", str(model)],
        capture_output=True,
        check=True,
    )
    speed: Speed = json.loads(child.stdout)
    return speed


def _prompt() -> str:
    return installed()[0].text[:CHARACTERS]


def _peer(model: Path) -> Speed:
    body = {
        "prompt": _prompt(),
        "n_predict": DECODED,
        "cache_prompt": False,
        "ignore_eos": True,
        "temperature": 0.0,
    }
    with peer_server(model) as url:
        timings = [
            httpx.post(f"{url}/completion", json=body, timeout=REQUEST_SECONDS).json()["timings"]
            for _ in range(TIMES)
        ]
    return {
        "prompt": round(max(t["prompt_per_second"] for t in timings), 1),
        "decode": round(max(t["predicted_per_second"] for t in timings), 1),
    }


def _bare(model: Path) -> Speed:
    """In this process, in which llama.cpp must not have been loaded yet."""
    llama = bare.load(model)
    runs = [bare.write(llama, _prompt(), "", DECODED) for _ in range(TIMES)]
    return {
        "prompt": round(max(run.prompt_tokens_per_second for run in runs), 1),
        "decode": round(max(run.tokens / run.seconds for run in runs), 1),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Raw speed of both builds of llama.cpp.")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        print(json.dumps(_bare(options.bare)))
        return
    model = resolve(options.model)
    names: tuple[SideName, ...] = ("fimble", "peer")
    print(json.dumps({name: measure(name, model) for name in names}, indent=2))


if __name__ == "__main__":
    main()
