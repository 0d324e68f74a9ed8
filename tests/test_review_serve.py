"""The page as the command starts it: over a real socket, with what the command line says."""

import http.client
from collections.abc import Iterator

import pytest
from test_review_browser import Served

from tasks.storage import Workspace

PROXY = "127.0.0.2"
"""The address from which the proxy of these tests speaks; every address of 127.0.0.0/8 is this machine."""


def ask(server: Served, source: str, **headers: str) -> int:
    """Status of the first page, asked for from an address of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, 30, source_address=(source, 0))
    connection.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("proxied")
    settings = folder / "proxy.yaml"
    settings.write_text(f"networks: [{PROXY}/32]\nrole: reviewer\n", encoding="utf-8")
    (folder / "workspace").mkdir()
    server = Served(Workspace(root=str(folder / "workspace")), "--proxy", str(settings))
    yield server
    server.kill()


def test_the_proxy_named_on_the_command_line_signs_in(proxied: Served) -> None:
    assert ask(proxied, PROXY, x_forwarded_user="aki") == 200
    assert ask(proxied, PROXY) == 403
    assert ask(proxied, "127.0.0.1", x_forwarded_user="aki") == 403


def test_nobody_names_another_address_by_a_header(proxied: Served) -> None:
    assert ask(proxied, "127.0.0.1", x_forwarded_user="aki", x_forwarded_for=PROXY) == 403
    assert ask(proxied, PROXY, x_forwarded_user="aki", x_forwarded_for="192.0.2.1") == 200
