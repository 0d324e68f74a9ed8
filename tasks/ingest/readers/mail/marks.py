"""What the rules for quotes and for signatures share: marks of lines, the sender, rules and blank lines."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from tasks.ingest.contract import Boilerplate

Marks = list[Boilerplate | None]
"""Of the lines of a body; None for those that its writer wrote."""
_RULE = re.compile(r"(?:[^\w>|。、]|_){5,}|(?:[^\w>|。、]|_){3}.{0,40}(?:[^\w>|。、]|_){3}")
_LONGEST_RULE = 150


class Sender(NamedTuple):
    """What tells a signature and a reply: the name and address of the writer, and whether the mail answers one."""

    name: str = ""
    address: str = ""
    is_reply: bool = False


def is_rule(line: str) -> bool:
    """A line of dashes, boxes and the like, a word or two among them at most."""
    bare = "".join(line.split())
    return len(bare) <= _LONGEST_RULE and bool(_RULE.fullmatch(bare))


def is_blank(lines: Sequence[str], at: int) -> bool:
    """Whether line `at` is blank or beyond the ends."""
    return not 0 <= at < len(lines) or not lines[at].strip()
