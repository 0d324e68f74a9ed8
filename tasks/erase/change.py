"""One change that an erasure makes: planned first, so that it can be shown, then applied."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """Where a change happens; also the order in which changes are made.

    Places that only quote a text come first, the tables and snapshots that hold it last: an erasure that was cut
    short still finds what to look for when it is run again.
    """

    MODELS = "model versions due for retraining"
    RESULTS = "cached results of stages (made again by the next run)"
    DATABASES = "texts in the databases of Prefect and MLflow"
    REPORTS = "reports of runs"
    CARDS = "model cards"
    PAGES = "pages of data_docs (made again by the next run)"
    LEDGER = "rows of the ledger: flagged samples, decisions, messages"
    ARRAYS = "cached arrays: signatures, losses"
    PARSED = "cached documents, all of them (read again by the next run)"
    TABLES = "tables between stages (made again by the next run)"
    SNAPSHOTS = "snapshots"


class Change(NamedTuple):
    kind: Kind
    what: str
    """A path relative to the workspace, or a name."""
    amount: int
    """Rows, texts or files that change."""
    apply: Callable[[str], None]
    """Makes the change; given the receipt's id."""
