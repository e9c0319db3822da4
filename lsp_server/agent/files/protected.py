"""Names that are written only with the user's approval, each time.

What they have in common: somebody else runs or obeys what is written there, without looking at it
again. A shell, git, an editor or a package manager runs it, a server that builds the code, or an
agent that takes it for instructions.

A `Makefile` and `conftest.py` run code too, but so does every source file that is imported or
tested: whoever runs them decides that, and commands have an approval of their own. They are written
every day, and a question each time would train the user to say yes.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Sequence

from lsp_server.agent.files.names import folded
from lsp_server.errors import PathRefused

STAND_IN_NS = 77_777_777_000
"""Time of change, in ns, of an empty file or folder that stands for a protected one that is missing
while a command runs: a minute after the clocks began."""


class NeedsApproval(PathRefused):
    """A protected file was to be written without the user's approval."""


def check_protected(path: str) -> None:
    """Raise NeedsApproval for a protected path."""
    if reason := is_protected(path):
        raise NeedsApproval(f"{path} is written only with approval: {reason}.")


def is_protected(path: str) -> str | None:
    """Why a path (relative to the root, with `/`) needs approval; None if it doesn't.

    Compared as the most forgiving file system would: case and compatibility forms are one.
    """
    names = [_plain(name) for name in path.split("/")]
    for pattern, reason in _RULES:
        if any(pattern.fullmatch("/".join(tail)) for tail in _tails(names)):
            return reason
    return None


def is_stand_in(status: os.stat_result) -> bool:
    """Whether it is one of those, and nobody has put anything into it."""
    is_empty = stat.S_ISDIR(status.st_mode) or status.st_size == 0
    return status.st_mtime_ns == STAND_IN_NS and is_empty


def _plain(name: str) -> str:
    """Without what other systems drop: dots and spaces at the end, a stream's name, the unseen."""
    plain = folded("".join(each for each in name if unicodedata.category(each) != "Cf"))
    plain = plain.partition(":")[0].rstrip(" .")
    return ".git" if _SHORT_GIT.fullmatch(plain) else plain


def _tails(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start:] for start in range(len(names))]


_SHORT_GIT = re.compile(r"git~\d+")
_GIT = "git obeys it, and may run programs that it names"
_SHELL = "a shell runs it"
_EDITOR = "editors obey it, and may run programs that it names"
_AGENT = "agents take it for instructions"
_PACKAGES = "package managers obey it, and may run programs or send data where it says"
_HOOKS = "it names programs that run on their own"
_SERVER = "a build server runs it, with the project's secrets"
_SECRET = "it holds settings and credentials that are not in the repository"
_TABLE = {
    _GIT: r"\.git(/.*)? | \.gitmodules | \.gitattributes | \.gitconfig | \.lfsconfig",
    _SHELL: r"\.(bashrc|bash_profile|bash_login|bash_logout|bash_aliases|profile|inputrc)"
    r"| \.(zshrc|zshenv|zprofile|zlogin|zlogout|kshrc|cshrc|tcshrc|login)"
    r"| config\.fish | \.envrc | \.ripgreprc",
    _EDITOR: r"\.(vscode|idea|zed|nvim|vim|fleet|devcontainer)(/.*)? | \.devcontainer\.json"
    r"| \.(exrc|vimrc|nvimrc|nvim\.lua|dir-locals\.el|dir-locals-2\.el) | .*\.code-workspace",
    _AGENT: r"\.(fimble|claude|cursor|codex|gemini|roo|cline|continue|windsurf|aider.*)(/.*)?"
    r"| \.mcp\.json | mcp\.json | \.fimbleignore | \.(cursor|cline|windsurf|roo)rules(/.*)?"
    r"| (agents|claude|gemini)(\.\w+)?\.md | \.github/copilot-instructions\.md",
    _PACKAGES: r"\.npmrc | \.yarnrc(\..*)? | \.yarn/(plugins|releases)/.* | \.pnpmfile\.c?js"
    r"| \.pypirc | pip\.conf | \.cargo/config(\.toml)? | \.bazelrc | \.gemrc | \.bundle/config",
    _HOOKS: r"\.pre-commit-config\.ya?ml | \.pre-commit-hooks\.ya?ml | \.husky(/.*)?"
    r"| \.?lefthook(-local)?\.(ya?ml|toml|json) | \.overcommit\.yml | sitecustomize\.py"
    r"| usercustomize\.py | .*\.pth",
    _SERVER: r"\.github/(workflows|actions)/.* | \.gitlab-ci\.yml | \.circleci/.* | \.travis\.yml"
    r"| azure-pipelines\.yml | jenkinsfile | \.buildkite/.* | \.drone\.yml"
    r"| bitbucket-pipelines\.yml",
    _SECRET: r"\.env(\..*)? | .*\.env | \.netrc | _netrc | \.ssh(/.*)? | \.gnupg(/.*)?"
    r"| \.aws(/.*)? | authorized_keys",
}
_RULES = [
    (re.compile(pattern, re.VERBOSE | re.DOTALL), reason) for reason, pattern in _TABLE.items()
]
