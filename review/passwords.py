"""Passwords: scrypt (RFC 7914) with the parameters that OWASP's Password Storage Cheat Sheet names first."""

import base64
import hashlib
import hmac
import secrets
import threading

COST = 2**17
"""N of scrypt; memory is 128 * N * r bytes: 128 MB for one check."""
BLOCK = 8
PARALLEL = 1
LEAST_CHARACTERS = 12
_CHECKS = threading.BoundedSemaphore(2)
"""Checks at a time: twenty who sign in at once would take 2.6 GB."""


def hash_password(password: str) -> str:
    """`scrypt$N$r$p$salt$hash`.

    Raises:
        ValueError: shorter than `LEAST_CHARACTERS`.
    """
    if len(password) < LEAST_CHARACTERS:
        raise ValueError(f"a password has at least {LEAST_CHARACTERS} characters")
    salt = secrets.token_bytes(16)
    key = _derive(password, salt, COST, BLOCK, PARALLEL)
    return "$".join(["scrypt", str(COST), str(BLOCK), str(PARALLEL), _text(salt), _text(key)])


def check_password(password: str, stored: str) -> bool:
    """In constant time for what is stored."""
    _, cost, block, parallel, salt, key = stored.split("$")
    derived = _derive(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(derived, base64.b64decode(key))


def _derive(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    memory = 128 * cost * block * parallel + 2**20
    with _CHECKS:
        return hashlib.scrypt(
            password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=2 * memory, dklen=32
        )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
