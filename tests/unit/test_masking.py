"""What is taken for a credential, and what is not."""

from __future__ import annotations

import pytest

from lsp_server.workspace import masking
from lsp_server.workspace.masking import masked, placeholder, restored, spans
from lsp_server.workspace.secrets import holds_secret

BODY = "\n".join(["MIIEpAIBAAKCAQEA" * 4] * 3)
BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("password = 'Tr0ub4dor&3x'", "Tr0ub4dor&3x"),
        ('{"password": "Tr0ub4dor&3x"}', "Tr0ub4dor&3x"),
        ('{\\"password\\": \\"Tr0ub4dor&3x\\"}', "Tr0ub4dor&3x"),
        ("db.connect(password='Tr0ub4dor&3x', port=1)", "Tr0ub4dor&3x"),
        ("let secret: string = 'Tr0ub4dor&3x';", "Tr0ub4dor&3x"),
        ("c = 'Server=x;Password=Tr0ub4dor#3x;Port=1'", "Tr0ub4dor#3x"),
        ("curl -u bob:Tr0ub4dor#3x https://example.org", "Tr0ub4dor#3x"),
        ("tool --password Tr0ub4dor#3x", "Tr0ub4dor#3x"),
        ("postgres://bob:Tr0ub4dor#3x@db/x", "Tr0ub4dor#3x"),
        ("redis://:p4ss@w0rd9z@db:6379", "p4ss@w0rd9z"),
        ("url = 'https://u:9f8e7d6c5b4a@git.example.org/x.git'", "9f8e7d6c5b4a"),
        ("DB_PASSWORD=k3Jx9wQ2mN7v", "k3Jx9wQ2mN7v"),
        ("DB_PASSWORD=k3Jx9wQ2mN7v\r", "k3Jx9wQ2mN7v"),
        ("token: k3Jx9wQ2mN7v", "k3Jx9wQ2mN7v"),
        ("Authorization: Bearer k3Jx9wQ2mN7vB5cR8t", "k3Jx9wQ2mN7vB5cR8t"),
    ],
)
def test_is_masked(text: str, hidden: str) -> None:
    assert masked(text) == text.replace(hidden, placeholder(hidden))


@pytest.mark.parametrize(
    "text",
    [
        "password = 'password1'",
        "password = 'hunter'",
        "password = os.environ['DB_PASSWORD_2']",
        "password = f'{user}-{number}-a1'",
        "password = '${DB_PASSWORD_1}'",
        "password = getpass2(prompt1)",
        "token = tokens[index2]",
        "token_type = 'access_token'",
        "key: x25519.X25519PrivateKey",
        "secret_key: PrivateKeyTypes = None",
        "url = 'https://user:password@host/path'",
        "url = 'https://{user}:{password}@host/path'",
        "url = 'http://localhost:8080/a@b'",
        "aws = 'AKIAIOSFODNN7EXAMPLE'",
        "sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        f"if line == '{BEGIN}':",
        "the basic idea of tokens: one2three",
        "",
    ],
)
def test_is_not_masked(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f'KEY = """{BEGIN}\n{BODY}\n{END}"""\nx = 1\n',
        f'KEY = "{BEGIN}\\n{BODY[:64]}\\n{BODY[:64]}\\n{END}"\nx = 1\n',
        f"{BEGIN}\n{BODY}",  # the window ends within it
        f"{BODY}\n{END}\nx = 1\n",  # or begins within it
    ],
)
def test_a_key_is_masked_between_its_ends(text: str) -> None:
    hidden = masked(text)
    assert "MIIE" not in hidden
    assert restored(hidden, text) == text
    assert hidden.endswith("x = 1\n") == text.endswith("x = 1\n")
    assert (BEGIN in hidden, END in hidden) == (BEGIN in text, END in text)


@pytest.mark.parametrize(
    "token",
    [
        "sk-" + "proj-" + "a1B2-c3D4_" * 6,
        "sk-" + "ant-api03-" + "a1B2-c3D4_" * 6,
        "sk-" + "0123456789abcdef" * 2,
        "github" + "_pat_" + "a1B2c3D4e5" * 6,
        "AI" + "za" + "a1B2c" * 7,
    ],
)
def test_a_file_with_a_token_is_not_read(token: str) -> None:
    assert holds_secret(f'x = "{token}"')
    assert not holds_secret(f"task-{token[3:]}")
    assert not holds_secret("postgres://bob:Tr0ub4dor#3x@db/x")


def test_only_new_lines_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def note(line: str) -> list[tuple[int, int]]:
        looked.append(line)
        return []

    monkeypatch.setattr(masking, "guessed", note)
    lines = [f"value_of_this_test_{number} = {number}" for number in range(500)]
    spans("\n".join(lines))
    assert sorted(looked) == sorted(lines)
    looked.clear()
    spans("\n".join([*lines[:200], "a key was typed in this test", *lines[200:]]))
    assert looked == ["a key was typed in this test"]


def test_the_memory_is_bounded() -> None:
    for begin in range(0, masking.REMEMBERED_LINES * 2, 1000):
        spans("\n".join(f"{begin + n} bounded" for n in range(1000)) + '\npwd="a1b2c3d4e5"')
    assert len(masking._REMEMBERED) <= masking.REMEMBERED_LINES
    long = "x" * masking.REMEMBERED_LENGTH + ' password = "Tr0ub4dor&3x"'
    assert "Tr0ub4dor" not in masked(long)
    assert long not in masking._REMEMBERED


@pytest.mark.parametrize(
    "unit", ["password", "password=", 'token = "a1', "://a:", "-u a:b", "eyJ", "sk-"]
)
def test_the_time_grows_with_the_length_only(unit: str) -> None:
    """A line without end must not take time without end: quadratic, this would take minutes."""
    spans(unit * (400_000 // len(unit)))
