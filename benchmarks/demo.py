"""Complete real code with the default model, through the real server, as an editor would.

At each place the rest of a line, or several lines, are taken out of a file that the model has never
seen; the server is asked as if the user had just typed so far, and once more explicitly. What the
file says there is printed beside the suggestion.

    python -m benchmarks.demo [--model ID]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.client import Editor, editor

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Place:
    """A gap in a file: what is removed stands right behind the first occurrence of `after`."""

    file: str
    language: str
    after: str
    removed: str
    invoked: bool = False


PLACES = (
    Place("lsp_server/completion/window.py", "python", "    most = max(", "info.context_tokens"),
    Place("lsp_server/core/text.py", "python", "units = max(character, ", "0)"),
    Place(
        "lsp_server/core/text.py",
        "python",
        "        if start.row == end.row:\n",
        "            return self.lines[start.row][start.column : end.column]",
        invoked=True,
    ),
    Place(
        "benchmarks/samples/limiter.ts",
        "typescript",
        "const missing = ",
        "1 - bucket.tokens;",
    ),
    Place(
        "benchmarks/samples/limiter.ts",
        "typescript",
        "      if (bucket.tokens >= this.limits.burst) {\n",
        "        this.buckets.delete(client);",
    ),
    Place(
        "benchmarks/samples/limiter.ts",
        "typescript",
        "    if (bucket === undefined) {\n",
        "      bucket = { tokens: this.limits.burst, updated: now };\n"
        "      this.buckets.set(client, bucket);",
        invoked=True,
    ),
    Place(
        "benchmarks/samples/settings.rs",
        "rust",
        "return Err(ParseError::",
        "DuplicateKey { line, key });",
    ),
    Place(
        "benchmarks/samples/settings.rs", "rust", "        self.get(section, key)?.", "parse().ok()"
    ),
    Place(
        "benchmarks/samples/settings.rs",
        "rust",
        "pub fn keys(&self, section: &str) -> Vec<&str> {\n",
        "        match self.sections.get(section) {\n"
        "            Some(entries) => entries.keys().map(String::as_str).collect(),\n"
        "            None => Vec::new(),\n"
        "        }",
        invoked=True,
    ),
)


async def show(server: Editor, place: Place, console: Console) -> float:
    """Ask at one place and print the answer; returns the seconds it took."""
    text = (ROOT / place.file).read_text(encoding="utf-8")
    cursor = text.index(place.after + place.removed) + len(place.after)
    text = text[:cursor] + text[cursor + len(place.removed) :]
    line = text.count("\n", 0, cursor)
    column = cursor - (text.rfind("\n", 0, cursor) + 1)
    uri = (ROOT / place.file).as_uri()
    server.open(uri, place.language, text)
    started = time.perf_counter()
    item = await server.complete(uri, line, column, invoked=place.invoked)
    seconds = time.perf_counter() - started
    answer = "(nothing)" if item is None else str(item.insert_text)
    how = "asked for" if place.invoked else "typing"
    console.print(f"\n{place.file}:{line + 1}  ({how}, {seconds:.2f} s)", style="bold")
    shown = place.after.rstrip("\n").rpartition("\n")[2]
    console.print(f"    {shown}", style="dim", markup=False)
    for part in answer.split("\n"):
        console.print(f"  > {part}", style="green", markup=False)
    if answer.split() != place.removed.split():
        console.print("    the file says", style="dim")
        for part in place.removed.split("\n"):
            console.print(f"    {part}", style="dim", markup=False)
    return seconds


async def run(arguments: list[str]) -> None:
    """Start the server and ask at every place."""
    console = Console(highlight=False, soft_wrap=True)
    started = time.perf_counter()
    async with editor(arguments) as server:
        warm = "file:///warm-up.py"
        server.open(warm, "python", "import os\n\n")
        await server.complete(warm, 1, 0, invoked=False)
        console.print(f"Server and model ready after {time.perf_counter() - started:.1f} s.")
        times = [await show(server, place, console) for place in PLACES]
    console.print(
        f"\n{len(times)} answers, median {statistics.median(times):.2f} s, "
        f"slowest {max(times):.2f} s."
    )


def main() -> None:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(description="complete real code through the real server")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    options = parser.parse_args()
    asyncio.run(run(["--model", options.model]))


if __name__ == "__main__":
    main()
