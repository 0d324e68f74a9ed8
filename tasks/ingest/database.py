"""The rows of a query as a file: JSON lines, in an order that does not depend on the database's."""

import hashlib
import json
from datetime import date, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from tasks.errors import RecipeError
from tasks.ingest.contract import SourceFile
from tasks.recipe import FileFormat, Source


def find_rows(source: Source, index: int) -> SourceFile:
    """What the query gives now, as a file; its digest is that of the rows.

    Raises:
        RecipeError: the database or the query cannot be used.
    """
    content = fetch_rows(source, f"sources.{index}")
    query = hashlib.sha256((source.query or "").encode()).hexdigest()[:12]
    return SourceFile(
        uri=f"{source.shown_path}#{query}",
        name=query,
        size=len(content),
        modified=None,
        digest=hashlib.sha256(content).hexdigest(),
        source=index,
        format=FileFormat.SQL,
    )


def fetch_rows(source: Source, where: str) -> bytes:
    """The query's rows as JSON lines, sorted; the connection is closed without a commit.

    Raises:
        RecipeError: the database or the query cannot be used; the password is not shown.
    """
    shown = f"{where}.path={source.shown_path!r}"
    try:
        engine = sa.create_engine(source.path)
        with engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(sa.text(source.query or "")).mappings()]
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        raise RecipeError(f"{shown}: not a database that can be opened: {error}") from error
    except sa.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise RecipeError(f"{shown}: query {source.query!r} fails: {cause}") from error
    engine.dispose()
    lines = sorted(json.dumps(row, ensure_ascii=False, sort_keys=True, default=_as_json) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def _as_json(value: Any) -> Any:
    match value:
        case date() | time():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes() | memoryview():
            return bytes(value).decode("utf-8", "replace")
    return str(value)
