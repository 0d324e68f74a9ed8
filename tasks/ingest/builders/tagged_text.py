"""Entities that a source writes as tags of tokens (BIO and its kin) or as marks in the text."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tasks.ingest.builders.sample import RowError
from tasks.ingest.contract import excerpt_of

Marked = tuple[int, int, str]
"""Start, end and label."""

_PREFIXED = re.compile(r"([BIESLUM])[-_](.+)", re.DOTALL)
_NAME = r"[^\W\d][\w.-]*"
_TAG = re.compile(rf"<(/?)({_NAME})>")
_RASA = re.compile(
    rf"\[([^\[\]]+)\](?:\((?!(?:https?|mailto|tel):)({_NAME})(?::[^()]*)?\)|"
    r"\{[^{}]*\"entity\"\s*:\s*\"([^\"]+)\"[^{}]*\})"
)
_DENSE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
"""Characters that no space stands beside: kana, kanji and their punctuation."""
_HTML = re.compile(r"a|b|i|u|p|br|em|li|[uo]l|t[dhr]|div|img|pre|su[bp]|code|span|strong|table|html|body")
"""Tags that are formatting, never a label."""


def read_tagged(tokens: Sequence[Any], tags: Sequence[Any], given: str | None) -> tuple[str, list[Marked]]:
    """Text and spans of N tokens with N tags: BIO, IOB2, BIOES, BILOU, or plain labels.

    Args:
        given: the text that the tokens are of, if known; they are joined otherwise, with spaces save in
            Chinese and Japanese.

    Raises:
        RowError: they do not go together.
    """
    if len(tokens) != len(tags):
        raise _malformed(f"{len(tokens)} tokens, but {len(tags)} tags", tags)
    if not tokens or not all(isinstance(token, str) and token.strip() for token in tokens):
        raise _malformed("a token is no text, or empty", tokens)
    if not all(tag is None or isinstance(tag, str) for tag in tags):
        raise _malformed("a tag is no text: names are needed, not numbers", tags)
    places = _find_tokens(tokens, given) if given is not None else _join_tokens(tokens)
    text = given if given is not None else _joined(tokens, places)
    return text, [
        (places[a][0], places[b][1], label) for a, b, label in _chunks([tag or "O" for tag in tags])
    ]


def _chunks(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """First and last token and label of each entity."""
    prefixed = any(_PREFIXED.fullmatch(tag) for tag in tags)
    first, label, closed = 0, "", True
    for position, tag in enumerate([*tags, "O"]):
        match = _PREFIXED.fullmatch(tag) if prefixed else None
        step, name = (match[1], match[2]) if match else ("I", "" if tag.upper() == "O" else tag)
        continues = not closed and name == label and step not in "BSU"
        if not continues:
            if label:
                yield first, position - 1, label
            first, label = position, name
        closed = not name or step in "ESLU"


def _find_tokens(tokens: Sequence[str], text: str) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    at = 0
    for token in tokens:
        start = text.find(token, at)
        if start < 0 or any(character.isalnum() for character in text[at:start]):
            reason = f"token {len(places)} does not follow at character {at} of the text"
            raise RowError("span_mismatch", reason, {"text": excerpt_of(text[at:]), "token": token})
        at = start + len(token)
        places.append((start, at))
    return places


def _join_tokens(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Where each token comes to stand: a space apart, but not beside kana or kanji."""
    places: list[tuple[int, int]] = []
    for position, token in enumerate(tokens):
        apart = position > 0 and not _DENSE.search(tokens[position - 1][-1] + token[0])
        start = (places[-1][1] if places else 0) + apart
        places.append((start, start + len(token)))
    return places


def _joined(tokens: Sequence[str], places: Sequence[tuple[int, int]]) -> str:
    parts, at = [], 0
    for token, (start, end) in zip(tokens, places, strict=True):
        parts += [" " * (start - at), token]
        at = end
    return "".join(parts)


def read_inline(marked: str) -> tuple[str, list[Marked]]:
    """Text without its marks, `<LABEL>words</LABEL>` or `[words](LABEL)`, and the spans that they gave.

    Raises:
        RowError: a mark is not closed (malformed_spans) or lies within another (overlapping_spans).
    """
    tags = [tag for tag in _TAG.finditer(marked) if not _HTML.fullmatch(tag[2])]
    return _read_tags(marked, tags) if any(tag[1] for tag in tags) else _read_rasa(marked)


def _read_tags(marked: str, tags: Sequence[re.Match[str]]) -> tuple[str, list[Marked]]:
    text, at, spans = "", 0, []
    opened: tuple[str, int] | None = None
    for tag in tags:
        text += marked[at : tag.start()]
        at = tag.end()
        if not tag[1]:
            if opened:
                reason = (
                    f"<{tag[2]}> at character {tag.start()} lies within <{opened[0]}>, or that is not closed"
                )
                raise RowError("overlapping_spans", reason, {"text": excerpt_of(marked)})
            opened = (tag[2], len(text))
        elif opened and opened[0] == tag[2]:
            spans.append((opened[1], len(text), tag[2]))
            opened = None
        else:
            raise _malformed(f"</{tag[2]}> at character {tag.start()} closes nothing", marked)
    if opened:
        raise _malformed(f"<{opened[0]}> is not closed", marked)
    return text + marked[at:], spans


def _read_rasa(marked: str) -> tuple[str, list[Marked]]:
    text, at, spans = "", 0, []
    for mark in _RASA.finditer(marked):
        text += marked[at : mark.start()]
        spans.append((len(text), len(text) + len(mark[1]), mark[2] or mark[3]))
        text += mark[1]
        at = mark.end()
    return text + marked[at:], spans


def _malformed(reason: str, value: Any) -> RowError:
    return RowError("malformed_spans", reason, {"value": excerpt_of(value)})
