"""What a server goes by: where its state is, who may use it, how much it takes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from xlsx_tools.errors import XlsxToolsError

MIB: Final = 1024 * 1024
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
Role = Literal["coordinator", "addin"]
_ROLES: dict[str, Role] = {"": "coordinator", "coordinator": "coordinator", "addin": "addin"}
_LEAST_TOKEN = 16
_TOKEN = re.compile(r"[\x21-\x7e]+")
OWNER: Final = "本机"


class TokenError(XlsxToolsError):
    """A file of tokens that cannot be used; the message names the line."""

    code = "tokens"


@dataclass(frozen=True, slots=True)
class Token:
    """Who may use the server: `name` is what the audit trail says; the secret is kept hashed."""

    name: str
    digest: bytes
    role: Role = "coordinator"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may cost.

    Attributes:
        upload_bytes: the body of an upload; `message_bytes` that of an add-in's message;
            `body_bytes` any other.
        pending_bytes: all bodies that are being received at one time.
        idle_seconds: how long a sender may say nothing; `body_seconds` the whole body.
        members: files in one upload; `unpacked_bytes` all of them together.
    """

    upload_bytes: int = 128 * MIB
    message_bytes: int = 20 * MIB
    body_bytes: int = 2 * MIB
    pending_bytes: int = 512 * MIB
    idle_seconds: float = 10.0
    body_seconds: float = 300.0
    members: int = 20_000
    unpacked_bytes: int = 2048 * MIB


@dataclass(frozen=True)
class Settings:
    """One server.

    Attributes:
        database: an SQLAlchemy URL.
        hosts: names it answers to, without port; `any_address` adds every IP address.
        origins: web pages elsewhere that may call it, such as ``https://addin.example.cn``.
        receipt_key: the key of receipts, or None.
        jobs: worker processes; file_seconds: wall clock for one file.
    """

    database: str
    tokens: tuple[Token, ...]
    hosts: frozenset[str] = frozenset(LOOPBACK)
    any_address: bool = False
    origins: frozenset[str] = frozenset()
    receipt_key: bytes | None = None
    jobs: int = 1
    file_seconds: float = 20.0
    limits: Limits = field(default_factory=Limits)

    def find_token(self, secret: str) -> Token | None:
        """Whose secret this is; takes as long for a wrong one."""
        digest, found = _hash(secret), None
        for token in self.tokens:
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found


def make_token(secret: str, name: str = OWNER, role: Role = "coordinator") -> Token:
    """A token for this secret."""
    return Token(name, _hash(secret), role)


def invent_secret() -> str:
    """A secret nobody can guess."""
    return secrets.token_urlsafe(24)


def database_url(folder: Path) -> str:
    """The SQLite file in a folder of ours."""
    return f"sqlite:///{(folder / 'nianbao.sqlite').resolve().as_posix()}"


def read_tokens(data: bytes) -> tuple[Token, ...]:
    """The tokens in a file: a line each, ``secret`` or ``name secret`` or ``name secret addin``.

    Empty lines and those that start with # are passed over.

    Raises:
        TokenError: not UTF-8, no token, one that is too short, a name or a secret given twice.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise TokenError("令牌文件应为 UTF-8 编码的文本。") from error
    tokens: list[Token] = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if words and not words[0].startswith("#"):
            tokens.append(_read_token(number, words, tokens))
    if not tokens:
        raise TokenError("令牌文件中没有令牌。每行写一个：名称 令牌。")
    return tuple(tokens)


def _read_token(number: int, words: list[str], known: list[Token]) -> Token:
    name, secret, *rest = words if len(words) > 1 else (OWNER, words[0])
    role = _ROLES.get(" ".join(rest))
    if role is None:
        raise TokenError(f"令牌文件第 {number} 行：应写作“名称 令牌”，只供插件使用的再加 addin。")
    if len(secret) < _LEAST_TOKEN or not _TOKEN.fullmatch(secret):
        raise TokenError(
            f"令牌文件第 {number} 行：令牌应为不少于 {_LEAST_TOKEN} 个字符的字母、数字和符号。"
        )
    token = make_token(secret, name, role)
    if any(token.name == other.name or token.digest == other.digest for other in known):
        raise TokenError(f"令牌文件第 {number} 行：名称或者令牌与前面的重复。")
    return token


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
