"""Fetching a file from Hugging Face (or a mirror named in `HF_ENDPOINT`) over HTTP.

A download that was cut goes on where it ended (RFC 9110, range requests). The address names a
commit, so the file behind it can't change between two attempts; the caller checks the digest.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx

from lsp_server.models.catalog import HuggingFace
from lsp_server.models.store import size
from lsp_server.models.transfer import SourceFailed, Transfer

BACKOFF_SECONDS = (0.5, 1, 2, 4)
"""Waits between attempts that bring nothing new; after the last one the source has failed."""
_TIMEOUT = httpx.Timeout(15, connect=10)


class _Retry(Exception):
    """This attempt brought no complete file; the next may. The text is as in SourceFailed."""


def address(source: HuggingFace) -> str:
    """The URL of the source's file."""
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    return f"{endpoint.rstrip('/')}/{source.repository}/resolve/{source.revision}/{source.file}"


def download(source: HuggingFace, total: int, part: Path, transfer: Transfer) -> None:
    """Complete the file `part` to its `total` bytes, whatever of it is there already.

    Raises SourceFailed, Stopped, and OSError if the file can't be written.
    """
    try:
        client = httpx.Client(follow_redirects=True, timeout=_TIMEOUT)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise SourceFailed(f"can't be reached through the configured proxy ({error})") from error
    most, failures = size(part), 0
    with client:
        while size(part) < total:
            try:
                _attempt(client, address(source), total, part, transfer)
            except httpx.InvalidURL as error:
                raise SourceFailed(f"has no valid address ({error})") from error
            except (httpx.TransportError, _Retry) as error:
                reason = str(error) if isinstance(error, _Retry) else f"broke off ({error})"
                if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and not failures:
                    raise SourceFailed(f"can't be reached ({error})") from error
                failures = 0 if size(part) > most else failures + 1
                most = max(most, size(part))
                if failures > len(BACKOFF_SECONDS):
                    raise SourceFailed(reason) from error
                transfer.wait(BACKOFF_SECONDS[max(failures - 1, 0)])


def _attempt(client: httpx.Client, url: str, total: int, part: Path, transfer: Transfer) -> None:
    """Append to `part` what one request brings."""
    have = size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        start = _start(response, have, total)
        if start is None:
            part.unlink()
            raise _Retry("refused to go on with the download")
        with part.open("ab" if start else "wb") as file:
            for chunk in response.iter_raw():
                start += len(chunk)
                if start > total:
                    part.unlink()
                    raise SourceFailed(f"sent more than the {total:,} bytes of the file")
                file.write(chunk)
                transfer.report(f"Downloading {transfer.model_id}", start, total)
    if start < total:
        raise _Retry("broke off")


def _start(response: httpx.Response, have: int, total: int) -> int | None:
    """Offset in the file of the answer's first byte; None if the range was refused.

    Raises SourceFailed if this is not the file that was asked for.
    """
    status = response.status_code
    if status == 416:
        return None
    if status in (408, 429) or status >= 500:
        raise _Retry(f"answered with HTTP status {status}")
    if status not in (200, 206):
        raise SourceFailed(f"answered with HTTP status {status}")
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise SourceFailed("answered with a web page instead of the file")
    if status == 200:
        start, offered = 0, response.headers.get("Content-Length")
    else:
        extent = re.fullmatch(
            r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "")
        )
        if not extent or int(extent[1]) != have:
            return None
        start, offered = have, extent[2]
    if offered not in (None, "*", str(total)):
        raise SourceFailed(f"offers a file of {offered} bytes, and the model has {total}")
    return start
