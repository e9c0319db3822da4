"""Settings from what clients send: bad values are named, the rest counts."""

from __future__ import annotations

import dataclasses

import pytest

from lsp_server.settings import (
    DEFAULT_MODEL,
    CompletionSettings,
    RemoteSettings,
    Settings,
    parse,
)


@pytest.mark.parametrize(
    "raw", [None, {}, [], {"completion": None}, {"local": {}, "remote": {}}, {"endpoints": []}]
)
def test_without_settings_the_defaults_are_used(raw: object) -> None:
    assert parse(raw) == (Settings(), [])
    assert Settings().model == DEFAULT_MODEL


def test_every_setting_can_be_set() -> None:
    settings, problems = parse(
        {
            "model": "other.gguf",
            "local": {"threads": 3, "contextTokens": 8192, "gpuLayers": 0, "keepState": False},
            "remote": {
                "url": "http://127.0.0.1:8080",
                "dialect": "openai",
                "model": "coder",
                "template": "qwen",
                "apiKey": "env:KEY",
                "headers": {"X-Team": "tools", "api-key": "keyring:office"},
                "caFile": "/etc/office.pem",
                "proxy": "http://proxy.example:3128",
                "maxRequests": 2,
                "timeoutSeconds": 5,
                "log": "sizes",
            },
            "endpoints": {"office": {"url": "https://office.example", "model": "coder"}},
            "roles": {"fim": ["office", "local"], "chat": ["office"]},
            "completion": {
                "automatic": False,
                "latencyBudgetMs": 800.0,
                "minConfidence": 0,
                "maxTokens": 64,
                "maxLines": 3,
                "disabledLanguages": ["markdown", "plaintext"],
            },
            "actions": {"enabled": False, "disabled": ["simplify", "own"]},
            "chat": {"contextTokens": 4096, "timeoutSeconds": 60, "thinkingTokens": 0},
            "workspace": {"index": False},
            "feedback": {"enabled": False},
        }
    )
    assert problems == []
    values = dataclasses.asdict(settings)
    defaults = dataclasses.asdict(Settings())
    assert values.pop("model") != defaults.pop("model")
    assert defaults.pop("endpoints") == {}
    office = RemoteSettings(
        "https://office.example", model="coder", where="fimble.endpoints.office"
    )
    assert values["remote"].pop("where") == "fimble.remote"
    assert values.pop("endpoints") == {"office": dataclasses.asdict(office)}
    for section, fields in values.items():
        for name, value in fields.items():
            assert value != defaults[section][name], f"{section}.{name} was not set"
    assert settings.completion.latency_budget_ms == 800
    assert type(settings.completion.latency_budget_ms) is int
    assert type(settings.remote.timeout_seconds) is float
    assert settings.completion.disabled_languages == ("markdown", "plaintext")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ([1], "fimble must be an object, not a list; its defaults are used."),
        ("fast", "fimble must be an object, not a text; its defaults are used."),
        (
            {"local": 5},
            "fimble.local must be an object, not a whole number; its defaults are used.",
        ),
        ({"colour": 1}, "fimble.colour is not a setting of Fimble and is ignored."),
        (
            {"endpoints": {"local": {}}},
            "fimble.endpoints.local is ignored: a name is made of letters, digits, `-` and `_`, "
            "and is neither local nor remote.",
        ),
        (
            {"endpoints": {"my office": {"url": "http://127.0.0.1"}}},
            "fimble.endpoints.my office is ignored: a name is made of letters, digits, `-` and "
            "`_`, and is neither local nor remote.",
        ),
        (
            {"roles": {"fim": 5}},
            "fimble.roles.fim must be a list of texts, not a whole number; its default [] is used.",
        ),
        (
            {"completion": {"max_tokens": 1}},
            "fimble.completion.max_tokens is not a setting of Fimble and is ignored.",
        ),
        (
            {"model": None},
            f'fimble.model must be a text, not null; its default "{DEFAULT_MODEL}" is used.',
        ),
        (
            {"completion": {"automatic": 1}},
            "fimble.completion.automatic must be true or false, not a whole number; "
            "its default true is used.",
        ),
        (
            {"completion": {"maxTokens": True}},
            "fimble.completion.maxTokens must be a whole number, not true or false; "
            "its default 128 is used.",
        ),
        (
            {"completion": {"maxTokens": 1.5}},
            "fimble.completion.maxTokens must be a whole number, not a number; "
            "its default 128 is used.",
        ),
        (
            {"completion": {"maxTokens": 0}},
            "fimble.completion.maxTokens must be from 1 to 2048, not 0; its default 128 is used.",
        ),
        (
            {"remote": {"timeoutSeconds": float("nan")}},
            "fimble.remote.timeoutSeconds must be from 0.1 to 600, not nan; "
            "its default 20.0 is used.",
        ),
        (
            {"local": {"threads": float("inf")}},
            "fimble.local.threads must be a whole number, not a number; its default 0 is used.",
        ),
        (
            {"remote": {"dialect": ["auto"]}},
            "fimble.remote.dialect must be one of auto, llama-server, llama-cpp-python, ollama, "
            "lm-studio, vllm, sglang, deepseek, siliconflow, mistral, tgi, openai, not "
            '["auto"]; its default "auto" is used.',
        ),
        (
            {"completion": {"disabledLanguages": "lua"}},
            "fimble.completion.disabledLanguages must be a list of texts, not a text; "
            "its default [] is used.",
        ),
        (
            {"completion": {"disabledLanguages": ["lua", {}]}},
            "fimble.completion.disabledLanguages must be a list of texts, and an object is in it; "
            "its default [] is used.",
        ),
        (
            {"actions": {"disabled": ["fix", "all"]}},
            "fimble.actions.disabled may hold repair, fix, test, finish, document, types, "
            'simplify, explain, own, not "all"; its default [] is used.',
        ),
    ],
)
def test_a_wrong_value_is_named_and_its_default_used(raw: object, problem: str) -> None:
    assert parse(raw) == (Settings(), [problem])


def test_one_wrong_value_does_not_spoil_the_rest() -> None:
    settings, problems = parse(
        {"model": 5, "completion": {"maxLines": "x", "maxTokens": 9}, "x": 0}
    )
    assert settings == Settings(completion=CompletionSettings(max_tokens=9))
    assert len(problems) == 3


def test_one_engine_needs_no_list() -> None:
    assert parse({"roles": {"fim": "local"}})[0].engines("fim") == ("local",)


def test_what_is_wrong_in_an_endpoint_leaves_the_rest_of_it() -> None:
    settings, problems = parse({"endpoints": {"office": {"url": "http://a", "timeoutSeconds": 0}}})
    assert settings.endpoints == {"office": RemoteSettings("http://a")}
    assert problems == [
        "fimble.endpoints.office.timeoutSeconds must be from 0.1 to 600, not 0.0; its default 20.0 "
        "is used."
    ]


def test_problems_are_short_whatever_was_sent() -> None:
    long = "x" * 300_000
    _, problems = parse(
        {
            long: 1,
            "remote": {"dialect": long, long: 1},
            "local": {"threads": 10**4000},
        }
    )
    assert [len(problem) < 250 for problem in problems] == [True] * 4
    assert problems[0] == f"fimble.{'x' * 59}… is not a setting of Fimble and is ignored."


def test_a_key_is_never_shown() -> None:
    _, problems = parse({"remote": {"apiKey": ["sk-secret"], "url": {"key": "sk-secret"}}})
    assert len(problems) == 2
    assert "sk-secret" not in "".join(problems)


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().model = "other"  # type: ignore[misc]
