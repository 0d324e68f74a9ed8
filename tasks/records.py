"""The contract between stages: the schemas of everything that is stored, and references to tables.

Stages exchange references (path, digest, row count), never rows: handing 100,000 dicts to a Prefect task
costs about 10 s, a reference 0.01 s.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict


class Task(StrEnum):
    """What the tuned model is for."""

    TEXT_CLASSIFICATION = "text-classification"
    TOKEN_CLASSIFICATION = "token-classification"
    TEXT_GENERATION = "text-generation"
    LANGUAGE_MODELING = "language-modeling"


class Role(StrEnum):
    """What a source is for: to learn from, or to be judged on."""

    TRAIN = "train"
    EVALUATION = "evaluation"


class Split(StrEnum):
    """`validation` stops training early and selects; `gate` only ever judges."""

    TRAIN = "train"
    VALIDATION = "validation"
    GATE = "gate"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Disposition(StrEnum):
    KEEP = "keep"
    EDIT = "edit"
    QUARANTINE = "quarantine"
    DROP = "drop"


class Action(StrEnum):
    """What a steward may decide about a sample."""

    KEEP = "keep"
    DROP = "drop"
    RELABEL = "relabel"
    EDIT = "edit"


class Outcome(StrEnum):
    """The answer of one gate, and of the verdict as a whole."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class PersonalKind(StrEnum):
    """Kinds of personal data; the placeholder is the name in brackets."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    POSTAL_CODE = "POSTAL_CODE"
    ADDRESS = "ADDRESS"
    PERSON = "PERSON"
    BIRTH_DATE = "BIRTH_DATE"
    MY_NUMBER = "MY_NUMBER"
    CORPORATE_NUMBER = "CORPORATE_NUMBER"
    SSN = "SSN"
    PASSPORT = "PASSPORT"
    DRIVER_LICENSE = "DRIVER_LICENSE"
    CREDIT_CARD = "CREDIT_CARD"
    BANK_ACCOUNT = "BANK_ACCOUNT"
    IBAN = "IBAN"
    IP_ADDRESS = "IP_ADDRESS"
    URL_CREDENTIALS = "URL_CREDENTIALS"
    SECRET = "SECRET"


class PersonalAction(StrEnum):
    """What follows from personal data of a kind."""

    REDACT = "redact"
    """A placeholder, the kind in brackets."""
    PSEUDONYM = "pseudonym"
    """An invented value of its kind, the same for the same value throughout a document."""
    QUARANTINE = "quarantine"
    BLOCK = "block"
    """The line stops."""
    ALLOW = "allow"


MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
BLOCKS = pa.list_(
    pa.struct(
        [
            ("kind", pa.string()),  # heading, paragraph, list_item, table, code or quote
            ("start", pa.int64()),  # character span in the document's text
            ("end", pa.int64()),
            ("level", pa.int64()),  # of a heading, 1-6; depth of a list item, from 1; else 0
            ("title", pa.string()),  # a heading's words; "" for other kinds
            ("page", pa.int64()),  # 1-based page or slide; null where the format has none
            ("part", pa.string()),  # name of the sheet or chapter that it stands in, "" without one
            ("line", pa.int64()),  # 1-based line of the file, where the format has lines
            ("boilerplate", pa.string()),  # what it is if it is not content: navigation, page_header, …
        ]
    )
)
CHANGES = pa.list_(pa.struct([("name", pa.string()), ("count", pa.int64())]))
SPANS = pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())]))
ANNOTATIONS = pa.list_(pa.struct([("annotator", pa.string()), ("label", pa.string())]))
LABEL_SEPARATOR = " | "
"""Between the labels of a row that bears several, in `label` and in what the model answers."""
NO_LABEL = "-"
"""`label` of a row of multi-label data that bears none."""

DOCUMENT = pa.schema(
    [
        ("doc_id", pa.string()),  # sha256 of the bytes
        ("uri", pa.string()),
        ("source", pa.string()),
        ("role", pa.string()),
        ("media_type", pa.string()),
        ("language", pa.string()),
        ("title", pa.string()),
        ("text", pa.string()),  # Markdown; null for a table whose rows are samples
        ("blocks", BLOCKS),
        (
            "changes",
            CHANGES,
        ),  # what reading changed in the text, by kind: mojibake, invisible, joined_lines, …
        (
            "metadata",
            pa.string(),
        ),  # JSON of strings: what the format says of the document (author, mail headers)
        ("modified", pa.string()),  # ISO 8601, UTC
        ("family", pa.string()),  # versions of one document share it
        ("license", pa.string()),
        ("owner", pa.string()),
    ]
)

SAMPLE = pa.schema(
    [
        ("row", pa.int64()),  # position among the samples of one run: copies share a sample_id, never a row
        ("sample_id", pa.string()),  # sha256 of the canonical JSON of task, prompt, completion and label
        ("task", pa.string()),
        ("role", pa.string()),
        ("prompt", MESSAGES),
        ("completion", MESSAGES),
        ("label", pa.string()),  # of multi-label data: `labels`, joined
        ("labels", pa.list_(pa.string())),  # of multi-label data, in order, each once; else null
        ("annotations", ANNOTATIONS),  # what several people say the label is, if the source tells; else null
        ("spans", SPANS),  # labelled characters of `input`, for token-classification
        ("input", pa.string()),  # what the user says: the last user message ("" for language modelling)
        ("target", pa.string()),  # what the model shall say: the completion's text
        ("language", pa.string()),
        ("source", pa.string()),
        ("source_id", pa.string()),  # the id the source itself gives the row, or its line number
        ("doc_id", pa.string()),
        ("uri", pa.string()),
        ("line", pa.int64()),  # 1-based line or row in the file
        ("page", pa.int64()),  # 1-based page or slide
        ("section", pa.string()),  # sheet or chapter and headings, outermost first, joined by " > "
        ("start", pa.int64()),  # character span in the document's text
        ("end", pa.int64()),
        ("document", pa.string()),  # the document that the source says the answer rests on
        ("support", pa.string()),  # the words of that document that support the answer
        ("builder", pa.string()),  # what made it: rows, passages, questions, threads or teacher
        ("date", pa.string()),
        ("license", pa.string()),
        ("owner", pa.string()),
        ("group_id", pa.string()),  # near-duplicate cluster or document family: never straddles a split
    ]
)

FINDING = pa.schema(
    [
        ("row", pa.int64()),  # null when the finding is about a file or a line that never became a sample
        ("sample_id", pa.string()),
        ("uri", pa.string()),
        ("line", pa.int64()),
        ("stage", pa.string()),
        ("check", pa.string()),
        ("severity", pa.string()),
        ("score", pa.float64()),
        ("threshold", pa.float64()),
        ("reason", pa.string()),
        ("evidence", pa.string()),  # JSON
        ("suggestion", pa.string()),  # JSON: {"action": …, …}
    ]
)

DISPOSITION = pa.schema(
    [
        ("row", pa.int64()),
        ("disposition", pa.string()),
        ("stage", pa.string()),
        ("check", pa.string()),
        ("reason", pa.string()),
        ("decision_id", pa.string()),  # the steward's decision that settled it, if one did
    ]
)

SET_ASIDE = pa.schema([*SAMPLE, *[f for f in DISPOSITION if f.name != "row"]])
SNAPSHOT_SAMPLE = pa.schema(
    [*SAMPLE, ("split", pa.string()), ("disposition", pa.string()), ("edited_from", pa.string())]
)
SNAPSHOT_DOCUMENT = pa.schema(
    [f for f in DOCUMENT if f.name not in ("text", "blocks", "metadata", "modified")]
)

SCORE = pa.schema(
    [
        ("item", pa.string()),  # sample_id, or the id of a shipped text
        ("suite", pa.string()),  # "gate" or "forgetting"
        ("model", pa.string()),  # "base", "champion" or "candidate"
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("tokens", pa.int64()),  # tokens that the value is a mean over; 1 for a 0/1 metric
        ("prediction", pa.string()),
        ("expected", pa.string()),
        ("language", pa.string()),
        ("cluster", pa.string()),  # items of one cluster are not independent
    ]
)


class TableRef(BaseModel):
    """A table in the workspace. `path` is relative to the workspace, `digest` the sha256 of the file."""

    model_config = ConfigDict(frozen=True)

    path: str
    digest: str
    rows: int


class FolderRef(BaseModel):
    """A folder in the workspace whose manifest, written last, lists every file with its sha256."""

    model_config = ConfigDict(frozen=True)

    path: str
    digest: str


def normalize_text(text: str) -> str:
    """NFC with LF line ends: the form in which text is hashed and stored."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and NFC/LF strings: equal content gives equal text."""
    return normalize_text(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def digest_of(value: Any) -> str:
    """sha256 (64 hex digits) of `value`'s canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def sample_id(
    task: str, prompt: Sequence[Mapping[str, str]], completion: Sequence[Mapping[str, str]], label: str | None
) -> str:
    """The content hash that decisions, findings and lineage refer to."""
    return digest_of({"task": task, "prompt": list(prompt), "completion": list(completion), "label": label})


def join_labels(labels: Iterable[str]) -> str:
    """The one spelling of a set of labels: in order, each once; `NO_LABEL` for none."""
    return LABEL_SEPARATOR.join(sorted(set(labels))) or NO_LABEL


def split_labels(label: str) -> list[str]:
    """The set of labels that `join_labels` spells so, in order; takes any order, and spaces about the marks."""
    parts = {part.strip() for part in label.split(LABEL_SEPARATOR.strip())} - {"", NO_LABEL}
    return sorted(parts)


def build_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows to a table of `schema`; a missing key is null.

    Raises:
        KeyError: a row has a key that the schema does not know.
    """
    known = set(schema.names)
    for row in rows:
        unknown = row.keys() - known
        if unknown:
            raise KeyError(f"row has columns {sorted(unknown)} that the schema does not know: {schema.names}")
    return pa.Table.from_pylist(rows, schema=schema)
