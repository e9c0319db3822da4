"""Whether a text holds credentials whose form alone tells that they are some.

The forms are those of detect-secrets' detectors that are hardly ever wrong, and our own of services
that it doesn't know. Of the library nothing but its patterns is used: what it has to try
credentials at their services, or to guess by entropy, is never called. A form is only looked for
in a text in which something stands that all its secrets have: that is one quick search.
`guesses` finds what is a credential only by the name it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module

_DETECTORS = {
    "PRIVATE KEY": ("private_key", "PrivateKeyDetector"),
    "AKIA": ("aws", "AWSKeyDetector"),
    "ASIA": ("aws", "AWSKeyDetector"),
    "AccountKey": ("azure_storage_key", "AzureStorageKeyDetector"),
    "ghp_": ("github_token", "GitHubTokenDetector"),
    "gho_": ("github_token", "GitHubTokenDetector"),
    "ghu_": ("github_token", "GitHubTokenDetector"),
    "ghs_": ("github_token", "GitHubTokenDetector"),
    "ghr_": ("github_token", "GitHubTokenDetector"),
    "glpat-": ("gitlab_token", "GitLabTokenDetector"),
    "gldt-": ("gitlab_token", "GitLabTokenDetector"),
    "glrt-": ("gitlab_token", "GitLabTokenDetector"),
    "glptt-": ("gitlab_token", "GitLabTokenDetector"),
    "_authToken": ("npm", "NpmDetector"),
    "T3BlbkFJ": ("openai", "OpenAIDetector"),
    "pypi-AgE": ("pypi_token", "PypiTokenDetector"),
    "SG.": ("sendgrid", "SendGridDetector"),
    "sq0csp-": ("square_oauth", "SquareOAuthDetector"),
    "xox": ("slack", "SlackDetector"),
    "hooks.slack.com": ("slack", "SlackDetector"),
    "k_live_": ("stripe", "StripeDetector"),
}
"""Something that each secret of the kind holds, and what recognises it."""

_FORMS = {
    # OpenAI, Anthropic, OpenRouter; DeepSeek, SiliconFlow and others go without a second word
    "sk-": r"sk-(?:(?:proj|svcacct|admin|ant-\w{1,12}|or-v1)-[\w-]{20,300}|[a-zA-Z0-9]{32,64}\b)",
    "github_pat_": r"github_pat_\w{36,120}",
    "npm_": r"npm_[A-Za-z0-9]{36}\b",
    "AIza": r"AIza[\w-]{35}",
    "GOCSPX-": r"GOCSPX-[\w-]{28}",
    "hf_": r"hf_[A-Za-z0-9]{30,40}\b",
    "xapp-": r"xapp-\d-[A-Z0-9]{5,20}-\d{5,20}-[a-z0-9]{20,80}",
    "webhooks/": r"discord(?:app)?\.com/api/webhooks/\d{10,25}/[\w-]{60,80}",
    ":AA": r"\d{8,10}:AA[\w-]{33}\b",  # Telegram
    "SK": r"SK[0-9a-f]{32}\b",  # Twilio
    "-us": r"[0-9a-f]{32}-us\d{1,2}\b",  # Mailchimp
    "shp": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b",
    "dop_v1_": r"dop_v1_[0-9a-f]{64}\b",
    "dapi": r"dapi[0-9a-f]{32}\b",
    "glsa_": r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b",
    "hvs.": r"hvs\.[\w-]{24,120}",
    "whsec_": r"whsec_[A-Za-z0-9+/]{32,64}",
    "AGE-SECRET-KEY-1": r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    "SharedAccessKey=": r"SharedAccessKey=[A-Za-z0-9+/]{43}=",
}
"""The same of kinds that it doesn't know."""

_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
"""No word goes on there; what stands before may be an escape, as in the arguments of calls."""
_MARKS = [mark for mark in (*_DETECTORS, *_FORMS) if mark != "PRIVATE KEY"]

_KEY = re.compile(r"PRIVATE KEY( BLOCK)?-----[\s\\nr\"'+,#*/]{0,80}[A-Za-z0-9+/=]{40}")
"""A key, and not only the words that one starts with, which code about keys has too."""
_SAMPLE = re.compile("EXAMPLE")


def holds_secret(text: str) -> bool:
    """Whether a credential stands in a text."""
    return next(secrets(text), None) is not None


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where credentials stand in a text: start and end of each; of a key, of its beginning."""
    if "PRIVATE KEY" in text:
        for key in _KEY.finditer(text):
            if next(_matches(_patterns("PRIVATE KEY"), text), None):
                yield key.span()
    yield from tokens(text, marks(text))


def marks(text: str) -> list[str]:
    """What of the beginnings of credentials stands in a text; with none, it has no `tokens`."""
    return [mark for mark in _MARKS if mark in text]


def tokens(text: str, found: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where credentials stand that are on one line: all but keys. `found`: the text's marks."""
    for mark in found:
        yield from _matches(_patterns(mark), text)


def _matches(patterns: tuple[re.Pattern[str], ...], text: str) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            if not _SAMPLE.search(match[0]):
                yield match.span()


@cache
def _patterns(mark: str) -> tuple[re.Pattern[str], ...]:
    if mark in _FORMS:
        return (re.compile(_START + _FORMS[mark]),)
    module, name = _DETECTORS[mark]
    detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
    return tuple(detector.denylist)
