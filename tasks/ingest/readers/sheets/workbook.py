"""A workbook as its readers hand it over: sheets whose rows are taken one by one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tasks.ingest.contract import Problem
from tasks.ingest.readers.package import Package


class Percent(float):
    """A number that is shown as a percentage."""


Value = str | int | float | bool | date | datetime | time | timedelta
_LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]')
MAX_CELLS = 40_000_000
"""Cells between a sheet's outermost filled ones: calamine holds them all, 32 bytes each and their texts."""


@dataclass
class Sheet:
    """One sheet: its rows come once, in order."""

    name: str
    number: int
    """1-based position in the workbook."""
    rows: Iterable[tuple[int, dict[int, Value]]]
    """0-based row, and its filled cells by 0-based column; rows without any may be left out."""
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """First row and column, last row and column (0-based) of merged cells, by row; ods: filled as rows come."""
    member: str = ""
    """Name of the sheet's part in an xlsx package."""


@dataclass
class Workbook:
    sheets: Iterator[Sheet]
    package: Package | None
    """None for xls."""
    problems: list[Problem] = field(default_factory=list)
    """Grows while the sheets are walked."""


def date_or_number(number: float, shown: str, from_1904: bool) -> Value:
    """A date, time or duration from the days since the start of the calendar; a number outside of it."""
    try:
        days = timedelta(seconds=round(number * 86_400))
        if shown == "duration":
            return days
        if shown == "time" and 0 <= number < 1:
            return (datetime.min + days).time()
        # Excel's calendar has a 29 February 1900, so that days before it are one off.
        start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 + (number < 60))
        found = start + days
    except (OverflowError, ValueError):  # ValueError: not a number
        return number
    return found if found.time() != time() else date(found.year, found.month, found.day)


def kind_of(code: str) -> str:
    """What a number format shows, by the letters that are not literal text."""
    letters = _LITERAL.sub("", code.split(";")[0]).lower()
    if re.search(r"\[(?:h+|m+|s+)\]", letters):
        return "duration"
    if re.search("[yde]|m{3}", letters.replace("general", "").replace("e+", "").replace("e-", "")):
        return "date"
    if re.search("[hs]", letters):
        return "time"
    if "m" in letters:
        return "date"
    return "percent" if "%" in letters else ""
