"""Which labels a decision may give: those that the recipe declares, or where it declares none, those of its samples. A
mistyped one would be a new class of the training data."""

from collections.abc import Iterable, Mapping, Set
from difflib import get_close_matches
from typing import Any, NamedTuple

from review.words import tell
from tasks.errors import SeimaiError
from tasks.records import split_labels
from tasks.wording.told import Told

NEAR = 0.5
"""Likeness (0-1, `difflib.SequenceMatcher.ratio`) from which a known label is named as the one that was meant."""
MOST_OPTIONS = 200
"""Labels that the page offers in a list to choose from; of more, one is typed, and the known ones are proposed."""
NAMED = 10
"""Known labels that a refusal names where none is near."""


class KnownLabels(NamedTuple):
    """Labels of a recipe; where a set is empty nothing is known of it, and every label is taken."""

    classes: Set[str] = frozenset()
    spans: Set[str] = frozenset()


def read_labels(facts: Mapping[str, Any]) -> KnownLabels:
    """Args: facts: of a recipe's queue, as `Desk.facts` holds them."""
    return KnownLabels(frozenset(facts.get("labels", ())), frozenset(facts.get("span_labels", ())))


def options_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the page's fields for a label offer: `labels`, and whether one of them is chosen (else it is typed)."""
    labels = list(facts.get("labels", ()))
    return {"labels": labels, "chosen": 0 < len(labels) <= MOST_OPTIONS and not facts.get("multi_label")}


def are_known(sample: Mapping[str, Any], payload: Mapping[str, Any], known: KnownLabels) -> bool:
    """Whether a decision's payload gives no label that nobody knows."""
    try:
        require_known(sample, payload, known)
    except SeimaiError:
        return False
    return True


def require_known(sample: Mapping[str, Any], payload: Mapping[str, Any], known: KnownLabels) -> None:
    """Names the nearest label that was perhaps meant.

    Raises:
        SeimaiError: a decision's payload gives a label that nobody knows.
    """
    classes = _parts(sample, payload["label"]) if "label" in payload else []
    if label := _first_unknown(classes, known.classes):
        raise SeimaiError(
            tell(
                "The recipe knows no label {given!r}. {known} A new label comes in by `labels` of the recipe.",
                given=label,
                known=_tell_known(label, known.classes),
            )
        )
    spans = (span["label"] for span in payload.get("spans") or ())
    if label := _first_unknown(spans, known.spans):
        raise SeimaiError(
            tell(
                "No span of this recipe has the label {given!r}. {known} A new one comes in with the sources.",
                given=label,
                known=_tell_known(label, known.spans),
            )
        )


def _parts(sample: Mapping[str, Any], label: str) -> list[str]:
    return [label] if sample.get("labels") is None else split_labels(label)


def _first_unknown(given: Iterable[str], known: Set[str]) -> str | None:
    return next((label for label in given if label not in known), None) if known else None


def _tell_known(label: str, known: Set[str]) -> Told:
    """The nearest known label; where none is near, the first few."""
    if near := get_close_matches(label, known, 1, NEAR):
        return tell("Did you mean {near!r}?", near=near[0])
    some = ", ".join(sorted(known)[:NAMED]) + (", …" if len(known) > NAMED else "")
    return tell("Known are: {some}.", some=some)
