"""A real LiteLLM proxy for tests, from a virtual environment of its own in the user's cache.

It is kept on this machine: it fetches no lists of prices or of anything else, and a proxy where
nothing listens stands between it and other hosts.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from lsp_server.models.store import cache_dir
from tests import asgi_child
from tests.child_servers import Child, serving

VERSION = "1.108.7"

_KEPT_HERE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1",
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server behind the proxy."""

    url: str
    api_key: str
    provider: str = "openai"
    """What LiteLLM is told that it is."""


def litellm_python() -> Path:
    """The Python that has LiteLLM, installed when first asked for: it takes a minute or two.

    Raises CalledProcessError if it can't be.
    """
    folder = cache_dir() / "tests" / f"litellm-{VERSION}"
    python = folder / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            wanted = f"litellm[proxy]=={VERSION}"
            subprocess.run([python, "-m", "pip", "install", "--quiet", wanted], check=True)
            (folder / ".complete").touch()
    return python


@contextmanager
def litellm_proxy(
    upstreams: Mapping[str, Upstream], folder: Path, *, master_key: str
) -> Iterator[Child]:
    """Start a proxy before servers, by the names of their models; end it.

    `folder` is where its configuration is written. Raises RuntimeError if it does not start.
    """
    models = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"{upstream.provider}/{name}",
                "api_base": f"{upstream.url}/v1",
                "api_key": upstream.api_key,
            },
        }
        for name, upstream in upstreams.items()
    ]
    config = folder / "litellm.yaml"
    config.write_text(  # JSON is YAML
        json.dumps(
            {
                "model_list": models,
                "litellm_settings": {"telemetry": False},
                "general_settings": {"master_key": master_key},
            }
        )
    )
    options = json.dumps({"config": str(config), "telemetry": False})
    command = [str(litellm_python()), asgi_child.__file__, "litellm", options]
    with serving(command, "LiteLLM", _KEPT_HERE) as child:
        yield child


if __name__ == "__main__":
    litellm_python()
