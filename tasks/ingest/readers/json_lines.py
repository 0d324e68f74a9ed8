"""JSON lines and JSON, by the standard library: a bad line never ends the file."""

import json
from typing import Any

from tasks.ingest.contract import Problem, ReadOptions, Row, TableContent, UnreadableError
from tasks.ingest.readers.lines import decode, malformed, unify_lines


def read_json(content: bytes, options: ReadOptions) -> TableContent:
    """One object a line; or one array of objects (`line` is the position in it); or one object.

    Raises:
        UnreadableError: undecodable; corrupt, where neither the whole nor a single line is JSON.
    """
    text, problems = decode(content, options.encoding)
    lines = unify_lines(text).split("\n")  # not splitlines: JSON may hold U+2028 and its kin
    rows, unfit = _read_lines(lines)
    whole = _read_whole(text) if not rows and any(line.strip() for line in lines) else None
    if whole is not None:
        rows, unfit = whole
    elif not rows and len(unfit) > 1 and all(problem.reason.startswith("not JSON") for problem in unfit):
        raise UnreadableError("corrupt", f"neither JSON nor JSON lines: {unfit[0].reason}")
    return TableContent(rows, None, [*problems, *unfit])


def _read_lines(lines: list[str]) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            problems.append(malformed(number, f"not JSON: {error.msg} at character {error.pos + 1}", line))
        except RecursionError:
            problems.append(malformed(number, "not JSON that can be read: nested too deeply", line))
        else:
            if isinstance(value, dict):
                rows.append(Row(number, value))
            else:
                problems.append(malformed(number, f"not a JSON object but a {type(value).__name__}", line))
    return rows, problems


def _read_whole(text: str) -> tuple[list[Row], list[Problem]] | None:
    """The objects of a file that is one JSON value; None when it is not."""
    try:
        value: Any = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    if isinstance(value, dict):
        return [Row(1, value)], []
    if not isinstance(value, list):
        return None
    rows = [Row(number, item) for number, item in enumerate(value, start=1) if isinstance(item, dict)]
    problems = [
        malformed(number, f"not a JSON object but a {type(item).__name__}", json.dumps(item))
        for number, item in enumerate(value, start=1)
        if not isinstance(item, dict)
    ]
    return rows, problems
