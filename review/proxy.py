"""Who is asking, told by a proxy that has signed people in: by a header from configured addresses, or by a token that
the proxy signed. Whatever is missing, wrong or expired is nobody: it fails closed."""

import ipaddress
from pathlib import Path
from typing import Any

import jwt
import yaml
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from review.access import Reviewer, Role
from tasks.errors import SeimaiError

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Signatures that only the proxy can make. A shared secret (HS256) is not taken: whoever checks it could sign."""
LEEWAY = 30
"""Seconds that clocks may differ."""


class ProxySettings(BaseModel):
    """What of a proxy is believed; all of it from the environment or the command line, never from a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    """Addresses from which `header` is believed (CIDR)."""
    header: str = "x-forwarded-user"
    token_header: str = ""
    """Header that holds a JWT; "" where there is none."""
    public_key: str = ""
    """PEM, that the JWT is checked with."""
    audience: str = ""
    issuer: str = ""
    claim: str = "email"
    """Claim of the JWT that names the person."""
    role: str = Field(default="", pattern="^(|viewer|reviewer|adjudicator)$")
    """Role of people without an account; "" turns them away."""

    @model_validator(mode="after")
    def _whole(self) -> "ProxySettings":
        if self.token_header and not (self.public_key and self.audience and self.issuer):
            raise ValueError("token_header needs public_key, audience and issuer")
        if not self.token_header and not self.networks:
            raise ValueError("either networks or token_header is needed")
        return self


def load_proxy(path: Path) -> ProxySettings:
    """Raises SeimaiError where the file is not YAML of `ProxySettings`; says what is wrong."""
    try:
        return ProxySettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SeimaiError(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise SeimaiError(f"proxy settings {path} cannot be used: {error}") from error


def name_by_proxy(request: Request, settings: ProxySettings) -> str | None:
    """The name that the proxy vouches for, or None."""
    if settings.token_header:
        return _name_in_token(request.headers.get(settings.token_header, ""), settings)
    peer = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return None
    names = request.headers.getlist(settings.header)
    if len(names) != 1 or not any(address in network for network in settings.networks):
        return None
    return names[0].strip() or None


def _name_in_token(token: str, settings: ProxySettings) -> str | None:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            settings.public_key,
            algorithms=list(ALGORITHMS),
            audience=settings.audience,
            issuer=settings.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "aud", "iss", settings.claim]},
        )
    except (jwt.PyJWTError, ValueError):
        return None
    name = claims[settings.claim]
    return name if isinstance(name, str) and name else None


def reviewer_by_proxy(request: Request, settings: ProxySettings, accounts: Any) -> Reviewer | None:
    """The reviewer behind a proxied request: an active account of that name, else one of `settings.role`.

    Args:
        accounts: a `tasks.ledger.people.People`.
    """
    name = name_by_proxy(request, settings)
    if name is None:
        return None
    account = accounts.account(name)
    if account is not None:
        return Reviewer(name, Role[account["role"].upper()], name) if account["active"] else None
    return Reviewer(name, Role[settings.role.upper()], name) if settings.role else None
