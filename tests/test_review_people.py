"""Who is let in: proxies that vouch for people, the rules of binding, and how reviewers' agreement is measured."""

import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient
from typer.testing import CliRunner

from review import serve, terminal
from review.agreement import measure_agreement
from review.app import create_app
from review.proxy import ProxySettings, load_proxy
from review.room import Room
from review.serve import make_room
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.ledger.people import People
from tasks.storage import Workspace
from tasks.wording.told import told_by


def new_key() -> tuple[Any, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return key, public.decode()


KEY, PUBLIC = new_key()
CLAIMS = {"email": "aki@example.com", "aud": "seimai", "iss": "https://idp.example"}
TOKEN = ProxySettings(
    token_header="x-token",
    public_key=PUBLIC,
    audience="seimai",
    issuer="https://idp.example",
    role="reviewer",
)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "workspace").mkdir()
    return Workspace(root=str(tmp_path / "workspace"))


def ask(place: Workspace, settings: ProxySettings, headers: dict[str, str], peer: str = "10.0.0.7") -> int:
    app = create_app(Room(place, user=None, proxy=settings))
    client = TestClient(app, base_url="http://localhost", client=(peer, 5000), follow_redirects=False)
    return client.get("/", headers=headers).status_code


def signed(key: Any = KEY, algorithm: str = "ES256", **changes: Any) -> dict[str, str]:
    claims = {**CLAIMS, "exp": time.time() + 60, **changes}
    return {"x-token": jwt.encode({k: v for k, v in claims.items() if v is not None}, key, algorithm)}


def test_a_signed_token_lets_in(place: Workspace) -> None:
    assert ask(place, TOKEN, signed()) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-token": "nonsense"},
        signed(key=new_key()[0]),
        signed(exp=time.time() - 3600),
        signed(exp=None),
        signed(aud="another"),
        signed(iss="https://evil.example"),
        signed(email=None),
        signed(email=["aki@example.com"]),
        signed(key="a secret of thirty-two characters", algorithm="HS256"),
        {"x-token": jwt.encode(CLAIMS, None, "none")},  # type: ignore[arg-type]
        {"x-forwarded-user": "aki@example.com"},
    ],
    ids=[
        "none",
        "nonsense",
        "other key",
        "old",
        "no end",
        "audience",
        "issuer",
        "no name",
        "list",
        "hs256",
        "unsigned",
        "header",
    ],
)
def test_anything_else_does_not(place: Workspace, headers: dict[str, str]) -> None:
    assert ask(place, TOKEN, headers) == 403


@pytest.mark.parametrize(
    ("headers", "peer", "status"),
    [
        ({"x-forwarded-user": "aki"}, "10.0.0.7", 200),
        ({"x-forwarded-user": "aki"}, "10.0.1.7", 403),
        ({"x-forwarded-user": "aki", "x-forwarded-for": "10.0.0.7"}, "192.0.2.1", 403),
        ({"x-forwarded-user": ""}, "10.0.0.7", 403),
        ({}, "10.0.0.7", 403),
        ({"x-forwarded-user": "aki"}, "testclient", 403),
    ],
)
def test_a_header_counts_from_configured_addresses_alone(
    place: Workspace, headers: dict[str, str], peer: str, status: int
) -> None:
    settings = ProxySettings(networks=(ip_network("10.0.0.0/24"),), role="viewer")
    assert ask(place, settings, headers, peer) == status


def test_an_account_decides_the_role_and_may_be_closed(place: Workspace) -> None:
    people = People(Ledger(place.ledger_url))
    people.add("root", "admin", "scrypt$1$1$1$$", "test")
    people.add("aki@example.com", "viewer", "scrypt$1$1$1$$", "test")
    assert ask(place, TOKEN, signed()) == 200
    people.change("aki@example.com", "root", active=False)
    assert ask(place, TOKEN, signed()) == 403


def test_without_a_role_strangers_are_turned_away(place: Workspace) -> None:
    assert ask(place, TOKEN.model_copy(update={"role": ""}), signed()) == 403


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("token_header: x-token\n", "token_header needs public_key"),
        ("role: viewer\n", "either networks or token_header"),
        ("networks: [10.0.0.0/99]\n", "networks"),
        ("networks: [10.0.0.0/8]\nrole: admin\n", "role"),
        ("colour: red\n", "colour"),
    ],
)
def test_proxy_settings_that_would_fail_open_are_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "proxy.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SeimaiError, match=said):
        load_proxy(path)


def test_other_addresses_need_accounts(place: Workspace) -> None:
    assert make_room(place, "127.0.0.1", "aki").user == "aki"
    for host in ("0.0.0.0", "192.0.2.1", "::", "review.example"):
        with pytest.raises(SeimaiError, match="nobody has an account"):
            make_room(place, host, "aki")
    People(Ledger(place.ledger_url)).add("ben", "admin", "scrypt$1$1$1$$", "test")
    assert make_room(place, "0.0.0.0", "aki", secure=True).user is None
    assert make_room(place, "127.0.0.1", "aki").user is None  # on loopback too, once there is one


def test_other_addresses_need_a_word_about_https(place: Workspace) -> None:
    People(Ledger(place.ledger_url)).add("ben", "admin", "scrypt$1$1$1$$", "test")
    for host in ("0.0.0.0", "192.0.2.1", "::", "review.example"):
        with pytest.raises(SeimaiError, match=r"--secure if .* or --insecure if") as refused:
            make_room(place, host, "aki")
        assert "平文" in told_by(refused.value).ja
        assert make_room(place, host, "aki", secure=True).secure
        assert not make_room(place, host, "aki", secure=False).secure
    assert not make_room(place, "127.0.0.1", "aki").secure


@pytest.mark.parametrize(("option", "told"), [(["--secure"], True), (["--insecure"], False), ([], None)])
def test_the_command_says_whether_by_https(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, option: list[str], told: bool | None
) -> None:
    People(Ledger(place.ledger_url)).add("ben", "admin", "scrypt$1$1$1$$", "test")
    served: list[Room] = []
    monkeypatch.setattr(serve, "serve", lambda room, *_: served.append(room))
    result = CliRunner().invoke(terminal.app, ["-w", place.root, "--host", "0.0.0.0", *option])
    assert [room.secure for room in served] == ([] if told is None else [told])
    assert isinstance(result.exception, SeimaiError) == (told is None)


def vote(actor: str, item: int, action: str, label: str = "") -> dict[str, Any]:
    payload = {"label": label} if label else {}
    return {"actor": actor, "sample_id": f"s{item}", "action": action, "payload": payload}


def test_kappa_is_that_of_a_worked_example() -> None:
    """Two raters, 50 items, 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed .7, expected .5, kappa .4."""
    table = (
        [("keep", "keep")] * 20 + [("keep", "drop")] * 5 + [("drop", "keep")] * 10 + [("drop", "drop")] * 15
    )
    votes = [vote(who, i, said) for i, pair in enumerate(table) for who, said in zip("ab", pair, strict=True)]
    [pair], reviewers = measure_agreement(votes, {})
    assert pair.items == 50
    assert pair.agreed == pytest.approx(0.7)
    assert pair.kappa == pytest.approx(0.4)
    assert [one.quality for one in reviewers] == [None, None]


def test_of_three_reviewers_the_careless_one_is_told() -> None:
    votes = []
    for i in range(60):
        truth = "drop" if i % 3 == 0 else "keep"
        other = "keep" if truth == "drop" else "drop"
        votes += [
            vote("aki", i, truth),
            vote("ben", i, truth),
            vote("careless", i, other if i % 2 else truth),
        ]
    chances = {f"s{i}": 0.8 if i % 3 == 0 else 0.2 for i in range(60)}
    _, reviewers = measure_agreement(votes, chances)
    quality = {one.name: one.quality for one in reviewers}
    assert quality["careless"] < min(quality["aki"], quality["ben"])


def test_new_labels_that_differ_are_no_agreement() -> None:
    votes = [vote(who, i, "relabel", who) for i in range(6) for who in "ab"]
    [pair], _ = measure_agreement(votes, {})
    assert pair.agreed == 0
