"""What was typed into a form that was not taken: the page that says so shows it, and the item's draft keeps it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import HTTPException, Request

from review.access import Reviewer
from review.view import editable_texts, mark_inline
from tasks.edits import is_text_field
from tasks.errors import SeimaiError

DRAFTED = ("label", "marked", "note", "reason_code", "stands", "redact_text", "redact_kind")
"""Fields of an item's form that a draft keeps, beside its texts."""
SEEN = "seen_"
"""Before a sample_id: the form's field that says what of another item was looked at."""
CHOSEN = ("stands", "reason_code", "redact_kind")
"""Fields of a draft that are picked, not typed."""
GUIDELINE = ("english", "japanese")
"""Fields of a guideline's form."""


@contextmanager
def kept_if_refused(
    request: Request, item: Mapping[str, Any], reviewer: Reviewer, form: Mapping[str, str]
) -> Iterator[None]:
    """Where what is done within is refused, what was typed goes into the draft and onto the page that says why."""
    try:
        yield
    except (SeimaiError, HTTPException):
        request.state.typed = find_typed(keep_typed(request, item, reviewer, form))
        raise


def keep_typed(
    request: Request, item: Mapping[str, Any], reviewer: Reviewer, form: Mapping[str, str]
) -> dict[str, str]:
    """Puts what of a form is worth keeping into the draft: fields that differ from the sample's own; what other forms
    about the item hold stays. Renews the leases: the item's, and those of others that the form shows beside it.

    Returns:
        The form's fields that were kept.
    """
    desk = request.app.state.room.desk
    texts = editable_texts(item["sample"])
    own = {**texts, "label": item["sample"]["label"], "marked": mark_inline(item["sample"])}
    place = item["recipe"], item["sample_id"], reviewer.name
    kept = desk.draft(*place)
    before = {name: text for name, text in (kept or {}).items() if name not in form}
    typed = {name: form[name] for name in (*DRAFTED, *texts) if form.get(name)}
    changed = {name: text for name, text in typed.items() if text != own.get(name)}
    if before | changed or kept is not None:
        desk.save_draft(*place, before | changed)
    beside = [name.removeprefix(SEEN) for name in form if name.startswith(SEEN)]
    desk.renew(item["recipe"], [item["sample_id"], *beside], reviewer.name)
    return changed


def find_typed(fields: Mapping[str, str]) -> dict[str, str]:
    """Name -> text of those fields of a form, or of a draft, that a person types into."""
    typing = [*(name for name in DRAFTED if name not in CHOSEN), *filter(is_text_field, fields), *GUIDELINE]
    return {name: fields[name] for name in dict.fromkeys(typing) if fields.get(name)}


def typed_on(request: Request) -> dict[str, str]:
    """What a page that refuses a form shows of it."""
    typed: dict[str, str] | None = getattr(request.state, "typed", None)
    return find_typed(getattr(request.state, "form", {})) if typed is None else typed
