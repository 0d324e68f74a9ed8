"""What of a recipe's review queue is meant."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tasks.ledger.moves import State
from tasks.ledger.tables import QUEUE
from tasks.text import matching_form


@dataclass(frozen=True)
class Filter:
    """What of a recipe's queue is meant; None and "" leave all in."""

    recipe: str
    check: str | None = None
    label: str | None = None
    language: str | None = None
    source: str | None = None
    disposition: str | None = None
    text: str = ""
    least_score: float | None = None
    most_score: float | None = None
    state: State | None = State.OPEN


def where(query: Any, wanted: Filter) -> Any:
    query = query.where(QUEUE.c.recipe == wanted.recipe)
    for name in ("check", "label", "language", "source", "state"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(QUEUE.c[name] == value)
    if wanted.disposition is not None:
        query = query.where(sa.or_(QUEUE.c.disposition == wanted.disposition, QUEUE.c.blind))
    if wanted.text:
        query = query.where(QUEUE.c.words.contains(matching_form(wanted.text), autoescape=True))
    if wanted.least_score is not None:
        query = query.where(QUEUE.c.score >= wanted.least_score, ~QUEUE.c.blind)
    if wanted.most_score is not None:
        query = query.where(QUEUE.c.score <= wanted.most_score, ~QUEUE.c.blind)
    return query


def ordered(query: Any) -> Any:
    return query.order_by(QUEUE.c.value.desc(), QUEUE.c.sample_id.desc())
