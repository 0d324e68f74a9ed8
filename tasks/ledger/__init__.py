"""The ledger: one SQL database, touched by nothing but this folder.

`tables` says what is stored, `engine` how it is opened, `store` what the line and its runs need, `desk` the review
queue, `people` accounts and sessions.
"""

from tasks.ledger.store import Ledger
from tasks.ledger.tables import DECISIONS, metadata
from tasks.ledger.times import now

__all__ = ["DECISIONS", "Ledger", "metadata", "now"]
