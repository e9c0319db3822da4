"""The chat with the agent over the Language Server Protocol.

The words are those of the Agent Client Protocol, and sessions begun there are found here, too.
Requests of the client, each with `"session": string` but the first two:

- `fimble/chat/begin`: `{"mode"?: "plan" | "ask" | "edit" | "all"}`. The answer is `{"sessionId",
  "cwd", "updatedAt", "title"?, "mode", "modes": [{"id", "name", "description"}], "notes":
  [string], "trust": boolean}`. Notes are sentences for the user: which files a crash has left half
  done, and what waits for his trust. With `trust` something does, and the last note says what.
- `fimble/chat/list`: `{"sessions": [{"sessionId", "cwd", "updatedAt", "title"?}]}`, the latest
  first.
- `fimble/chat/resume`: as `begin`, and `"history": [{"turn": number, "event"}]`: what was said, as
  payloads of `session/update`, without differences, and behind a turn that did not end by itself
  what `prompt` is answered with, without the answer; its reason is `interrupted` if the server was
  gone before the turn had ended, and `running` if another server is at it. And `"usage": {"used":
  number, "size": number} | null`: how many tokens of the model's window were used when that was
  last told.
- `fimble/chat/fork`: `{"turn"?: number}`, the last that is taken over; the answer as of `begin`.
- `fimble/chat/delete`; `fimble/chat/export`, whose answer is all that is stored.
- `fimble/chat/prompt`: `{"text": string}`. Answered at the end of the turn: `{"stopReason":
  "end_turn" | "max_tokens" | "max_turn_requests" | "refusal" | "cancelled" | "error", "answer",
  "files": [string], "problem"?: string}`.
- `fimble/chat/cancel`: the turn ends as `cancelled`.
- `fimble/chat/setMode`: `{"mode"}`; holds at once.
- `fimble/chat/trust`, without a session: `{"trusted": boolean}`, whether the folder's own
  `AGENTS.md`, `.fimble` and `.mcp.json` have a say from the next turn on.
- `fimble/chat/mentions`, without a session: `{"text": string}`, what was typed behind an `@`;
  may be empty. The answer is `{"items": [{"mention": string, "kind": "file" | "folder" |
  "symbol" | "special", "detail": string}]}`, at most 20, the likeliest first. A mention has its
  `@`, and quotes where it needs them; it is meant to take the place of what was typed.
- `fimble/chat/changes`: `{"turn"?: number}`, else the latest that changed something. The answer is
  `{"turn": number, "files": [{"path", "before": string | null, "after": string | null, "undone":
  boolean, "binary"?: true}]}`: what files were ahead of the turn and what it left, also what its
  commands changed. Both are contents for an editor that shows differences, with nothing escaped;
  what a file says now may be something else. `before` is null for a new file, `after` for one that
  was deleted. With `binary` both are null: the file is no UTF-8, a link, larger than 1 MB, or there
  are too many others. `undone`: the user took it back. `turn` is 0 if nothing was changed. Edits of
  open documents are known until the server ends.
- `fimble/chat/undo`: `{"turn"?: number, "paths"?: [string]}`. Without a turn it is the latest that
  changed something, or one of these files. `paths` are absolute; with them, the turn's other files
  stay as they are. The answer is `{"files", "merged", "message"}`.

In a turn the server sends

- `fimble/chat/event`: `{"session", "turn": number, "seq": number, "event"}`. An event is a payload
  of `session/update`, or, as the last of a turn, what `prompt` is answered with. An update of a
  call holds all of its text and its diffs, in the place of what was shown.
- `fimble/chat/ask`, a request: `{"sessionId", "toolCall", "options": [{"optionId", "name",
  "kind"}]}` as of `session/request_permission`, to be answered with `{"outcome": {"outcome":
  "selected", "optionId"} | {"outcome": "cancelled"}}`. With the turn it is cancelled, too.
- `workspace/applyEdit` for edits of open documents.

`fimble/didPublishDiagnostics`, client to server: `{"uri", "diagnostics": [Diagnostic]}`, all that
is known of an open document. The agent is told what its own edits bring.
"""

BEGIN = "fimble/chat/begin"
LIST = "fimble/chat/list"
RESUME = "fimble/chat/resume"
FORK = "fimble/chat/fork"
DELETE = "fimble/chat/delete"
EXPORT = "fimble/chat/export"
PROMPT = "fimble/chat/prompt"
CANCEL = "fimble/chat/cancel"
SET_MODE = "fimble/chat/setMode"
TRUST = "fimble/chat/trust"
MENTIONS = "fimble/chat/mentions"
CHANGES = "fimble/chat/changes"
UNDO = "fimble/chat/undo"
EVENT = "fimble/chat/event"
ASK = "fimble/chat/ask"
DID_PUBLISH_DIAGNOSTICS = "fimble/didPublishDiagnostics"
