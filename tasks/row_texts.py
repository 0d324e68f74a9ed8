"""Samples with what was found of them, as the ledger keeps them: JSON, and a digest that tells whether it changed.

From run to run most samples stay as they are, and a digest costs less than the JSON: so digests are made of all rows
that somebody asks about, JSON of those that are to be written. What was made once is kept.
"""

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.json_columns import encode_rows
from tasks.records import FINDING, SAMPLE

_HASHED = ("prompt", "completion")  # of these `sample_id` is the hash
_NULL = "\0"
_T = TypeVar("_T")


class _Part(NamedTuple):
    samples: pa.Table
    findings: pa.Table
    """Those of the first sample first, each sample's in their order."""
    starts: np.ndarray
    """(N + 1,): where each sample's findings begin."""


class RowTexts:
    """The rows of a run.

    Args:
        samples: records.SAMPLE.
        findings: records.FINDING.
    """

    def __init__(self, samples: pa.Table, findings: pa.Table) -> None:
        self._samples = samples.select(SAMPLE.names)
        self._findings = findings.select(FINDING.names).filter(pc.is_valid(findings["row"]))
        self._digests: dict[int, str] = {}
        self._encoded: dict[int, tuple[str, str]] = {}

    @cached_property
    def _numbers(self) -> pa.Array:
        return self._samples["row"].combine_chunks()

    def samples(self, rows: Sequence[int]) -> pa.Table:
        """The samples of some rows, in the order of `rows`."""
        return self._samples.take(pc.index_in(pa.array(rows, pa.int64()), self._numbers))

    def digests(self, rows: Sequence[int]) -> list[str]:
        """Of each row: 32 hexadecimal digits, of the sample and its findings."""
        return _remember(self._digests, rows, lambda missing: _digest_part(self._part(missing)))

    def encode(self, rows: Sequence[int]) -> list[tuple[str, str]]:
        """Of each row: JSON of the sample, and JSON of the list of its findings."""
        return _remember(self._encoded, rows, lambda missing: _encode_part(self._part(missing)))

    def checks(self, rows: Sequence[int]) -> list[dict[str, tuple[float | None, str]]]:
        """Of each row: check -> score and severity of its first finding of that check."""
        part = self._part(rows)
        found: list[dict[str, tuple[float | None, str]]] = [{} for _ in rows]
        columns = [part.findings[name].to_pylist() for name in ("check", "score", "severity")]
        of = np.repeat(np.arange(len(rows)), np.diff(part.starts)).tolist()
        for place, check, score, severity in zip(of, *columns, strict=True):
            found[place].setdefault(check, (score, severity))
        return found

    def _part(self, rows: Sequence[int]) -> _Part:
        places = pc.index_in(self._findings["row"], pa.array(rows, pa.int64()))
        about = pc.is_valid(places)
        of = places.filter(about).to_numpy()
        order = np.argsort(of, kind="stable")
        findings = self._findings.filter(about).take(pa.array(order))
        return _Part(self.samples(rows), findings, np.searchsorted(of[order], np.arange(len(rows) + 1)))


def digest_text(text: str) -> str:
    """32 hexadecimal digits; lone surrogates are no error."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _remember(
    known: dict[int, _T], rows: Sequence[int], make: Callable[[list[int]], Sequence[_T]]
) -> list[_T]:
    missing = [row for row in rows if row not in known]
    if missing:
        known.update(zip(missing, make(missing), strict=True))
    return [known[row] for row in rows]


def _digest_part(part: _Part) -> list[str]:
    told = _spell_rows([_spell_column(part.findings[name]) for name in part.findings.column_names])
    held = pc.binary_join(pa.ListArray.from_arrays(pa.array(part.starts, pa.int32()), told), "\x1d")
    own = [_spell_column(part.samples[n]) for n in part.samples.column_names if n not in _HASHED]
    return [digest_text(text) for text in _spell_rows([*own, held]).to_pylist()]


def _encode_part(part: _Part) -> list[tuple[str, str]]:
    samples, findings = encode_rows(part.samples), encode_rows(part.findings)
    ends = zip(part.starts[:-1].tolist(), part.starts[1:].tolist(), strict=True)
    return [(sample, f"[{', '.join(findings[a:b])}]") for sample, (a, b) in zip(samples, ends, strict=True)]


def _spell_column(column: pa.ChunkedArray) -> pa.Array:
    """Values as text; nothing and "" are told apart."""
    if pa.types.is_nested(column.type):
        values = column.to_pylist() if column.null_count < len(column) else [None] * len(column)
        spelled = pa.array([None if v is None else json.dumps(v) for v in values], pa.string())
    else:
        spelled = column.combine_chunks().cast(pa.string())
    return pc.fill_null(spelled, _NULL)


def _spell_rows(columns: Sequence[pa.Array]) -> pa.Array:
    """Each row's values in one text, each with its length before it, so that no two rows read the same."""
    parts: list[pa.Array] = []
    for column in columns:
        parts += [pc.utf8_length(column).cast(pa.string()), column]
    return pc.binary_join_element_wise(*parts, "\x1f")
