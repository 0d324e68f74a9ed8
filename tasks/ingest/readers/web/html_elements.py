"""What HTML elements are by their tag and attributes: tags by what they do, what is hidden, marks of boilerplate."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tasks.ingest.contract import Boilerplate

_BLOCK_TAG_NAMES = """
    address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol
    optgroup option p search section select summary table tbody td tfoot th thead tr ul
"""
BLOCK_TAGS = frozenset(_BLOCK_TAG_NAMES.split())
_SILENT_TAG_NAMES = """
    head script style template noscript svg iframe object embed applet canvas audio video map datalist
    textarea rt rp rtc noframes frameset
"""
SILENT_TAGS = frozenset(_SILENT_TAG_NAMES.split())
"""Their text is none of the page's."""
CONTENT_TAGS = frozenset({"article", "main"})
LIST_TAGS = frozenset({"ul", "ol", "menu", "dir"})
CODE_TAGS = frozenset({"code", "kbd", "samp", "tt"})
PREFORMATTED_TAGS = frozenset({"pre", "listing", "xmp"})
RAW_TAGS = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
"""In them markup is text."""
_MAY_STAY_OPEN_NAMES = """
    p li dt dd tr td th thead tbody tfoot option br img hr input meta link area base col embed source track
    wbr
"""
MAY_STAY_OPEN = frozenset(_MAY_STAY_OPEN_NAMES.split())
"""They need no end tag."""
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


class Mark(NamedTuple):
    """What an element's tag, role and names say of the text in it."""

    boilerplate: Boilerplate
    is_sure: bool = True
    """False: only if the text in it is few, or links."""


Classify = Callable[[str, Mapping[str, str | None], bool], Mark | None]
"""Mark of an element, from its tag, its attributes and whether it stands in <main> or <article>."""


def is_hidden(attributes: Mapping[str, str | None]) -> bool:
    """Whether an element says itself that it is not shown."""
    if not attributes:
        return False
    style = attributes.get("style")
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(style and _HIDDEN_STYLE.search(style))
    )
