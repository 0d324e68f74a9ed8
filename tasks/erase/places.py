"""What changes in the files that quote or cache samples: results, reports, cards, pages, caches, tables."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from tasks.erase.change import Change, Kind
from tasks.erase.probes import Redactor
from tasks.erase.scan import read_strings
from tasks.report.data import ReportData
from tasks.report.gather import DATA, REPORT, save_report
from tasks.storage import Workspace, written_whole
from tasks.text import matching_form


def plan_files(workspace: Workspace, redactor: Redactor) -> Iterator[Change]:
    """Files whose text is redacted or that are removed because they are made again."""
    yield from _plan_removals(workspace, "prefect/results", "*", Kind.RESULTS, redactor)
    yield from _plan_reports(workspace, redactor)
    for path in sorted(workspace.path("registry").glob("*/*/*.*")):
        if path.suffix in (".md", ".json") and path.name != "manifest.json":
            text = path.read_text(encoding="utf-8")
            cleaned = _clean_file(path, text, redactor)
            if cleaned != text:
                yield Change(Kind.CARDS, _name(workspace, path), 1, partial(_write, path, cleaned))
    yield from _plan_removals(workspace, "data_docs", "*.html", Kind.PAGES, redactor)


def plan_caches(workspace: Workspace, redactor: Redactor, texts: Iterable[str]) -> Iterator[Change]:
    """Rows of cached arrays by the keys of erased samples; what was known of duplicates; every parsed document.

    Args:
        texts: of the erased samples: arrays are keyed by sample_id or by the sha256 of a text.
    """
    forms = {form for text in texts for form in (text, matching_form(text))}
    keys = pa.array([*redactor.ids, *(_sha256(form) for form in forms)], pa.string())
    for path in sorted(workspace.path("cache").glob("*.parquet")):
        table = pq.read_table(path)
        if "key" not in table.column_names:
            continue
        kept = table.filter(pc.invert(pc.is_in(table["key"], value_set=keys)))
        if len(kept) < len(table):
            amount = len(table) - len(kept)
            yield Change(Kind.ARRAYS, _name(workspace, path), amount, partial(_write_table, path, kept))
    for path in sorted(workspace.path("cache").glob("*.npz")) if len(keys) else ():
        yield Change(Kind.ARRAYS, _name(workspace, path), 1, partial(_remove, [path]))
    for name in ("parsed", "documents"):
        files = [path for path in sorted(workspace.path("cache", name).glob("*")) if path.is_file()]
        if files:
            yield Change(Kind.PARSED, f"cache/{name}", len(files), partial(_remove, files))


def plan_tables(workspace: Workspace, redactor: Redactor) -> Iterator[Change]:
    """Tables that hold an erased row, quote one, or hold edits without saying of which sample."""
    ids = pa.array(redactor.ids, pa.string())
    documents = pa.array(redactor.documents, pa.string())
    for path in sorted(workspace.path("tables").glob("*.parquet")):
        table = pq.read_table(path)
        named = [(name, ids) for name in ("sample_id", "item", "edited_from")] + [("doc_id", documents)]
        held = any(
            pc.any(pc.is_in(table[name], value_set=values)).as_py()
            for name, values in named
            if name in table.column_names
        )
        uris = pc.unique(table["uri"]).to_pylist() if "uri" in table.column_names else []
        held = held or any(redactor.selection.names(uri) for uri in uris)
        unnamed = bool(redactor.ids) and path.name.startswith("edits-") and len(table) > 0
        if held or unnamed or any(redactor.holds_any_form(text) for text in read_strings(table)):
            yield Change(Kind.TABLES, _name(workspace, path), 1, partial(_remove, [path]))


def _plan_reports(workspace: Workspace, redactor: Redactor) -> Iterator[Change]:
    for page in sorted(workspace.path("runs").glob(f"*/{REPORT}")):
        data = page.with_name(DATA)
        name = _name(workspace, page)
        if not data.exists():
            if redactor.holds_any_form(page.read_text(encoding="utf-8")):
                yield Change(Kind.REPORTS, name, 1, partial(_replace_report, page))
            continue
        value = json.loads(data.read_text(encoding="utf-8"))
        cleaned = redactor.clean(value)
        if cleaned != value:
            yield Change(Kind.REPORTS, name, 1, partial(_save_report, workspace, page, cleaned))


def _save_report(workspace: Workspace, page: Path, cleaned: dict[str, Any], _: str) -> None:
    """Page first, data last: data that still quote make the next attempt do both again."""
    try:
        save_report(workspace, page.parent.name, ReportData.model_validate(cleaned))
    except ValidationError:  # written by another version, or a word of the report's own was redacted
        _replace_report(page, _)


def _replace_report(page: Path, erasure_id: str) -> None:
    note = f"<!doctype html><title>seimai</title><p>This report quoted erased text (receipt {erasure_id})."
    _write(page, note, erasure_id)
    page.with_name(DATA).unlink(missing_ok=True)


def _plan_removals(
    workspace: Workspace, folder: str, pattern: str, kind: Kind, redactor: Redactor
) -> Iterator[Change]:
    for path in sorted(workspace.path(folder).glob(pattern)):
        if path.is_file() and redactor.holds_any_form(path.read_text(encoding="utf-8", errors="ignore")):
            yield Change(kind, _name(workspace, path), 1, partial(_remove, [path]))


def _clean_file(path: Path, text: str, redactor: Redactor) -> str:
    if path.suffix != ".json":
        return redactor.clean_lines(text)
    value = json.loads(text)
    cleaned = redactor.clean(value)
    return text if cleaned == value else json.dumps(cleaned, ensure_ascii=False, indent=1)


def _write(path: Path, text: str, _: str) -> None:
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def _write_table(path: Path, table: pa.Table, _: str) -> None:
    if len(table) == 0:
        path.unlink()
        return
    with written_whole(path) as part:
        pq.write_table(table, part, compression="zstd")


def _remove(paths: list[Path], _: str) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _name(workspace: Workspace, path: Path) -> str:
    return path.relative_to(workspace.root).as_posix()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
