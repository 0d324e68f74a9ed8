"""Masks personal data in what is shown outside the review page: report, Data Docs, artifacts, terminal, messages.

Tables and the ledger hold the data themselves, and the review page shows them to who must judge. Whatever else quotes
a text passes it through a `Masker`, which puts the kind in brackets in the place of what the recipe does not allow.

A quotation may be cut, lower-cased or without its spaces, so that no form is left to be found in it: what the run
found in the whole text (`values_told`) is looked for in a quotation as well, and a part of it where that breaks off.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tasks.edits import text_fields
from tasks.privacy.actions import allows, leave_mere_names, pick_spans
from tasks.privacy.gazetteer import read_words
from tasks.privacy.scan import find_spans
from tasks.privacy.spans import Kind, Span, fold, redact
from tasks.recipe import PERSONAL_CHECKS, PrivacySettings
from tasks.records import canonical_json
from tasks.wording.told import Told

NAMES = read_words(
    """label labels given suggested predicted tag tags annotator votes uri source document path file doc_id sample_id
    group_id source_id role language kind kinds field check checks column columns date action builder part"""
)
"""Keys of evidence under which labels, file names and the pipeline's own words stand: they are shown as they are."""
LEAST_ASCII, LEAST = 4, 2
"""Characters of a value, in ASCII and beyond, by which a part of it counts as that value."""
_AFTER_A_CUT = "….,;:!?\"'”’)]}」』)。、"


class Value(NamedTuple):
    """Personal data that stands in a sample: its characters as they are compared, and its kind."""

    form: str
    kind: Kind


NOTHING: tuple[Value, ...] = ()


class Masker:
    """Masks by the recipe's settings: what they allow stays, and so does a name that nothing announces, alone."""

    def __init__(self, settings: PrivacySettings | None = None) -> None:
        self._settings = settings or PrivacySettings()
        self._allowed = allows(self._settings)

    def text(self, text: str, values: Iterable[Value] = NOTHING) -> str:
        """`text` with a placeholder for each piece of personal data.

        Args:
            values: of the samples that are quoted.
        """
        found = pick_spans(find_spans(text), text, self._settings, self._allowed)
        spans = [*leave_mere_names({"": found})[""], *_find_values(text, values)]
        return redact(text, _join_overlaps(spans)) if spans else text

    def tree(self, value: Any, values: Iterable[Value] = NOTHING) -> Any:
        """Strings in mappings, lists and tuples masked; what stands under a key of `NAMES` is left."""
        match value:
            case str():
                return self.text(value, values)
            case Mapping():
                return {key: item if key in NAMES else self.tree(item, values) for key, item in value.items()}
            case list() | tuple():
                return type(value)(self.tree(item, values) for item in value)
        return value

    def json(self, text: str, values: Iterable[Value] = NOTHING) -> str:
        """As `tree`, of JSON; of other text as `text`."""
        try:
            told = json.loads(text)
        except ValueError:
            return self.text(text, values)
        masked = self.tree(told, values)
        return text if masked == told else canonical_json(masked)

    def told(self, sentence: Told) -> Told:
        return Told(self.text(sentence.en), self.text(sentence.ja))


def values_told(findings: pa.Table, samples: pa.Table) -> dict[int, tuple[Value, ...]]:
    """Row -> what the privacy stage found in its texts.

    Args:
        findings: of the schema FINDING; others than those of `PERSONAL_CHECKS` are not looked at.
        samples: of the schema SAMPLE, as that stage saw them.
    """
    personal = findings.filter(pc.is_in(findings["check"], pa.array(PERSONAL_CHECKS))).to_pylist()
    rows = pa.array({finding["row"] for finding in personal}, pa.int64())
    wanted = samples.filter(pc.is_in(samples["row"], rows)).to_pylist()
    texts = {sample["row"]: text_fields(sample) for sample in wanted}
    values: dict[int, set[Value]] = defaultdict(set)
    for finding in personal:
        fields = texts.get(finding["row"], {})
        for span in json.loads(finding["evidence"])["spans"]:
            text = fields.get(span["field"], "")[span["start"] : span["end"]]
            if form := _compact(text)[0]:
                values[finding["row"]].add(Value(form, Kind(span["kind"])))
    return {row: tuple(sorted(own)) for row, own in values.items()}


def rows_in(evidence: Any) -> Iterator[int]:
    """Rows of samples that evidence points at."""
    match evidence:
        case Mapping():
            for key, item in evidence.items():
                if key == "row" and isinstance(item, int):
                    yield item
                else:
                    yield from rows_in(item)
        case list():
            for item in evidence:
                yield from rows_in(item)


def _find_values(text: str, values: Iterable[Value]) -> Iterator[Span]:
    """Where the values stand in `text`, in whatever case and spacing, whole or cut at an end of it."""
    known = list(values)
    if not known:
        return
    form, places = _compact(text)
    for value in known:
        for start, end in _matches(value.form, form):
            if _is_apart(text, places[start], places[end - 1] + 1):
                yield Span(places[start], places[end - 1] + 1, value.kind)


def _matches(value: str, form: str) -> Iterator[tuple[int, int]]:
    """(start, end) of a value in a text, both compact, and of the parts of it at the text's ends."""
    at = form.find(value)
    while at >= 0:
        yield at, at + len(value)
        at = form.find(value, at + len(value))
    least = LEAST_ASCII if value.isascii() else LEAST
    if least <= len(form) < len(value) and form in value:
        yield 0, len(form)
    for size in range(len(value) - 1, least - 1, -1):
        if form.startswith(value[-size:]):
            yield 0, size
            break
    for end in {len(form), len(form.rstrip(_AFTER_A_CUT))}:
        for size in range(len(value) - 1, least - 1, -1):
            if form.endswith(value[:size], 0, end):
                yield end - size, end
                break


def _is_apart(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit of ASCII goes on before or after these characters."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_goes_on(before, text[start]) or _goes_on(text[end - 1], after))


def _goes_on(one: str, other: str) -> bool:
    return all(character.isascii() and character.isalnum() for character in (one, other))


def _compact(text: str) -> tuple[str, list[int]]:
    """Folded, in lower case, without white space; and the place in `text` of each character."""
    kept = [(place, character) for place, character in enumerate(fold(text)) if not character.isspace()]
    lowered = (low if len(low := character.lower()) == 1 else character for _, character in kept)
    return "".join(lowered), [place for place, _ in kept]


def _join_overlaps(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start < joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
