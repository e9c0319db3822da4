"""A folder's own files that would have a say: none of them counts before the user trusts it.

`AGENTS.md` tells the model how to work there, `.fimble` has actions and prompts (who shows actions
reads them), `.mcp.json` names programs to start and addresses to talk to. The latter two count only
as they were when the user said so: what a later commit puts there is asked about anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.agent.decisions import Decisions
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.state import look
from lsp_server.core.tokens import first_lines
from lsp_server.errors import PathRefused
from lsp_server.models.store import WORKSPACE_CONFIG
from lsp_server.workspace.own_folder import digest
from lsp_server.workspace.secrets import holds_secret

RULES = "AGENTS.md"
SERVERS = ".mcp.json"
MAX_RULES_TOKENS = 1_000


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """What of a folder's own files counts now, and what waits for the user's word."""

    rules: str
    """What `AGENTS.md` says, cut where it is long; empty if it doesn't count."""
    servers: str
    """What `.mcp.json` says; empty if it doesn't count."""
    waiting: tuple[str, ...]
    """Files that are there and don't count."""
    is_decided: bool
    """The user has said yes or no to this folder as it is, so there is nothing to ask."""
    problems: tuple[str, ...] = ()
    """One sentence for each file that should count and can't be read."""

    @property
    def names(self) -> str:
        """Those that wait, as a sentence begins with them."""
        return " and ".join(filter(None, (", ".join(self.waiting[:-1]), *self.waiting[-1:])))

    @property
    def unheard(self) -> str:
        """That they don't count, as a sentence begins with it."""
        verb = "doesn't" if len(self.waiting) == 1 else "don't"
        return f"{self.names} of this folder {verb} count"


def own_files(workspace: Workspace, decisions: Decisions) -> OwnFiles:
    """Look at them. Waits for the disk; raises StoreError."""
    decided = decisions.trust_decided()
    problems: list[str] = []
    rules, there = _text(workspace, RULES, problems)
    if rules and holds_secret(rules):
        problems.append(f"{RULES} is not followed: a credential stands in it.")
        rules = ""
    servers, digested = _text(workspace, SERVERS, problems)
    own = digest(workspace.root / WORKSPACE_CONFIG)
    there_are = ((RULES, there), (SERVERS, digested), (WORKSPACE_CONFIG, own))
    waiting = tuple(name for name, found in there_are if found)
    if decided is None or not decided.trusted:
        return OwnFiles("", "", waiting, is_decided=decided is not None or not waiting)
    known = {SERVERS: decided.servers, WORKSPACE_CONFIG: decided.own}
    changed = tuple(name for name, now in there_are if now and now != known.get(name, now))
    servers = servers if digested == decided.servers else ""
    return OwnFiles(_cut(rules), servers, changed, not changed, tuple(problems))


def decide(workspace: Workspace, decisions: Decisions, *, trusted: bool) -> None:
    """Remember what the user said of the folder as it is now. Raises StoreError."""
    own = digest(workspace.root / WORKSPACE_CONFIG)
    decisions.trust(trusted, _text(workspace, SERVERS, [])[1], own)


def _text(workspace: Workspace, path: str, problems: list[str]) -> tuple[str, str]:
    """What a file says, and its digest; both are empty if there is none."""
    try:
        state = look(workspace, path)
        if state is None:
            return "", ""
        if state.is_link:
            problems.append(f"{path} doesn't count: it is a link; put a file there.")
            return "", state.digest
        return state.data.decode("utf-8-sig"), state.digest
    except PathRefused as problem:
        problems.append(str(problem))
    except UnicodeDecodeError:
        problems.append(f"{path} doesn't count: it is not in UTF-8; save it so.")
    return "", "unreadable"


def _cut(rules: str) -> str:
    text = "\n".join(rules.splitlines())
    return first_lines(text, MAX_RULES_TOKENS, f"[the rest of {RULES} is left out]").strip()
