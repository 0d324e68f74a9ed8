"""Bytes from wherever fsspec reaches, tried again where a store is slow, busy or cuts an answer short."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

T = TypeVar("T")
logger = logging.getLogger("seimai.ingest")
PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each further try."""
_CHUNK = 1 << 20


class UnreachableError(OSError):
    """A store that did not give a file, after several tries."""


def open_store(uri: str, options: Mapping[str, Any], timeout: float) -> tuple[Any, str]:
    """The file system behind a URI, and the path in it.

    Args:
        options: as fsspec names them; they go before what is set here.
        timeout: seconds that a remote store may take to answer.
    """
    return url_to_fs(uri, **{**_limits_of(uri.partition("://")[0], timeout), **options})


def _limits_of(protocol: str, timeout: float) -> dict[str, Any]:
    """Each client names its time limit in its own way; the tries are counted by `try_again`, not by the client."""
    match protocol:
        case "http" | "https":
            from aiohttp import ClientTimeout

            return {"client_kwargs": {"timeout": ClientTimeout(total=timeout)}}
        case "s3" | "s3a":
            limits = {"connect_timeout": timeout, "read_timeout": timeout, "retries": {"max_attempts": 0}}
            return {"config_kwargs": limits}
    return {}


def read_bytes(uri: str, options: Mapping[str, Any], timeout: float) -> bytes:
    """The whole of a file.

    Args:
        timeout: seconds that a remote store may take to answer.

    Raises:
        OSError: a local file cannot be read.
        UnreachableError: a store did not give it.
    """
    fs, name = open_store(uri, options, timeout)
    return try_again(fs, name, lambda: _whole(fs, name))


def read_digest(fs: Any, name: str, size: int) -> tuple[int, str]:
    """(bytes, sha256) of a file; a store that gives fewer bytes than the `size` it stated is asked again.

    Raises:
        As `read_bytes`.
    """

    def digest() -> tuple[int, str]:
        total, found = hashlib.sha256(), 0
        with fs.open(name, "rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
                found += len(chunk)
        if not isinstance(fs, LocalFileSystem) and found < size:
            raise OSError(f"{found} bytes came of {size}")
        return found, total.hexdigest()

    return try_again(fs, name, digest)


def _whole(fs: Any, name: str) -> bytes:
    content = fs.cat_file(name)
    stated = None if isinstance(fs, LocalFileSystem) else fs.info(name).get("size")
    if stated is not None and len(content) < stated:
        raise OSError(f"{len(content)} bytes came of {stated}")
    return content


def try_again(fs: Any, name: str, read: Callable[[], T]) -> T:
    """What `read` gives; asked again after a pause where the store is not a local disk.

    Raises:
        UnreachableError: every try failed.
    """
    if isinstance(fs, LocalFileSystem):
        return read()
    for pause in (*PAUSES, None):
        try:
            return read()
        except (FileNotFoundError, PermissionError):
            raise
        except Exception as error:
            if pause is None:
                message = f"{name}: gave up after {len(PAUSES) + 1} tries: {type(error).__name__}: {error}"
                raise UnreachableError(message) from error
            logger.warning("%s: %s; trying again in %.1f s", name, error, pause)
            time.sleep(pause)
    raise AssertionError("unreachable")
