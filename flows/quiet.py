"""What the terminal is spared of Prefect: the traceback of an error that a user can cause and mend.

The message is shown once, by the command; the run's page in the Prefect UI keeps state, message and traceback.
"""

import logging
import re
from collections.abc import Iterator

from tasks.errors import SeimaiError

_FINISHED = re.compile(r"^Finished in state Failed\(.*?encountered an exception (\w+)", re.DOTALL)


class ExpectedStops(logging.Filter):
    """Lets no record of a SeimaiError through that Prefect writes; errors of any other kind keep theirs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("prefect"):
            return True
        if record.exc_info and isinstance(record.exc_info[1], SeimaiError):
            return False
        finished = _FINISHED.match(record.getMessage())
        return not (finished and finished[1] in set(_names(SeimaiError)))


def spare_tracebacks() -> None:
    """Puts `ExpectedStops` before what writes to the terminal; Prefect has set that up when it was imported."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(known, ExpectedStops) for known in handler.filters):
            handler.addFilter(ExpectedStops())


def _names(kind: type[SeimaiError]) -> Iterator[str]:
    yield kind.__name__
    for special in kind.__subclasses__():
        yield from _names(special)
