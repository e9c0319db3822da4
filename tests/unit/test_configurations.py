"""The ready configurations in the docs: they can be read, and have no field that isn't documented.

The names are those of the documents that each file names.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from lsp_server.settings import parse

FOLDER = Path(__file__).parents[2] / "docs" / "configurations"
FILES = sorted(FOLDER.iterdir())
COMPOSE = {"image", "command", "entrypoint", "ipc", "ports", "volumes", "restart", "deploy"}
LLAMA_SERVER = {
    "model", "host", "port", "api-key-file", "ctx-size", "parallel", "cache-ram", "n-gpu-layers",
    "flash-attn", "metrics", "batch-size", "cache-reuse", "slot-prompt-similarity", "jinja",
}  # fmt: skip
VLLM = {
    "model", "served-model-name", "max-model-len", "max-num-seqs", "enable-prefix-caching",
    "enable-prompt-tokens-details", "api-key", "tensor-parallel-size", "pipeline-parallel-size",
    "nnodes", "node-rank", "master-addr", "headless", "enable-auto-tool-choice",
    "tool-call-parser", "block-size",
}  # fmt: skip
SGLANG = {
    "model-path", "served-model-name", "host", "port", "context-length", "enable-cache-report",
    "enable-metrics", "api-key", "page-size", "completion-template", "tool-call-parser", "tp",
    "dist-init-addr", "nnodes", "node-rank", "worker-urls", "policy",
}  # fmt: skip
FLAGS = {
    "llama-server.service": LLAMA_SERVER,
    "llama-swap.yaml": LLAMA_SERVER,
    "litellm.yaml": {"config"},
    "vllm.compose.yaml": VLLM,
    "sglang.compose.yaml": SGLANG,
}


def loaded(name: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return values


def test_all_are_known_here() -> None:
    assert {path.name for path in FILES} == FLAGS.keys()


@pytest.mark.parametrize("name", FLAGS)
def test_flags_are_documented(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    assert set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", text)) <= FLAGS[name]
    assert "read in November 2026" in " ".join(text.replace("#", "").split())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_fimbles_side_is_right(path: Path) -> None:
    comments = re.findall(r"^# ?(.*)", path.read_text("utf-8"), re.MULTILINE)
    text = "\n".join(line for line in comments if line.startswith("    "))
    settings, _ = json.JSONDecoder().raw_decode(text[text.index("{", text.index('"fimble"')) :])
    _, problems = parse(settings)
    assert problems == []


def test_llama_swap() -> None:
    config = loaded("llama-swap.yaml")
    assert config.keys() <= {
        "healthCheckTimeout", "apiKeys", "macros", "models", "routing", "hooks"
    }  # fmt: skip
    models = config["models"]
    for model in models.values():
        assert model.keys() <= {"cmd", "ttl", "concurrencyLimit"}
    groups = config["routing"]["router"]["settings"]["groups"]
    members = [member for group in groups.values() for member in group["members"]]
    assert sorted(members) == sorted(models)
    for group in groups.values():
        assert group.keys() <= {"persistent", "swap", "exclusive", "members"}
    assert groups["typing"]["persistent"]
    assert not groups["talking"]["exclusive"]
    assert set(config["hooks"]["on_startup"]["preload"]) <= models.keys()


def test_litellm() -> None:
    config = loaded("litellm.yaml")
    assert config.keys() == {"model_list", "router_settings", "general_settings"}
    for model in config["model_list"]:
        assert model.keys() == {"model_name", "litellm_params"}
        assert model["litellm_params"].keys() == {"model", "api_base", "api_key"}
        completes = model["litellm_params"]["model"].startswith("text-completion-openai/")
        assert completes == (model["model_name"] == "fim")
    assert config["router_settings"].keys() == {
        "routing_strategy",
        "optional_pre_call_checks",
        "deployment_affinity_ttl_seconds",
        "num_retries",
        "timeout",
    }
    assert config["general_settings"].keys() == {"master_key", "database_url"}


@pytest.mark.parametrize("name", ["vllm.compose.yaml", "sglang.compose.yaml"])
def test_compose(name: str) -> None:
    config = loaded(name)
    for service in config["services"].values():
        assert service.keys() <= COMPOSE
        used = {volume.partition(":")[0] for volume in service.get("volumes", ())}
        assert used <= config["volumes"].keys()
