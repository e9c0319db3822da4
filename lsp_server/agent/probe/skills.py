"""What else is to be known of a model: how it writes edits, code and copies; what it can find."""

from __future__ import annotations

import ast
import random
from collections.abc import Sequence
from dataclasses import replace

from lsp_server.agent.edits.blocks import Block, read_blocks
from lsp_server.agent.edits.ladder import apply
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.agent.edits.symbols import replace_symbol
from lsp_server.agent.probe import trial
from lsp_server.agent.probe.scorecard import EditFormat
from lsp_server.agent.probe.tasks import CopyTask, EditTask, FenceTask, Needle
from lsp_server.agent.probe.trial import Trial
from lsp_server.core.prompts import template
from lsp_server.core.syntax import Syntax
from lsp_server.engines.chat import ChatEngine, Message

SAMPLE_ROWS = 20
EDIT_TOKENS = 200
"""Of an answer; the longest that is wanted has half as many."""


async def edit(engine: ChatEngine, task: EditTask, form: EditFormat) -> Trial:
    """Have a definition changed. Raises FimbleError."""
    system = Message("system", template(f"agent/edit_{form}.md.j2").render())
    done = await _asked(engine, task.id, task.say, system, EDIT_TOKENS)
    return replace(done, right=is_edited(task, form, done.answer))


def is_edited(task: EditTask, form: EditFormat, answer: str) -> bool:
    """Whether an answer changes the file as it should, its layout apart."""
    text = task.before
    for block in read_blocks(answer).blocks:
        result = _put(task, form, text, block)
        if not isinstance(result, Applied):
            return False
        text = result.text
    try:
        return ast.dump(ast.parse(text)) == ast.dump(ast.parse(task.after))
    except (SyntaxError, ValueError):
        return False


def _put(task: EditTask, form: EditFormat, text: str, block: Block) -> Applied | Refused | None:
    if form == "blocks":
        return apply(text, block.old, block.new) if block.old else None
    syntax = Syntax.parse(text, "python")
    return replace_symbol(syntax, task.name, block.new) if syntax and block.old is None else None


async def fence(engine: ChatEngine, task: FenceTask) -> Trial:
    """Have code written. Raises FimbleError."""
    done = await _asked(engine, task.id, task.say)
    blocks = read_blocks(done.answer).blocks
    right = len(blocks) == 1 and all(text in blocks[0].new for text in task.holds)
    return replace(done, right=right)


async def copy(engine: ChatEngine, task: CopyTask) -> Trial:
    """Have a text repeated. Raises FimbleError."""
    done = await _asked(engine, task.id, task.say)
    return replace(done, right=task.text.strip("\n") in done.answer)


async def find(engine: ChatEngine, needle: Needle, tokens: int) -> Trial:
    """Have a fact found in a prompt of so many tokens, or few less. Raises FimbleError."""
    number = str(random.Random(tokens).randrange(1000, 10000))
    bare = await engine.count_chat(_haystack(needle, number, 0))
    sample = await engine.count_chat(_haystack(needle, number, SAMPLE_ROWS))
    rows = (tokens - bare) * SAMPLE_ROWS // (sample - bare)
    system, user = _haystack(needle, number, rows)
    done = await _asked(engine, f"{tokens} tokens", user.content, system)
    return replace(done, right=number in done.answer)


def _haystack(needle: Needle, number: str, rows: int) -> tuple[Message, Message]:
    chance = random.Random(rows)
    lines = [needle.row.format(row=row, value=chance.randrange(100, 1000)) for row in range(rows)]
    lines.insert(rows // 3, needle.fact.format(number=number))
    return trial.system((), "native"), Message("user", "\n".join((*lines, "", needle.question)))


async def _asked(
    engine: ChatEngine,
    task: str,
    say: str,
    system: Message | None = None,
    max_tokens: int = trial.MAX_TOKENS,
) -> Trial:
    messages: Sequence[Message] = (system or trial.system((), "native"), Message("user", say))
    answered, seconds = await trial.ask(engine, messages, max_tokens=max_tokens)
    return Trial(task, False, answered.usage, seconds, answered.text)
