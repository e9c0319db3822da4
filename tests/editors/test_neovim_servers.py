"""A Neovim without a model, but with a model server on its machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from tests.editors.neovim import options, running, scripted
from tests.http_endpoint import Endpoint, endpoint
from tests.strict_endpoints import MODEL, STRICT, serve

# The menu: what it shows, and the choice of its first entry.
CHOOSE = """
vim.ui.select = function(items, how, chosen)
  _G.shown = vim.tbl_map(how.format_item, items)
  chosen(items[1])
end
"""


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Endpoint]:
    """A stand-in for Ollama, in a thread of its own; no model is on the machine."""
    ready: Queue[tuple[Endpoint, Callable[[], object]]] = Queue()

    async def serve_until_ended() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with endpoint() as served:
            serve(served, STRICT["ollama"])
            ready.put((served, lambda: loop.call_soon_threadsafe(ended.set)))
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve_until_ended()))
    thread.start()
    served, end = ready.get()
    monkeypatch.setenv("OLLAMA_HOST", served.url)
    monkeypatch.setenv("FIMBLE_CACHE", str(tmp_path / "cache"))
    yield served
    end()
    thread.join()


def test_it_is_named_where_the_model_is_missing_and_used(tmp_path: Path, ollama: Endpoint) -> None:
    served = f"{MODEL} from Ollama at {ollama.url}"
    with running(tmp_path, options(settings={"remote": {"timeoutSeconds": 9}}), CHOOSE) as editor:
        editor.open("a.py", "x = 1\n")
        editor.until(lambda: len(editor.messages), 2)
        assert "is not on this machine" in editor.messages[0]
        assert editor.messages[1] == f"Fimble: `:Fimble servers` can use {served} instead."
        editor.command("Fimble servers")
        editor.until(lambda: len(editor.messages), 3)
        assert editor.lua("return _G.shown")[0] == served  # others may run here
        assert f"url = '{ollama.url}', dialect = 'ollama'" in editor.messages[2]
        editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble ready")
        assert editor.lua("return require('fimble.server').settings().remote") == {
            "url": ollama.url,
            "dialect": "ollama",
            "model": MODEL,
            "timeoutSeconds": 9,
        }


def test_that_there_is_none_is_told(tmp_path: Path) -> None:
    with running(tmp_path, options("--endpoint", "http://127.0.0.1:9")) as editor:
        editor.lua("""
            require('fimble.server').with(function(client)
              client.request = function(_, _, _, hear) hear(nil, { servers = {} }) end
            end)
        """)
        editor.command("Fimble servers")
        told = (
            "Fimble: no model server was found on this machine; "
            "start Ollama, LM Studio or llama-server."
        )
        editor.until(lambda: told in editor.messages, True)


def test_that_a_role_names_other_engines_is_told(tmp_path: Path) -> None:
    roles = {"fim": ["local", "remote"], "chat": ["local"]}
    with running(tmp_path, scripted(tmp_path, settings={"roles": roles}), CHOOSE) as editor:
        editor.lua("""
            local model = { name = 'coder', fillsGaps = true }
            local found = { url = 'http://127.0.0.1:9', title = 'vLLM', dialect = 'vllm' }
            found.models = { model }
            require('fimble.server').with(function(client)
              client.request = function(_, _, _, hear) hear(nil, { servers = { found } }) end
            end)
        """)
        editor.command("Fimble servers")
        editor.until(lambda: len(editor.messages), 2)
        assert editor.messages[0].startswith(
            "Fimble: coder from vLLM at http://127.0.0.1:9 is used"
        )
        assert editor.messages[1] == (
            "Fimble: `roles.chat` of `settings` names local; "
            "for it to be asked, name 'remote' there."
        )
        assert editor.lua("return require('fimble.server').settings().roles") == roles
