"""A finding as it is put into words, and what an entry of the vocabulary holds."""

import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from tasks.wording.terms import TERMS, term
from tasks.wording.told import Told

SHOWN_VALUES = 12
"""Values of one fact that are shown."""


class Seen(NamedTuple):
    """The parts of a finding (`records.FINDING`) that wording draws on."""

    check: str
    score: float | None
    threshold: float | None
    reason: str
    """In English, as stored."""
    evidence: Mapping[str, Any]
    """{} where there is none, or what is there is no JSON object."""

    def fill(self, template: str) -> str:
        """`template` with evidence, `score`, `threshold` and `reason` filled in.

        Raises:
            LookupError, TypeError, ValueError: the finding does not hold what the template states.
        """
        told = {**self.evidence, "score": self.score, "threshold": self.threshold, "reason": self.reason}
        return template.format(**told)


class Fact(NamedTuple):
    """One line of evidence: what it is, and one or more values."""

    name: Told
    values: tuple[Told, ...]


class Wording(NamedTuple):
    """How one check is told."""

    title: Told
    """A short name that a steward understands."""
    reason: str | Callable[[Seen], str] | None = None
    """In Japanese: a template (`Seen.fill`) or a function; None shows the stored English."""
    facts: Callable[[Seen], list[Fact]] | None = None
    """The evidence in words; None lists it key by key."""
    score: Told = Told("score", "スコア")
    """What the finding's score measures."""


def read_finding(finding: Mapping[str, Any]) -> Seen:
    """From a row of `records.FINDING`; `evidence` may be JSON or already read."""
    return Seen(
        check=finding.get("check") or "",
        score=finding.get("score"),
        threshold=finding.get("threshold"),
        reason=finding.get("reason") or "",
        evidence=read_object(finding.get("evidence")),
    )


def read_object(value: Any) -> Mapping[str, Any]:
    """A JSON object, from text or as it is; {} for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}


def plain_facts(values: Mapping[str, Any]) -> list[Fact]:
    """Evidence that no entry words: each key with its value, the pipeline's own names in both languages."""
    return [
        Fact(term(key) if key in TERMS else Told(_spaced(key)), told)
        for key, value in values.items()
        if (told := _plain_values(value))
    ]


def fact(en: str, ja: str, *values: Told | str | None) -> list[Fact]:
    """[a fact], or [] where no value is left. What is no sentence, as evidence may hold anything, is its text."""
    told = tuple(v if isinstance(v, Told) else Told(str(v)) for v in values if v)
    return [Fact(Told(en, ja), told)] if told else []


def percent(value: Any) -> str:
    """A share (0-1) for a person: 87%, and below one percent 0.4%."""
    share = float(value)
    return f"{share:.1%}" if 0 < abs(share) < 0.01 else f"{share:.0%}"


def base_name(uri: Any) -> str:
    """The last part of a path or URL."""
    return PurePosixPath(str(uri or "")).name


def _plain_values(value: Any) -> tuple[Told, ...]:
    if isinstance(value, Mapping):
        return tuple(
            Told(f"{_spaced(key)}: {_flat(item)}") for key, item in list(value.items())[:SHOWN_VALUES]
        )
    if isinstance(value, list):
        return tuple(Told(_flat(item)) for item in value[:SHOWN_VALUES])
    text = "" if value is None else _flat(value)
    return (Told(text),) if text.strip() else ()


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_spaced(key)} {_flat(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_flat, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _spaced(key: Any) -> str:
    return str(key).replace("_", " ")
