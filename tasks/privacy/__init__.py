"""Personal data in inputs and targets: found by form and check digit, shown masked, replaced by placeholders.

Patterns use look-arounds for digits and letters of ASCII instead of `\\b` beside numbers: kana and kanji are word
characters, so that `\\b` finds no border between them and a number. Matching happens on a copy in which each
character is folded by NFKC where that gives one character (full-width digits), so that positions are those of the
text itself; the long vowel mark of kana is a hyphen there.
"""

import itertools
import re
from collections.abc import Iterator

import pyarrow as pa

from tasks import findings, privacy, records
from tasks.code_version import code_version
from tasks.findings import about_sample, read_columns
from tasks.privacy.contacts import CONTACTS, PHONES_AND_PLACES
from tasks.privacy.names import MERE_NAME, NAMES_EN, NAMES_JA
from tasks.privacy.numbers import NUMBERS
from tasks.privacy.secrets import SECRETS
from tasks.privacy.spans import Detector, Kind, Recognizer, Span, fold, mask, redact
from tasks.records import FINDING, Severity, TableRef, build_table
from tasks.remember import recall_findings
from tasks.stage import stage
from tasks.storage import Workspace

__all__ = [
    "Kind",
    "Recognizer",
    "Span",
    "find_personal_data",
    "find_personal_data_stage",
    "find_spans",
    "mask",
    "redact",
]


def find_personal_data(samples: pa.Table, recognizer: Recognizer | None = None) -> pa.Table:
    """One finding "personal_data" for each sample with personal data in its input or target.

    Args:
        recognizer: finds names beside the forms; none by default.

    Returns:
        Findings (warning) scored by the number of spans. Evidence: kind, confidence, field, start, end and a
        masked form of each; the value itself is nowhere in a finding. A full name that nothing announces counts
        beside other personal data only: alone it is more often a public person's. Suggestion: the sample's texts
        with placeholders; none for labelled spans, which placeholders would shift.
    """
    columns = read_columns(samples)
    rows = []
    for index in range(len(samples)):
        texts = {field: columns[field][index] or "" for field in ("input", "target")}
        spans = _leave_mere_names({field: find_spans(text, recognizer) for field, text in texts.items()})
        found = [
            {"field": field, **span._asdict(), "masked": mask(texts[field][span.start : span.end])}
            for field in texts
            for span in spans[field]
        ]
        if not found:
            continue
        kinds = sorted({item["kind"] for item in found})
        changed = {field: redact(texts[field], spans[field]) for field in texts if spans[field]}
        rows.append(
            about_sample(
                columns,
                index,
                stage="privacy",
                check="personal_data",
                severity=Severity.WARNING,
                score=float(len(found)),
                threshold=1.0,
                reason=f"holds personal data: {', '.join(kinds)}",
                evidence={"kinds": kinds, "spans": found},
                suggestion=None if columns["spans"][index] is not None else {"action": "edit", **changed},
            )
        )
    return build_table(rows, FINDING)


@stage("privacy", findings)
def find_personal_data_stage(workspace: Workspace, samples: TableRef) -> TableRef:
    """Thin task over `find_personal_data`, asked about new content only."""
    version = code_version(privacy, findings, records)
    found = recall_findings(workspace, "privacy", version, workspace.read_table(samples), find_personal_data)
    return workspace.write_table(found, "findings-privacy")


def find_spans(text: str, recognizer: Recognizer | None = None) -> list[Span]:
    """Personal data in `text`, in order, without overlaps; where two kinds fit, the more particular one."""
    folded = fold(text)
    groups = [detectors for needs, detectors in _DETECTORS if needs.search(folded)]
    candidates = (span for detectors in groups for span in _match_all(detectors, folded))
    taken = bytearray(len(text))
    spans = []
    for span in itertools.chain(candidates, recognizer.find(text) if recognizer else ()):
        if taken.find(1, span.start, span.end) < 0:
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            spans.append(span)
    return sorted(spans)


def _leave_mere_names(spans: dict[str, list[Span]]) -> dict[str, list[Span]]:
    """No spans where all of a sample's spans are names that nothing announces."""
    every = itertools.chain.from_iterable(spans.values())
    mere = all(span.kind == Kind.PERSON and span.confidence <= MERE_NAME for span in every)
    return {field: [] for field in spans} if mere else spans


def _match_all(detectors: tuple[Detector, ...], text: str) -> Iterator[Span]:
    for detector in detectors:
        for match in detector.pattern.finditer(text):
            if confidence := detector.grade(match):
                yield Span(*match.span(detector.group), detector.kind, confidence)


_DETECTORS: tuple[tuple[re.Pattern[str], tuple[Detector, ...]], ...] = (
    (re.compile(r"://|[A-Za-z0-9]{8}|[0-9]"), SECRETS),
    (re.compile("@"), CONTACTS),
    (re.compile(r"[0-9]"), (*NUMBERS, *PHONES_AND_PLACES)),
    (re.compile(r"[一-龥ぁ-んァ-ヶ]"), NAMES_JA),
    (re.compile(r"[A-Z][a-z]"), NAMES_EN),
)
"""What a text must hold for a group of detectors to be worth running, and the group; the first group wins."""
