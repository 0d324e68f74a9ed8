"""Starts the review page: on loopback for the one who starts it, elsewhere for people with accounts."""

import gc
import ipaddress
import socket
from collections.abc import Sequence

from review.proxy import ProxySettings
from review.room import LOOPBACK_NAMES, Room
from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.ledger.people import People
from tasks.storage import Workspace
from tasks.wording.told import Told

PORT = 8521
"""Where the report's links point to (`tasks.report.review_link`)."""


def make_room(
    workspace: Workspace,
    host: str,
    user: str,
    names: Sequence[str] = (),
    secure: bool | None = None,
    proxy: ProxySettings | None = None,
) -> Room:
    """The page's settings for a host to bind.

    Without accounts the page is its starter's alone, and on loopback alone. As soon as there is an account,
    everybody signs in, on loopback too, and on a page that was started before.

    Args:
        names: host names by which the page is reached, beside loopback's own.
        secure: whether it is reached by https alone; None where nobody has said so, which only loopback takes for no.
        proxy: signs people in, if one does.

    Raises:
        SeimaiError: other people could reach a page on which nobody signs in, or nobody has said whether by https.
    """
    accounts = People(Ledger(workspace.ledger_url)).accounts()
    if not accounts and proxy is None and not is_loopback(host):
        raise SeimaiError(
            f"{host} can be reached by others, and nobody has an account: seimai review people add NAME --role admin"
        )
    if secure is None and not is_loopback(host):
        raise SeimaiError(
            Told(
                f"{host} can be reached by others: add --secure if it is reached by https alone (behind a proxy that "
                "ends TLS), or --insecure if passwords and cookies shall go over the network for all to read",
                f"{host}にはほかの人からも届きます。httpsだけで公開する(TLSを終端するプロキシの後ろに置く)なら--secureを、"
                "パスワードとCookieが読み取られうる平文の通信でよければ--insecureを付けてください。",
            )
        )
    return Room(
        workspace,
        user=None if accounts or proxy else user,
        hosts=frozenset({*LOOPBACK_NAMES, host, *names}),
        proxy=proxy,
        secure=bool(secure),
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address or name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(room: Room, host: str, port: int) -> None:
    """Serves until interrupted.

    Raises:
        SeimaiError: the port is taken.
    """
    import uvicorn

    from review.app import create_app
    from review.render import compile_templates

    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise SeimaiError(f"cannot serve on {host}:{port}: {error.strerror}; --port takes another") from error
    app = create_app(room)
    compile_templates()
    gc.collect()
    gc.freeze()  # or each full collection walks the libraries' objects, and everybody waits for a fifth of a second
    # proxy_headers: uvicorn would take the client's address from a header of whoever asks on loopback; whose word
    # counts is `review.proxy`'s to say
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False, proxy_headers=False)
