"""How an endpoint fills gaps: found with one token, remembered, and found again if it was wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lsp_server.core import fim
from lsp_server.engines.base import EngineStatus
from lsp_server.engines.remote import backoff, known, modes
from lsp_server.engines.remote.dialects.shapes import Gap
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.engines.remote.http import Refused
from lsp_server.engines.remote.known import Known
from lsp_server.engines.remote.modes import Filling
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings
from tests.http_endpoint import Endpoint, Request, endpoint, reply
from tests.remote import ask, text_of
from tests.strict_endpoints import STRICT, USAGE, serve, text

OPENAI = STRICT["openai"]


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


def counting(vocabulary: set[str], *, suffix: int = 200, counts: bool = True) -> modes.Ask:
    """An endpoint with these control tokens, which counts so many tokens with a suffix."""

    async def count(gap: Gap) -> int:
        if gap.suffix is not None:
            if not suffix:
                raise Refused("no suffix", 400)
            return suffix
        spelled, total = gap.prompt, 1
        for token in sorted(vocabulary, key=len, reverse=True):
            total += spelled.count(token)
            spelled = spelled.replace(token, "")
        return (total + len(spelled)) if counts else 0

    return count


def vocabulary(template_id: str) -> set[str]:
    return set(fim.by_id(template_id).spellings())


@pytest.mark.parametrize("template", [each.id for each in fim.shipped_templates()])
@pytest.mark.parametrize("is_named", [True, False])
async def test_markers_are_found_by_counting(template: str, is_named: bool) -> None:
    name = {"mellum": "Mellum-4b", "codellama": "codellama-7b"}.get(template, "")
    if is_named and not name:
        name = fim.by_id(template).models.split(", ")[0]
    ask_it = counting(vocabulary(template), suffix=0)
    found = await modes.find(ask_it, ("markers", "native_suffix"), name, "host")
    assert found.mode == "markers"
    assert found.template is not None
    # Where only a name tells two families apart, the first without one is taken.
    assert found.template.markers() == fim.by_id(template).markers()
    assert found.note == ""


async def test_modes_are_tried_in_their_order() -> None:
    both = counting(vocabulary("qwen"))
    assert (await modes.find(both, ("native_suffix", "markers"), "x", "h")).mode == "native_suffix"
    assert (await modes.find(both, ("markers", "native_suffix"), "x", "h")).mode == "markers"
    refused = await modes.find(
        counting(vocabulary("qwen"), suffix=0), ("native_suffix", "markers"), "x", "h"
    )
    assert refused.mode == "markers"
    assert refused.note == (
        "It refused a completion with a suffix (400), so the markers of qwen are used."
    )
    ignored = await modes.find(
        counting(vocabulary("qwen"), suffix=5), ("native_suffix", "markers"), "x", "h"
    )
    assert "ignores the suffix" in ignored.note


async def test_without_counts_a_name_is_enough_and_nothing_else() -> None:
    silent = counting(set(), suffix=0, counts=False)
    found = await modes.find(silent, ("markers",), "Qwen/Qwen2.5-Coder-7B-Instruct", "h")
    assert found.template is not None
    assert found.template.id == "qwen"
    found = await modes.find(silent, ("markers",), "gpt-9", "h")
    assert (found.mode, found.note) == ("none", "h has no markers that Fimble knows")


async def test_a_model_without_markers_and_an_endpoint_without_suffix() -> None:
    found = await modes.find(counting(set(), suffix=0), ("native_suffix", "markers"), "x", "h")
    assert found.mode == "none"
    message = str(modes.none_works(found, "fimble.endpoints.x"))
    assert message.startswith("h refused a completion with a suffix (400); set fimble.endpoints.x.")


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_other_refusals_say_nothing_about_the_mode(status: int) -> None:
    async def refuse(gap: Gap) -> int:
        raise Refused("no", status)

    with pytest.raises(Refused):
        await modes.find(refuse, ("native_suffix", "markers"), "x", "h")


def test_what_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Known(tmp_path / "new", "http://a", "openai", "m")
    assert kept.recall() is None
    filling = Filling("markers", fim.by_id("qwen"), "A note.")
    kept.remember(filling)
    assert kept.recall() == filling
    assert Known(tmp_path / "new", "http://a", "openai", "other").recall() is None
    assert Known(None, "http://a").recall() is None
    (file,) = (tmp_path / "new").iterdir()
    whole = file.read_text("utf-8")
    assert "http" not in whole
    later = json.loads(whole)["at"] + 7 * 86_400 + 1
    monkeypatch.setattr(known.time, "time", lambda: later)  # type: ignore[attr-defined]
    assert kept.recall() is None
    monkeypatch.undo()
    for damage in (whole[:-5], "[]", whole.replace("qwen", "qwem"), whole.replace("markers", "x")):
        file.write_text(damage, "utf-8")
        assert kept.recall() is None
    kept.forget()
    kept.forget()
    assert list((tmp_path / "new").iterdir()) == []


def test_that_nothing_works_is_forgotten_within_the_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Known(tmp_path, "a")
    kept.remember(Filling("none", note="h has nothing"))
    found = kept.recall()
    assert found is not None
    assert found.mode == "none"
    now = known.time.time()  # type: ignore[attr-defined]
    monkeypatch.setattr(known.time, "time", lambda: now + 3601)  # type: ignore[attr-defined]
    assert kept.recall() is None


def test_a_folder_that_can_not_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Known(tmp_path / "file", "a").remember(Filling("none"))


def watched(served: Endpoint, folder: Path) -> tuple[RemoteEngine, list[EngineStatus]]:
    changes: list[EngineStatus] = []
    settings = RemoteSettings(url=served.url, dialect="openai", timeout_seconds=10)
    return RemoteEngine(settings, changes.append, None, None, folder), changes


def probes(served: Endpoint) -> list[Any]:
    return [body for body in served.bodies(OPENAI.fim_path) if not body.get("stream")]


async def test_an_endpoint_is_asked_but_once(served: Endpoint, tmp_path: Path) -> None:
    serve(served, OPENAI)
    strict = served.before_routes
    asked: list[bool] = []

    def noted(request: Request) -> bytes | None:
        if request.path == OPENAI.fim_path:
            asked.append(bool(request.body.get("stream")))
        return strict(request) if strict else None

    served.before_routes = noted
    for _ in range(2):
        engine, changes = watched(served, tmp_path)
        assert await text_of(engine) == "ab"
        assert changes[-1].message.endswith(" is ready.")
        await engine.close()
    assert asked.count(False) == 1


async def test_a_wrong_guess_falls_back_and_says_so(
    served: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "PAUSES_SECONDS", (0,))
    serve(served, OPENAI)
    engine, _ = watched(served, tmp_path)
    assert (await engine.info()).template == "suffix"
    await engine.close()
    strict = served.before_routes

    def no_suffix(request: Request) -> bytes | None:
        if request.path == OPENAI.fim_path and "suffix" in request.body:
            return reply({"error": {"message": "suffix is not currently supported"}}, status=400)
        return strict(request) if strict else None

    served.before_routes = no_suffix
    engine, changes = watched(served, tmp_path)
    with pytest.raises(RemoteError, match="refused the request"):
        await ask(engine)
    assert await text_of(engine) == "ab"
    assert [change.state for change in changes if change.state != "loading"] == ["failed", "ready"]
    assert changes[-1].message.endswith(
        "is ready. It refused a completion with a suffix (400), so the markers of qwen are used."
    )
    await engine.close()


async def test_a_template_that_is_set_is_not_doubted(served: Endpoint, tmp_path: Path) -> None:
    serve(served, OPENAI)
    settings = RemoteSettings(url=served.url, dialect="openai", template="starcoder2")
    engine = RemoteEngine(settings, lambda _status: None, None, None, tmp_path)
    await ask(engine)
    assert probes(served) == []
    assert served.bodies(OPENAI.fim_path)[-1]["prompt"].startswith("<fim_prefix>")
    await engine.close()


async def test_a_failed_answer_is_no_answer(served: Endpoint) -> None:
    """DeepSeek ends an answer it has no machine for with a reason of its own."""
    strict = STRICT["deepseek"]
    serve(served, strict)
    event = text("x")
    event["choices"][0]["finish_reason"] = "insufficient_system_resource"
    served.routes[strict.fim_path] = strict.events(event | {"usage": USAGE}, "[DONE]")
    settings = RemoteSettings(url=served.url, dialect="deepseek")
    engine = RemoteEngine(settings, lambda _status: None)
    with pytest.raises(RemoteError, match="failed while answering"):
        await ask(engine)
    await engine.close()
