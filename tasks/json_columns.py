"""Columns to JSON, a column at a time: the text that `json.dumps(…, ensure_ascii=False)` gives of each value, for a
fifth of its price, since no row becomes Python objects."""

from collections.abc import Sequence
from itertools import repeat
from json.encoder import encode_basestring

import pyarrow as pa
import pyarrow.compute as pc


def encode_rows(table: pa.Table) -> list[str]:
    """Each row as a JSON object."""
    columns = [table[name].combine_chunks() for name in table.column_names]
    return _join_fields(table.column_names, [encode_column(column) for column in columns], len(table))


def encode_column(column: pa.Array) -> list[str]:
    """Each value as JSON."""
    kind = column.type
    if column.null_count == len(column):
        return ["null"] * len(column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _encode_strings(column)
    if pa.types.is_integer(kind):
        return column.cast(pa.string()).fill_null("null").to_pylist()
    if pa.types.is_floating(kind):
        return ["null" if value is None else _encode_float(value) for value in column.to_pylist()]
    if pa.types.is_boolean(kind):
        return [{None: "null", True: "true", False: "false"}[value] for value in column.to_pylist()]
    if pa.types.is_list(kind):
        return _encode_lists(column)
    if pa.types.is_struct(kind):
        names = [field.name for field in kind]
        whole = _join_fields(names, [encode_column(part) for part in column.flatten()], len(column))
        return _blank(whole, column)
    raise TypeError(f"no JSON is made of columns of {kind}")


def _encode_strings(column: pa.Array) -> list[str]:
    """What most rows have in common, such as a file's name, is encoded once."""
    coded = column.dictionary_encode(null_encoding="encode")
    values = coded.dictionary.to_pylist()
    encoded = [encode_basestring(value) if value is not None else "null" for value in values]
    return [encoded[n] for n in coded.indices.to_pylist()]


def _encode_lists(column: pa.ListArray) -> list[str]:
    ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(column), 0)).to_pylist()
    values = encode_column(column.flatten())
    starts = [0, *ends[:-1]]
    return _blank([f"[{', '.join(values[a:b])}]" for a, b in zip(starts, ends, strict=True)], column)


def _encode_float(value: float) -> str:
    if value != value:
        return "NaN"
    return repr(value) if abs(value) != float("inf") else ("Infinity" if value > 0 else "-Infinity")


def _join_fields(names: Sequence[str], columns: Sequence[list[str]], rows: int) -> list[str]:
    keys = ", ".join(encode_basestring(name).replace("%", "%%") + ": %s" for name in names)
    template = "{" + keys + "}"
    return [template % values for values in (zip(*columns, strict=True) if columns else repeat((), rows))]


def _blank(values: list[str], column: pa.Array) -> list[str]:
    """The values, null where the column has none."""
    if not column.null_count:
        return values
    return [v if valid else "null" for v, valid in zip(values, column.is_valid().to_pylist(), strict=True)]
