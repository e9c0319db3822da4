"""What settings of endpoints may hold, and that no sentence repeats what was put there."""

from __future__ import annotations

import pytest

from lsp_server.core import key_reference
from lsp_server.core.key_reference import KeyReference
from lsp_server.settings import BROKEN_PROXY, RemoteSettings, parse

KEY = "sk-live-0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("env:OFFICE_KEY", KeyReference("env", "OFFICE_KEY")),
        ("env:_x9", KeyReference("env", "_x9")),
        ("keyring:office", KeyReference("keyring", "office")),
        ("keyring:me@office.example", KeyReference("keyring", "me@office.example")),
        (KEY, None),
        ("", None),
        (f"env:{KEY}", None),
        ("env:", None),
        ("ENV:KEY", None),
        ("env:A B", None),
        ("env:9", None),
        ("env:É", None),
        ("keyring:", None),
        ("keyring:a/b", None),
        ("keyring:a\n", None),
        (f"keyring:{'k' * 61}", None),
        ("vault:office", None),
    ],
)
def test_references(text: str, reference: KeyReference | None) -> None:
    assert key_reference.parse(text) == reference


@pytest.mark.parametrize("value", [KEY, f"env:{KEY}", f"Bearer {KEY}", f"keyring:{KEY * 4}"])
def test_a_key_among_the_settings_is_refused_and_not_repeated(value: str) -> None:
    settings, (problem,) = parse({"endpoints": {"office": {"apiKey": value}}})
    assert problem == (
        "fimble.endpoints.office.apiKey must say where the key is, `env:NAME` for an environment "
        "variable or `keyring:NAME` for what `fimble key set NAME` keeps, and not be the key; its "
        'default "" is used.'
    )
    assert settings.endpoints["office"].api_key == ""


CREDENTIAL = (
    "looks like a credential, so it must say where its value is, `env:NAME` or `keyring:NAME`, and "
    "not be the value"
)
PLAIN = "must be printable ASCII without spaces around it"


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("X-Team", "tools", ""),
        ("X-Max-Tokens", "100", ""),
        ("X-Max-Keywords", "5", ""),
        ("X-Monkey", "5", ""),
        ("X-Author", "me", ""),
        ("X-Authentication", "5", CREDENTIAL),
        ("X-Pass", "5", CREDENTIAL),
        ("X-PAT", "5", CREDENTIAL),
        ("X-Anything", "ghp_0123456789abcdef", CREDENTIAL),
        ("X-Anything", "sk-proj-0123456789", CREDENTIAL),
        ("User-Agent", "ours/1.0 (a; b)", ""),
        ("OpenAI-Organization", "org", ""),
        ("Authorization", "env:OFFICE", ""),
        ("api-key", "keyring:office", ""),
        ("Cookie", "env:COOKIE", ""),
        ("Authorization", KEY, CREDENTIAL),
        ("Proxy-Authorization", "env:OFFICE", "is set by Fimble itself"),
        ("cookie", KEY, CREDENTIAL),
        ("Ocp-Apim-Subscription-Key", KEY, CREDENTIAL),
        ("X-Auth", KEY, CREDENTIAL),
        ("X-Access-Token", KEY, CREDENTIAL),
        ("client_secret", KEY, CREDENTIAL),
        ("X-Password", KEY, CREDENTIAL),
        ("X-Team", f"Bearer {KEY}", CREDENTIAL),
        ("X-Team", "basic dXNlcjpwYXNz", CREDENTIAL),
        ("X-Team", "a\r\nX-Other: b", PLAIN),
        ("X-Team", "a\tb", PLAIN),
        ("X-Team", "a\0b", PLAIN),
        ("X-Team", "é", PLAIN),
        ("X-Team", "", PLAIN),
        ("X-Team", " a", PLAIN),
        ("X-Team", "env:", "must be `env:` or `keyring:` and a name"),
        ("X-Team", f"env:{KEY}", "must be `env:` or `keyring:` and a name"),
        ("X-Team", 5, "must be a text, not a whole number"),
        ("X-Team", [KEY], "must be a text, not a list"),
        ("", "a", "is no name of a header"),
        ("X Team", "a", "is no name of a header"),
        ("X-Team:", "a", "is no name of a header"),
        ("X-Téam", "a", "is no name of a header"),
        ("Content-Type", "text/plain", "is set by Fimble itself"),
        ("HOST", "elsewhere.example", "is set by Fimble itself"),
        ("transfer-encoding", "chunked", "is set by Fimble itself"),
    ],
)
def test_headers(name: str, value: object, wrong: str) -> None:
    raw = {"headers": {name: value, "X-Other": "stays"}}
    settings, problems = parse({"remote": raw})
    kept = {"X-Other": "stays"} if wrong else {name: value, "X-Other": "stays"}
    assert settings.remote.headers == kept
    told = [f"fimble.remote.headers.{name} {wrong}; it is left out."] if wrong else []
    assert problems == told
    assert KEY not in "".join(problems)


def test_a_header_s_name_can_not_steer_a_terminal() -> None:
    _, (problem,) = parse({"remote": {"headers": {"X\x1b[2J\r\n": "a"}}})
    assert problem.isprintable()


@pytest.mark.parametrize("raw", [[], None, {}])
def test_no_headers(raw: object) -> None:
    assert parse({"remote": {"headers": raw}})[1] == []


@pytest.mark.parametrize(
    ("proxy", "fits"),
    [
        ("", True),
        ("http://proxy.example:3128", True),
        ("http://proxy.example:3128/", True),
        ("https://[::1]:3128", True),
        ("socks5://10.0.0.1", True),
        ("socks5h://proxy", True),
        (f"http://me:{KEY}@proxy.example", False),
        (f"http://{KEY}@proxy.example", False),
        ("http://@proxy.example", False),
        ("proxy.example:3128", False),
        ("ftp://proxy.example", False),
        ("http://", False),
        ("http://proxy:0", False),
        ("http://proxy:99999", False),
        ("http://[proxy", False),
        (f"http://proxy/{KEY}", False),
        (f"http://proxy?{KEY}", False),
        ("http://pro\nxy", False),
        ("http://pröxy", False),
    ],
)
def test_proxies(proxy: str, fits: bool) -> None:
    settings, problems = parse({"remote": {"proxy": proxy}})
    assert settings.remote.proxy == (proxy if fits else BROKEN_PROXY)
    assert len(problems) == (not fits)
    assert KEY not in "".join(problems)


def test_settings_do_not_show_what_may_be_secret() -> None:
    settings = RemoteSettings(
        "http://a", api_key=KEY, headers={"Authorization": KEY}, proxy=f"http://me:{KEY}@proxy"
    )
    parsed, _ = parse({"endpoints": {"office": {"headers": {"X-Team": "inner circle"}}}})
    assert KEY not in repr(settings)
    assert "inner circle" not in repr(parsed)
    assert hash(settings) != hash(RemoteSettings("http://b"))


def test_settings_know_where_they_stand() -> None:
    settings, problems = parse({"remote": {}, "endpoints": {"a-1": {}, "b": {"where": "x"}}})
    assert settings.remote.where == "fimble.remote"
    assert settings.endpoints["a-1"].where == "fimble.endpoints.a-1"
    assert problems == ["fimble.endpoints.b.where is not a setting of Fimble and is ignored."]
