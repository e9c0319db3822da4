"""What a key costs while somebody types: our server, with its own model or with that of a real
llama-server (`remote`), and llama.vim with a real llama-server.

The same keys (`benchmarks/typist.py`) are typed at each side, one after the other, alone on the
machine: a key, the answer, a pause of a typing rhythm, the next key. Each side types the same code,
but accepts what it was shown itself. Our side is `fimble serve` over standard input and output; the
peer's is described in `benchmarks/llama_vim.py`. For `remote` the tokens are those that the
llama-server has counted (its `/metrics`): what it evaluated, also for requests that were cancelled,
and not what it had cached. A batch is counted when it is done, so on a machine that is too slow for
its prompts a part of what a jump costs is found at the key after it.

Prints one JSON object. Latencies are in ms from the key to the answer. They stand together (`all`)
and by where the answer came from: from a request for that key (`model`), from a generation that ran
already (`running`), else it was known or nothing was asked. Tokens are those of prompts that were
evaluated while a key waited; what was evaluated besides is `idle_prompt_tokens`. The first request
after a cursor jump is part of `all`, and apart in `jumps`; `typing` are the others. `ratios` are
ours divided by the peer's, also for the raw speeds of the two builds of llama.cpp.

    python -m benchmarks.typing --model qwen2.5-coder-1.5b --keys 500 --sides fimble remote peer
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from benchmarks import speed
from benchmarks.figures import ratio
from benchmarks.replay import Script, arguments, compare, measure
from lsp_server.models.discover import resolve


def main() -> None:
    """Run from the command line."""
    options = arguments("What a key costs while somebody types.", keys=500).parse_args()
    model = resolve(options.model)
    script = Script(options.keys, options.seed, options.think_ms / 1000)
    figures: dict[str, Any] = {}
    for name in options.sides:
        print(f"{name}: raw speed, then {script.keys} keys", file=sys.stderr)
        raw = speed.measure(name, model)
        figures[name] = asyncio.run(measure(name, model, script)) | {"tokens_per_second": raw}
    result = {"model": model.name, "seed": script.seed, "think_ms": options.think_ms} | figures
    if {"fimble", "peer"} <= figures.keys():
        ours, peer = figures["fimble"], figures["peer"]
        speeds = {
            f"{kind}_speed": ratio(ours["tokens_per_second"][kind], peer["tokens_per_second"][kind])
            for kind in ("prompt", "decode")
        }
        result["ratios"] = compare(ours, peer) | speeds
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
