"""Messages beyond the protocol, all under `fimble/`.

`fimble/status`, server to client: `{"state": "stopped" | "loading" | "ready" | "failed",
"message": string, "fraction"?: number, "error"?: string}` whenever the engine's state changes, and
while it loads with each whole percent. `error` is the name of a failure's class (`errors.py`). Once
keys have been answered, these figures are in it too, as in `fimble/stats`: `"latencyMs": {"p50":
number, "p95": number}`, `"promptTokensPerKey": {"mean": number, "p95": number}`, `"reuseRate":
number`.

`fimble/stats`, client to server, a request without parameters: what has been counted since the
server's start. A mean or a percentile (of the last 1,000 keys) is null while there is none.

- `"typing"`, `"idle"`: `{"requests", "promptTokens", "generatedTokens"}`, what the engine did while
  a key waited, and behind the user's back. Prompt tokens are those evaluated, not those reused; all
  that no answered key has waited for are `idle`.
- `"answers": {"model", "running", "remembered", "none"}`: keys by where their answer came from: a
  request of their own, a generation under way, text that was known; or nothing was asked.
- `"latencyMs": {"p50", "p95", "mean", "count"}`: from a key to its answer; `none` apart.
- `"promptTokensPerKey": {"mean", "p95"}`: those that an answered key waited for, where the engine
  tells (the local one does, and llama-server).
- `"promptCacheRate"`: part of all tokens of prompts that the engine, or the endpoint, had already
  and did not evaluate again, where it tells; or null.
- `"reuseRate"`: part of the answers, `none` apart, that needed no request of their own; or null.
- `"shown"`, `"accepted"` (whole), `"partlyAccepted"`, `"acceptedCharacters"`, `"rejected"`: of
  suggestions. Some 30 s later it is judged whether what was accepted still stands: `"judged"`,
  `"kept"`, `"keptRate"` (of those judged; or null).
- `"languages"`: for each language id the counts of suggestions, and `"latencyMs"`, from the start.

`fimble/health`, client to server, `{"look"?: boolean}`: how the engines do that the settings name.
With `look` each is asked for one token first. The result is `{"engines": [{"role": "fim" | "chat",
"name": string, "state": "unused" | "ready" | "down", "message": string, "answered": number,
"failed": number, "firstWordMs": number | null}]}`, in the order in which they are asked; `message`
says why one is down.
`fimble/discover`, client to server, a request without parameters: which model servers run on this
machine (`engines/remote/discovery.py`). They are looked for then and at no other time, on loopback
alone, for at most some 3 s. `{"servers": [{"url", "title", "dialect", "models": [{"name",
"fillsGaps"}]}]}`: `title` is what the server is called; `url`, `dialect` and a model's name are for
the settings of these names under `fimble.remote`; those that fill gaps, as far as that is known,
are the first.

`fimble/didFocus`, client to server: `{"textDocument": {"uri": string}, "position": Position}` when
the user goes to a document or begins to type there. The model reads what it would need, so that the
first suggestion comes sooner.

What became of a suggestion, client to server. `id` is the one argument of the item's `command`. All
are optional, and what is told counts instead of what is seen from the text
(`completion/feedback.py`); what makes no sense is passed over.

- the command `fimble.didAccept`, with `workspace/executeCommand`: all of it was inserted. Clients
  of the protocol run an item's command then.
- `fimble/didShow`: `{"id": string}`. From the first on, only what is told counts as shown.
- `fimble/didPartlyAccept`: `{"id": string, "acceptedLength": number}` when a word or a line of it
  was inserted; in all so many UTF-16 units of the item's `insertText`.
- `fimble/didReject`: `{"id": string}` when it was dismissed.

The command `fimble.explain`, `[{"uri": string, "range": Range, "message"?: string,
"instruction"?: string}]`: explain the code there, or a diagnostic's message, or do with the code
what an instruction says. The explanation, Markdown, is shown and is the result.

A client with a chat says so by `initializationOptions`, `{"fimble": settings, "chat": true}`. It is
then told of explanations by `fimble/explanation`, server to client, and no page is opened: `{"id":
string, "title": string, "text": string, "done": boolean, "problem"?: string}`. The text is all of
it so far, at most ten times a second; with `done` it has ended, and `problem` says in a sentence
what went wrong. The command fails then, too. Cancel the command's request to end it.

The command `fimble.explainError`, `[{"text": string, "uri"?: string}]`: explain a traceback, or
what else of an error was printed, likewise. `uri` is a document in whose folder it was.

The command `fimble.rewrite`, `[{"uri": string, "range": Range, "instruction": string}]`: change the
function there as is said, with `workspace/applyEdit`. The result is whether that was done.

The command `fimble.apply`, `[number]`: do what was offered under this number, with
`workspace/applyEdit`. Actions that a model works out have it where the client can't ask for an edit
later. The result is whether that was done.

The chat's messages are in `chat/messages.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lsp_server.engines.base import EngineStatus

STATUS = "fimble/status"
STATS = "fimble/stats"
HEALTH = "fimble/health"
DISCOVER = "fimble/discover"
EXPLANATION = "fimble/explanation"
DID_FOCUS = "fimble/didFocus"
DID_SHOW = "fimble/didShow"
DID_PARTLY_ACCEPT = "fimble/didPartlyAccept"
DID_REJECT = "fimble/didReject"

DID_ACCEPT = "fimble.didAccept"
EXPLAIN = "fimble.explain"
EXPLAIN_ERROR = "fimble.explainError"
REWRITE = "fimble.rewrite"
APPLY = "fimble.apply"
"""Commands."""


def status(change: EngineStatus, figures: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Parameters of `fimble/status`. `figures` are those of `fimble/stats`."""
    params: dict[str, Any] = {"state": change.state, "message": change.message}
    if change.fraction is not None:
        params["fraction"] = round(change.fraction, 3)
    if change.error:
        params["error"] = change.error
    if figures is not None and figures["latencyMs"]["count"]:
        latency = figures["latencyMs"]
        params["latencyMs"] = {"p50": latency["p50"], "p95": latency["p95"]}
        params["reuseRate"] = figures["reuseRate"]
        params["promptTokensPerKey"] = figures["promptTokensPerKey"]
    return params


def whole_percent(change: EngineStatus) -> int | None:
    """How much of the model is loaded; None where that is not known."""
    return None if change.fraction is None else int(100 * change.fraction)
