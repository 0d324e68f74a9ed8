"""Where the review page of a sample is."""

import os
from urllib.parse import quote, urlsplit

from tasks.errors import SeimaiError

DEFAULT = "http://127.0.0.1:8521"
VARIABLE = "SEIMAI_REVIEW_URL"


def review_url() -> str:
    """Address of the review page without a slash at its end: the environment's, or the one on this machine.

    Raises:
        SeimaiError: the environment's is no http or https address.
    """
    value = os.environ.get(VARIABLE) or DEFAULT
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise SeimaiError(f"{VARIABLE} must be an http or https address such as {DEFAULT}, got {value!r}")
    return value.rstrip("/")


def item_url(review: str, sample_id: str) -> str:
    """Address of one sample's review item."""
    return f"{review}/items/{quote(sample_id, safe='')}"
