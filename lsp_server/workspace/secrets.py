"""Whether a text holds credentials, by detect-secrets' detectors that are hardly ever wrong.

Those that guess by entropy or by a variable's name are not asked. A detector is only loaded and
asked about a text in which something stands that all its secrets have: that is one quick search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

_DETECTORS = {
    "AKIA": ("aws", "AWSKeyDetector"),
    "AccountKey": ("azure_storage_key", "AzureStorageKeyDetector"),
    "ghp_": ("github_token", "GitHubTokenDetector"),
    "gho_": ("github_token", "GitHubTokenDetector"),
    "ghs_": ("github_token", "GitHubTokenDetector"),
    "glpat-": ("gitlab_token", "GitLabTokenDetector"),
    "_authToken": ("npm", "NpmDetector"),
    "T3BlbkFJ": ("openai", "OpenAIDetector"),
    "pypi-AgE": ("pypi_token", "PypiTokenDetector"),
    "SG.": ("sendgrid", "SendGridDetector"),
    "xox": ("slack", "SlackDetector"),
    "k_live_": ("stripe", "StripeDetector"),
}
"""Something that each secret of the kind holds, and what recognises it."""

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
            if next(_matches("private_key", "PrivateKeyDetector", text), None):
                yield key.span()
    for mark, (module, name) in _DETECTORS.items():
        if mark in text:
            yield from _matches(module, name, text)


def _matches(module: str, name: str, text: str) -> Iterator[tuple[int, int]]:
    for pattern in _patterns(module, name):
        for match in pattern.finditer(text):
            if not _SAMPLE.search(match[0]):
                yield match.span()


@cache
def _patterns(module: str, name: str) -> tuple[re.Pattern[str], ...]:
    detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
    return tuple(detector.denylist)
