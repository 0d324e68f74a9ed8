"""Personal data in every text of a sample: found by form and check digit, shown masked, replaced.

Patterns use look-arounds for digits and letters of ASCII instead of `\\b` beside numbers: kana and kanji are word
characters, so that `\\b` finds no border between them and a number. Matching happens on a copy in which each
character is folded by NFKC where that gives one character (full-width digits), so that positions are those of the
text itself; the long vowel mark of kana is a hyphen there.

What follows is the recipe's: "personal_data" suggests the texts with placeholders or pseudonyms,
"personal_data_quarantined" holds the sample back, "personal_data_blocked" stops the line.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks import edits, findings, privacy, recipe, records
from tasks.code_version import code_version
from tasks.edits import Put, move_labels, put_in, text_fields
from tasks.errors import DataGateError
from tasks.findings import Columns, about_sample, read_columns
from tasks.privacy.actions import (
    Spans,
    allows,
    cuts_into,
    group_by_check,
    leave_mere_names,
    pick_spans,
    replace_spans,
)
from tasks.privacy.masking import Masker
from tasks.privacy.replies import find_answers
from tasks.privacy.scan import find_spans, settle
from tasks.privacy.spans import Kind, Recognizer, Span, mask, redact
from tasks.privacy.surrogates import Surrogates
from tasks.recipe import PERSONAL_CHECKS, PersonalAction, PrivacySettings
from tasks.records import FINDING, Severity, TableRef, build_table, digest_of
from tasks.remember import recall_findings
from tasks.stage import stage
from tasks.storage import Workspace, written_whole
from tasks.wording.told import Told

__all__ = [
    "Kind",
    "Masker",
    "Recognizer",
    "Span",
    "find_personal_data",
    "find_personal_data_stage",
    "find_spans",
    "mark_secret",
    "mask",
    "redact",
    "require_none_blocked",
]
SHOWN = 5
"""Places that the message of a stopped line names."""


def find_personal_data(
    samples: pa.Table,
    settings: PrivacySettings | None = None,
    key: bytes | None = None,
    recognizers: Mapping[str, Recognizer] | None = None,
) -> pa.Table:
    """Findings about samples with personal data in any of their texts, one for each check of `PERSONAL_CHECKS`.

    Args:
        settings: what follows from what; placeholders for everything by default.
        key: secret that pseudonyms follow from; needed where the settings ask for them.
        recognizers: language -> what finds names beside the forms in samples of that language.

    Returns:
        Findings (warning; critical where the line must stop) scored by the number of spans. Evidence: kind,
        confidence, field, start, end and a masked form of each; the value itself is nowhere in a finding. A
        name that nothing announces counts beside other personal data only: alone it is more often a public
        person's. Suggestion: every text of the sample that changes, and its labelled spans where they then stand:
        what comes in the place of a value within one bears its label. None where a value is partly in one.

    Raises:
        ValueError: pseudonyms without a key.
    """
    settings, recognizers = settings or PrivacySettings(), recognizers or {}
    pseudonyms = _makes_pseudonyms(settings)
    if pseudonyms and key is None:
        raise ValueError("action 'pseudonym' needs a key, got none")
    surrogates = Surrogates(key) if pseudonyms and key is not None else None
    allowed, columns = allows(settings), read_columns(samples)
    known: dict[tuple[str, str | None], list[Span]] = {}
    rows = []
    for index, texts in enumerate(_texts_of(samples, columns)):
        language = columns["language"][index]
        found = _look_through(texts, partial(_look, language=language, recognizers=recognizers, known=known))
        found = {field: pick_spans(spans, texts[field], settings, allowed) for field, spans in found.items()}
        found = leave_mere_names(found)
        if not any(found.values()):
            continue
        scope = columns["doc_id"][index] or columns["uri"][index] or columns["source"][index] or ""
        for check, spans in group_by_check(found, settings, PERSONAL_CHECKS).items():
            told = spans if check == "personal_data" else found
            put = {f: replace_spans(texts[f], s, settings, surrogates, scope) for f, s in told.items() if s}
            rows.append(_tell(columns, index, check, texts, spans, put))
    return build_table(rows, FINDING)


def require_none_blocked(found: pa.Table, left: TableRef | None = None) -> None:
    """Raises DataGateError where the recipe wants the line to stop; names kinds and places, values masked.

    Args:
        left: `found` in the workspace, for the report of the stopped run.
    """
    blocked = found.filter(pc.equal(found["check"], "personal_data_blocked")).to_pylist()
    if not blocked:
        return
    lines = []
    for finding in blocked[:SHOWN]:
        span = json.loads(finding["evidence"])["spans"][0]
        place = f"{finding['uri']}:{finding['line']}" if finding["uri"] else f"row {finding['row']}"
        lines.append(
            f"  {place}, {span['field']}, {span['start']}-{span['end']}: {span['kind']} {span['masked']}"
        )
    unnamed = len(blocked) - SHOWN
    more, more_ja = (f"\n  and {unnamed} more samples", f"\n  ほか{unnamed}件") if unnamed > 0 else ("", "")
    listed = "\n" + "\n".join(lines)
    raise DataGateError(
        Told(
            f"privacy: {len(blocked)} samples hold personal data that privacy.action 'block' lets nowhere:{listed}"
            f"{more}\nTake it out at its source, or name what is nobody's secret in privacy.allow_list.",
            f"個人情報: privacy.action が「block」で、どこにも出せない個人情報が{len(blocked)}件のサンプルにあります:"
            f"{listed}{more_ja}\n元のデータから取り除くか、秘密でないものを privacy.allow_list に書いてください。",
        ),
        left=left,
    )


@stage("privacy", findings, edits, recipe)
def find_personal_data_stage(
    workspace: Workspace, samples: TableRef, settings: PrivacySettings, secret: str | None
) -> TableRef:
    """Thin task over `find_personal_data`; stops where the recipe says so, after the findings are written.

    Args:
        secret: of `mark_secret`: another key gives other pseudonyms.
    """
    recognizers: dict[str, Recognizer] = {}
    if settings.recognizer:
        from tasks.privacy.presidio import PresidioRecognizer

        recognizers = {code: PresidioRecognizer(code, model) for code, model in settings.models.items()}
    key = workspace_key(workspace) if secret else None
    find = partial(find_personal_data, settings=settings, key=key, recognizers=recognizers)
    table = workspace.read_table(samples)
    if _by_content_alone(settings) and table["spans"].null_count == len(table):
        version = digest_of(
            [code_version(privacy, findings, edits, records), settings.model_dump(mode="json")]
        )
        found = recall_findings(workspace, "privacy", version, table, find)
    else:
        found = find(table)
    ref = workspace.write_table(found, "findings-privacy")
    require_none_blocked(found, ref)
    return ref


def _by_content_alone(settings: PrivacySettings) -> bool:
    """Whether a finding follows from its sample's content alone: pseudonyms are of a document, and a model may change.

    Labelled spans decide as well, and are no part of a sample's id.
    """
    return not _makes_pseudonyms(settings) and settings.recognizer is None


def _makes_pseudonyms(settings: PrivacySettings) -> bool:
    return PersonalAction.PSEUDONYM in (settings.otherwise, *settings.action.values())


def mark_secret(workspace: Workspace, settings: PrivacySettings) -> str | None:
    """Digest of the workspace's key, where the settings ask for pseudonyms."""
    return hashlib.sha256(workspace_key(workspace)).hexdigest() if _makes_pseudonyms(settings) else None


def workspace_key(workspace: Workspace) -> bytes:
    """The secret that pseudonyms follow from, made at the first call: 32 random bytes that only the owner may read."""
    path = workspace.path("privacy.key")
    if not path.is_file():
        with written_whole(path) as part:
            part.write_bytes(os.urandom(32))
    return path.read_bytes()


def _texts_of(samples: pa.Table, columns: Columns) -> Iterator[dict[str, str]]:
    """Field -> text of each sample; the messages are read only where there are more than a question and an answer.

    The target of labelled spans is left out: it says words of the input again, and follows from it.
    """
    several: dict[int, dict[str, Any]] = {}
    if "prompt" in samples.column_names:
        lengths = [pc.fill_null(pc.list_value_length(samples[name]), 0) for name in ("prompt", "completion")]
        long = pc.or_(pc.greater(lengths[0], 1), pc.greater(lengths[1], 1))
        places = pc.indices_nonzero(long)
        taken = samples.select(["prompt", "completion", "input", "target"]).take(places)
        several = dict(zip(places.to_pylist(), taken.to_pylist(), strict=True))
    for index in range(len(samples)):
        plain = {"input": columns["input"][index], "target": columns["target"][index]}
        fields = text_fields(several.get(index, plain))
        if columns["spans"][index] is not None:
            fields.pop("target", None)
        yield fields


def _look_through(texts: Mapping[str, str], look: Callable[[str, str], list[Span]]) -> Spans:
    """Field -> spans of its text; a number that an earlier message asks for is what was asked for."""
    found: Spans = {}
    messages = list(texts.values())
    for place, (field, text) in enumerate(texts.items()):
        spans = look(text, field)
        answers = find_answers(messages[:place], text)
        found[field] = settle([*spans, *answers]) if answers else spans
    return found


def _look(
    text: str,
    field: str,
    language: str | None,
    recognizers: Mapping[str, Recognizer],
    known: dict[tuple[str, str | None], list[Span]],
) -> list[Span]:
    """Spans of a text; those of messages are remembered, for many samples share an instruction or earlier turns."""
    recognizer = recognizers.get(language or "")
    if field in ("input", "target"):
        return find_spans(text, recognizer)
    if (text, language) not in known:
        known[text, language] = find_spans(text, recognizer)
    return known[text, language]


def _tell(
    columns: Columns,
    index: int,
    check: str,
    texts: dict[str, str],
    spans: Spans,
    put: dict[str, list[Put]],
) -> dict[str, Any]:
    """One finding: masked forms of `spans`, and what the texts would be with `put` in their place.

    Of a sample with labelled spans evidence tells what is put: a steward's new spans are moved by it too.
    """
    labels = columns["spans"][index]
    told = [
        {"field": field, **span._asdict(), "masked": mask(texts[field][span.start : span.end])}
        for field, every in spans.items()
        for span in every
    ]
    evidence = {"kinds": sorted({item["kind"] for item in told}), "spans": told}
    if labels is not None:
        evidence["put"] = [list(one) for one in put.get("input", ())]
    blocked = check == "personal_data_blocked"
    return about_sample(
        columns,
        index,
        stage="privacy",
        check=check,
        severity=Severity.CRITICAL if blocked else Severity.WARNING,
        score=float(len(told)),
        threshold=1.0,
        reason=f"holds personal data: {', '.join(evidence['kinds'])}",
        evidence=evidence,
        suggestion=_suggest(texts, put, labels),
    )


def _suggest(
    texts: dict[str, str], put: dict[str, list[Put]], labels: list[dict[str, Any]] | None
) -> dict[str, Any] | None:
    """The texts that change, and the labelled spans; None where nobody can say what the labels would be."""
    changed: dict[str, Any] = {field: put_in(texts[field], own) for field, own in put.items()}
    if labels is not None:
        own = put.get("input", [])
        if cuts_into(labels, own):
            return None
        changed["spans"] = move_labels(labels, own)
    return {"action": "edit", **changed}
