"""Labelled characters of a text, however the source writes them: offsets, tags of tokens, or marks in the text.

Whatever cannot be verified against the text is refused: a wrong span teaches worse than none.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from tasks.ingest.builders.sample import RowError, Span, missing_column
from tasks.ingest.builders.tagged_text import read_inline, read_tagged
from tasks.ingest.contract import excerpt_of
from tasks.recipe import Columns

_START = ("start", "start_position", "start_offset", "start_char", "begin")
_END = ("end", "end_position", "end_offset", "end_char", "stop")
_LABEL = ("label", "entity_type", "entity_group", "type", "tag", "labels", "entity", "category")
_TEXT = ("text", "word", "entity_value", "value", "surface")


class _Given(NamedTuple):
    """A span as the source gives it; `word` is the text that it says stands there, if it says."""

    start: int
    end: int
    label: str
    word: str | None


def read_entities(fields: Mapping[str, Any], columns: Columns) -> tuple[str, list[Span]]:
    """Text, and the spans (start, end, label) of a row by start: of `columns.spans`, else of tokens and tags, else
    of the marks in the text.

    Raises:
        RowError: offsets or tags do not fit the text (malformed_spans, span_mismatch, overlapping_spans), or
            there is no text (missing_field).
    """
    if fields.get(columns.spans) is not None:
        text = _text_of(fields, columns)
        found = [_given(span, n) for n, span in enumerate(_list_of(fields[columns.spans], columns.spans))]
        _check_words(text, found)
    elif fields.get(columns.tokens) is not None and fields.get(columns.tags) is not None:
        tokens, tags = (_list_of(fields[c], c) for c in (columns.tokens, columns.tags))
        given = fields.get(columns.text)
        text, marked = read_tagged(tokens, tags, given if isinstance(given, str) and given.strip() else None)
        found = [_Given(*span, None) for span in marked]
    else:
        text, marked = read_inline(_text_of(fields, columns))
        if not marked and any(_looks_like_spans(value) for value in fields.values()):
            raise RowError("missing_field", missing_column(columns.spans, fields), {"column": columns.spans})
        found = [_Given(*span, None) for span in marked]
    ordered = sorted({(span.start, span.end, span.label) for span in found})
    _check_order(text, ordered)
    return text, [{"start": start, "end": end, "label": label} for start, end, label in ordered]


def entities_as_json(text: str, spans: Sequence[Span]) -> str:
    """What the model shall answer: a JSON list of text and label, in the order of the text."""
    entities = [{"text": text[span["start"] : span["end"]], "label": span["label"]} for span in spans]
    return json.dumps(entities, ensure_ascii=False, separators=(",", ":"))


def clean_entities(text: str, spans: Sequence[Span], clean: Callable[[str], str]) -> tuple[str, list[Span]]:
    """The cleaned text, and the spans in it, without white space at their ends.

    A mark is put at each end of a span before cleaning and taken out after it; that the marks change nothing else is
    verified.

    Raises:
        RowError: cleaning changes something across the end of a span, or leaves nothing of it.
    """
    cleaned = clean(text)
    if cleaned == text or not spans:
        return cleaned, list(spans)
    mark = next(chr(code) for code in range(0x27D0, 0x27E0) if chr(code) not in text)
    parts, at = [], 0
    for span in spans:
        words = text[span["start"] : span["end"]]
        start = span["start"] + len(words) - len(words.lstrip())
        end = span["end"] - len(words) + len(words.rstrip())
        parts += [text[at:start], text[start:end]]
        at = end
    pieces = clean(mark.join([*parts, text[at:]])).split(mark)
    if "".join(pieces) != cleaned or not all(words.strip() for words in pieces[1::2]):
        reason = "cleaning the text changes it across the ends of a span, or leaves nothing of one"
        raise _malformed(reason, text)
    ends = [0, *accumulate(map(len, pieces))]
    return cleaned, [
        {"start": ends[2 * n + 1], "end": ends[2 * n + 2], "label": span["label"]}
        for n, span in enumerate(spans)
    ]


def _text_of(fields: Mapping[str, Any], columns: Columns) -> str:
    value = fields.get(columns.text)
    if isinstance(value, str) and value.strip():
        return value
    known = columns.text in fields
    reason = f"column {columns.text!r} holds no text" if known else missing_column(columns.text, fields)
    raise RowError("missing_field", reason, {"column": columns.text, "value": excerpt_of(value)})


def _list_of(value: Any, column: str) -> Sequence[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _malformed(f"column {column!r} is not JSON: {error}", value) from error
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _malformed(f"column {column!r} must be a list, got {type(value).__name__}", value)
    return value


def _looks_like_spans(value: Any) -> bool:
    """Whether a column of another name holds what may be spans: the row is not one without entities."""
    if isinstance(value, str):
        return bool(re.match(r'\s*\[\s*[\[{].*"?(?:start|\d)', value))
    return isinstance(value, Sequence) and any(isinstance(item, Mapping) for item in value)


def _given(span: Any, position: int) -> _Given:
    if isinstance(span, Mapping):
        start, end = _first(span, _START), _first(span, _END)
        if start is None and end is None and {"offset", "length"} <= span.keys():
            start, length = span["offset"], span["length"]
            end = start + length if _is_whole(start) and _is_whole(length) else None
        label, word = _first(span, _LABEL), _first(span, _TEXT)
    elif isinstance(span, Sequence) and not isinstance(span, str) and len(span) == 3:
        (start, end, label), word = span, None
    else:
        raise _malformed(f"span {position} is neither an object nor [start, end, label]", span)
    if isinstance(label, list) and len(label) == 1:
        label = label[0]
    if not _is_whole(start) or not _is_whole(end):
        raise _malformed(f"span {position} has no whole start and end", span)
    if not isinstance(label, str) or not label.strip():
        raise _malformed(f"span {position} has no label", span)
    return _Given(int(start), int(end), label.strip(), word if isinstance(word, str) else None)


def _first(span: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((span[name] for name in names if span.get(name) is not None), None)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1


def _check_words(text: str, spans: Sequence[_Given]) -> None:
    """Raises where offsets lie outside the text, or the words there are not those that the span names."""
    for span in spans:
        inside = 0 <= span.start < span.end <= len(text)
        there = text[span.start : span.end] if inside else ""
        if inside and (span.word is None or span.word == there):
            continue
        hint = _unit_of(text, spans)
        if not inside:
            reason = f"span {span.start}-{span.end} does not lie in a text of {len(text)} characters{hint}"
            raise RowError("malformed_spans", reason, {"text": excerpt_of(text), "span": list(span)})
        reason = f"characters {span.start}-{span.end} are not the words that the span names{hint}"
        raise RowError("span_mismatch", reason, {"found": there, "expected": span.word})


def _unit_of(text: str, spans: Sequence[_Given]) -> str:
    """In which other way of counting every span would fit, for the message; "" if in none or not known."""
    if any(span.word is None for span in spans):
        return ""
    ways: dict[str, Callable[[_Given], str]] = {
        "they fit when the end is counted in": lambda s: text[s.start : s.end + 1],
        "they fit when counted from 1": lambda s: text[max(s.start - 1, 0) : s.end - 1],
        "they fit as UTF-16 code units": lambda s: _in_bytes(text, "utf-16-le", 2 * s.start, 2 * s.end),
        "they fit as UTF-8 bytes": lambda s: _in_bytes(text, "utf-8", s.start, s.end),
    }
    fitting: Iterator[str] = (way for way, cut in ways.items() if all(cut(s) == s.word for s in spans))
    return "".join(f"; {way}" for way in fitting)


def _in_bytes(text: str, encoding: str, start: int, end: int) -> str:
    content = text.encode(encoding, "surrogatepass")
    return content[max(start, 0) : max(end, 0)].decode(encoding, "replace")


def _check_order(text: str, spans: Sequence[tuple[int, int, str]]) -> None:
    last = (0, 0, "")
    for start, end, label in spans:
        if not text[start:end].strip():
            raise _malformed(f"span {start}-{end} ({label}) is only white space", text[start:end])
        if start < last[1]:
            reason = f"{last[2]} at {last[0]}-{last[1]} and {label} at {start}-{end} overlap"
            raise RowError("overlapping_spans", reason, {"first": list(last), "second": [start, end, label]})
        last = (start, end, label)


def _malformed(reason: str, value: Any) -> RowError:
    return RowError("malformed_spans", reason, {"value": excerpt_of(value)})
