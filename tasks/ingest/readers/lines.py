"""What readers of text formats share: bytes to text, text to lines and paragraphs, and how a bad line is told."""

import re

from tasks.ingest.contract import Problem, excerpt_of
from tasks.ingest.encoding import Decoded, decode_text
from tasks.records import Severity

_BLANK_LINES = re.compile(r"\n[ \t\u3000]*+\n\s*+")


def decode(content: bytes, encoding: str | None) -> tuple[str, list[Problem]]:
    """Text, and a problem where damaged places became U+FFFD.

    Raises:
        UnreadableError: undecodable.
    """
    return told(decode_text(content, encoding))


def told(decoded: Decoded) -> tuple[str, list[Problem]]:
    """The text, and the problem that its damage is."""
    if not decoded.replaced:
        return decoded.text, []
    reason = f"{decoded.replaced} place(s) are not valid {decoded.encoding}; they read U+FFFD now"
    return decoded.text, [Problem("invalid_bytes", Severity.WARNING, reason)]


def unify_lines(text: str) -> str:
    """LF line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_paragraphs(text: str) -> list[str]:
    """The parts of plain text (LF) that blank lines part."""
    return [part for part in _BLANK_LINES.split(text) if part.strip()]


def malformed(line: int, reason: str, raw: str) -> Problem:
    """A line that gives no row."""
    return Problem("malformed_line", Severity.WARNING, reason, line, {"line": excerpt_of(raw.rstrip("\n"))})
