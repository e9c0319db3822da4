"""Credentials in the form of real ones, made by chance from a seed; none is or ever was one.

No form stands here whole: the parts are put together when a test runs, so that no scanner takes
this file for a leak.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
BASE64 = ALNUM + "+/"
SYMBOLS = "!#%^*_+-.@"


@dataclass(frozen=True)
class Planted:
    """One credential, and a line of code or configuration that it stands in."""

    kind: str
    secret: str
    text: str


def planted(seed: int, count: int) -> list[Planted]:
    """So many of them, the kinds in turn, each in another of its surroundings."""
    chance = random.Random(seed)
    kinds = list(KINDS)
    return [_one(chance, kinds[n % len(kinds)], n // len(kinds)) for n in range(count)]


def _one(chance: random.Random, kind: str, number: int) -> Planted:
    make, frames = KINDS[kind]
    secret = make(lambda letters, size: "".join(chance.choice(letters) for _ in range(size)))
    return Planted(kind, secret, frames[number % len(frames)].replace("@@", secret))


Some = Callable[[str, int], str]
"""So many of some letters, by chance."""


def _token(*parts: str | tuple[str, int]) -> Callable[[Some], str]:
    def make(some: Some) -> str:
        return "".join(part if isinstance(part, str) else some(*part) for part in parts)

    return make


def _password(some: Some) -> str:
    """As a password store makes one: letters, digits, and a sign or two."""
    return (
        some(string.ascii_letters, 4) + some(string.digits, 2) + some(SYMBOLS, 1) + some(ALNUM, 7)
    )


def _memorable(some: Some) -> str:
    """As people make one."""
    return (
        some(string.ascii_uppercase, 1) + some(string.ascii_lowercase, 6) + some(string.digits, 4)
    )


def _jwt(some: Some) -> str:
    parts = {"alg": "HS256", "typ": "JWT"}, {"sub": some(LOWER, 10), "iat": 1700000000}
    head = (base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)
    return ".".join([*head, some(ALNUM + "_-", 43)])


def _key(some: Some) -> str:
    return "\n".join([*(some(BASE64, 64) for _ in range(8)), some(BASE64, 30) + "=="])


_IN_CODE = ('token = "@@"\n', "client = Client('@@')\n", "const key = `@@`;\n", "# was: @@\n")
_NAMED = (
    'API_KEY = "@@"\n', "  api_key: '@@',\n", "export SERVICE_API_KEY=@@\n", '"apiKey": "@@",\n'
)  # fmt: skip
_PASSWORDS = ('password = "@@"\n', "PASSWORD='@@'\n", '  "db_password": "@@",\n', 'pwd="@@")\n')

KINDS: dict[str, tuple[Callable[[Some], str], tuple[str, ...]]] = {
    "aws access key": (_token("AK", "IA", (UPPER, 16)), _IN_CODE),
    "aws secret key": (
        _token((BASE64, 20), (string.digits, 2), (BASE64, 18)),
        ('aws_secret_access_key = "@@"\n', "AWS_SECRET_ACCESS_KEY=@@\n", "secret_key='@@',\n"),
    ),
    "azure storage": (_token("Account", "Key=", (BASE64, 86), "=="), ('c = "Endpoint=x;@@"\n',)),
    "github": (_token("gh", "p_", (ALNUM, 36)), _IN_CODE),
    "github fine-grained": (_token("github", "_pat_", (ALNUM, 22), "_", (ALNUM, 59)), _IN_CODE),
    "gitlab": (_token("gl", "pat-", (ALNUM, 20)), _IN_CODE),
    "npm": (_token("npm", "_", (ALNUM, 36)), _IN_CODE),
    "pypi": (_token("pypi-", "AgEIcHlwaS5vcmc", (ALNUM, 90)), _IN_CODE),
    "openai": (
        _token("sk-", (ALNUM, 20), "T3Blbk", "FJ", (ALNUM, 20)), _IN_CODE
    ),
    "openai project": (_token("sk-", "proj-", (ALNUM + "_-", 120)), _IN_CODE),
    "anthropic": (_token("sk-", "ant-api03-", (ALNUM + "_-", 95)), _IN_CODE),
    "deepseek": (_token("sk-", (HEX, 32)), _IN_CODE),
    "google": (_token("AI", "za", (ALNUM + "_-", 35)), _IN_CODE),
    "hugging face": (_token("hf", "_", (string.ascii_letters, 34)), _IN_CODE),
    "slack": (_token("xo", "xb-", (string.digits, 12), "-", (ALNUM, 24)), _IN_CODE),
    "slack webhook": (
        _token("T", (UPPER, 8), "/B", (UPPER, 8), "/", (ALNUM, 24)),
        tuple(frame.replace("@@", "https://hooks.sl" "ack.com/services/@@") for frame in _IN_CODE),
    ),
    "stripe": (_token("sk", "_live_", (ALNUM, 24)), _IN_CODE),
    "sendgrid": (_token("SG", ".", (ALNUM, 22), ".", (ALNUM, 43)), _IN_CODE),
    "telegram": (_token((string.digits, 9), ":A", "A", (ALNUM, 33)), _IN_CODE),
    "jwt": (_jwt, ("Authorization: Bearer @@\n", 'TOKEN = "@@"\n')),
    "private key": (
        _key,
        (
            "-----BEGIN RSA PRIV" "ATE KEY-----\n@@\n-----END RSA PRIV" "ATE KEY-----\n",
            'KEY = """-----BEGIN PRIV' "ATE KEY-----\n@@\n-----END PRIV" 'ATE KEY-----"""\n',
        ),
    ),
    "address": (
        _password,
        (
            'url = "postgres://app:@@@db.internal:5432/app"\n',
            "DATABASE_URL=mysql://root:@@@10.0.0.7/shop\n",
            "git clone https://ci:@@@git.example.org/x.git\n",
        ),
    ),
    "password": (_password, _PASSWORDS),
    "memorable password": (_memorable, _PASSWORDS),
    "named key": (_token((ALNUM, 12), (string.digits, 2), (ALNUM, 18)), _NAMED),
}  # fmt: skip


def texts(found: list[Planted]) -> Iterator[str]:
    """A file for each: the credential's lines within ordinary code."""
    for each in found:
        yield f"import os\n\n\ndef connect():\n    pass\n\n\n{each.text}\nprint(os.name)\n"
