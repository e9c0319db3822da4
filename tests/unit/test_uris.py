"""From URIs to paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.core.uris import path_of


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b%20c.py", "/a/b c.py"),
        ("file://localhost/a.py", "/a.py"),
        ("file:///c%3A/x/y.py", "C:/x/y.py"),
        ("file:///D:/x", "D:/x"),
        ("file://host/share/x", "//host/share/x"),
    ],
)
def test_files(uri: str, path: str) -> None:
    assert path_of(uri) == Path(path)


@pytest.mark.parametrize("uri", ["", "untitled:Untitled-1", "https://a/b", "x://[", "file://"])
def test_what_is_no_file(uri: str) -> None:
    assert path_of(uri) is None
