"""Looking for model servers goes to this machine's own addresses, and to no other port of them."""

from __future__ import annotations

import pytest

from lsp_server.engines.remote.discovery import PORTS, find
from tests.connections import Connections
from tests.http_endpoint import endpoint, reply

HERE = {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    "host", ["192.0.2.7:7000", "gpu.example:7000", "http://gpu.example", "https://127.0.0.1:7000"]
)
async def test_where_ollama_listens_elsewhere_nobody_is_asked(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    with Connections() as made:
        await find()
    assert {host for host, _ in made} <= HERE
    assert {port for _, port in made} == {11434, *PORTS}


async def test_no_answer_leads_elsewhere() -> None:
    async with endpoint() as served, endpoint() as other:
        port = int(served.url.rpartition(":")[2])
        moved = {"Location": f"{other.url}/v1", "Refresh": f"0; url={other.url}"}
        headers = "".join(f"{name}: {value}\r\n" for name, value in moved.items())
        told = {"version": "1", "url": other.url, "remote_host": other.url, "data": []}
        for status in (200, 301, 307, 308, 401, 404, 500):
            answer = reply(told, status=status, headers=headers)
            served.before_routes = lambda _request, answer=answer: answer
            with Connections() as made:
                await find([port])
            assert made == {("127.0.0.1", port)}
        assert other.requests == []
