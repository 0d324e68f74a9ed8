"""Versions of one document: which files are versions of each other, and which of them is the newest."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.findings import about_sample, read_columns
from tasks.records import FINDING, Severity, build_table
from tasks.text import matching_form

_COPY = re.compile(r"[-_. ]*\(\d+\)$")
_VERSION = re.compile(
    r"[-_. ]*(?:(?<![^\W_])(?:v|ver|rev|version)[-_. ]?(\d+(?:[._]\d+)*)|第(\d+)版)$", re.IGNORECASE
)
SHARED_TEXT = 0.3
"""Share of the shorter one's n-grams from which two files of a family are taken for versions of one text:
release notes have version numbers too, but each says something else."""


def family_of(name: str) -> str:
    """A path without its ending and without a version at the end of its name: `規程_v2.md` -> `規程`."""
    path = PurePosixPath(name)
    stem = _COPY.sub("", path.stem)
    return name.removesuffix(path.name) + (_VERSION.sub("", stem) or path.stem)


def version_of(uri: str) -> tuple[int, ...] | None:
    """The version at the end of a file's name, (2, 1) for `規程_v2.1.md`; None without one."""
    found = _VERSION.search(_COPY.sub("", PurePosixPath(uri).stem))
    if not found:
        return None
    return tuple(int(part) for part in re.split(r"[._]", found[1] or found[2]))


def find_superseded(samples: pa.Table, documents: pa.Table) -> pa.Table:
    """A finding for each sample of a document of which a newer version is there.

    A file without a version in its name is older than one with it. Only documents whose texts overlap count
    as versions of each other.
    """
    newer = _newer_versions(documents)
    if not newer:
        return FINDING.empty_table()
    columns = read_columns(samples)
    return build_table(
        [
            about_sample(
                columns,
                index,
                stage="ingest",
                check="superseded",
                severity=Severity.WARNING,
                reason=f"{PurePosixPath(uri).name} is superseded by {PurePosixPath(newer[uri]).name}",
                evidence={"newer": newer[uri]},
            )
            for index, uri in enumerate(columns["uri"])
            if uri in newer
        ],
        FINDING,
    )


def _newer_versions(documents: pa.Table) -> dict[str, str]:
    """URI of each superseded document -> URI of the newest of its family."""
    families: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for document in documents.select(["uri", "source", "family", "text"]).to_pylist():
        if document["text"]:
            families.setdefault((document["source"], document["family"]), []).append(document)
    superseded: dict[str, str] = {}
    for family in families.values():
        versions = [(version_of(d["uri"]), d) for d in family]
        if len(family) < 2 or all(version is None for version, _ in versions):
            continue
        ordered = sorted(versions, key=lambda item: (item[0] or (), item[1]["uri"]))
        superseded |= _overlapping([document for _, document in ordered])
    return superseded


def _overlapping(ordered: Sequence[dict[str, Any]]) -> dict[str, str]:
    newest = ordered[-1]
    return {
        older["uri"]: newest["uri"]
        for older in ordered[:-1]
        if _shared_text(older["text"], newest["text"]) >= SHARED_TEXT
    }


def _shared_text(one: str, other: str) -> float:
    """Containment (0-1): n-grams that both hold, over those of the shorter (Broder 1997)."""
    from tasks.duplicates.ngrams import gram_sets  # numba: no reader process needs it

    sets = gram_sets([matching_form(one), matching_form(other)], latin=5, cjk=2)
    cut = sets.bounds[1]
    shared = np.intersect1d(sets.grams[:cut], sets.grams[cut:], assume_unique=True)
    return len(shared) / max(1, min(cut, len(sets.grams) - cut))
