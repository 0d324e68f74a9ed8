"""What follows from what was found: which spans count, and what comes in their place."""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping

from tasks.edits import Put
from tasks.privacy.spans import MERE_NAME, Kind, Span, fold
from tasks.privacy.surrogates import Surrogates
from tasks.recipe import PersonalAction, PrivacySettings

Spans = dict[str, list[Span]]
"""Field of a sample -> spans of its text."""


def allows(settings: PrivacySettings) -> Callable[[str], bool]:
    """Whether the recipe's `allow_list` names a value, in full or half width."""
    literals, patterns = set(), []
    for item in settings.allow_list:
        if len(item) > 2 and item[0] == item[-1] == "/":
            patterns.append(re.compile(item[1:-1]))
        else:
            literals.add(fold(item))
    return lambda value: fold(value) in literals or any(p.fullmatch(fold(value)) for p in patterns)


def pick_spans(
    spans: Iterable[Span], text: str, settings: PrivacySettings, allowed: Callable[[str], bool]
) -> list[Span]:
    """The spans of `text` from which something follows."""
    return [
        span
        for span in spans
        if span.confidence >= settings.min_confidence
        and settings.action_for(span.kind) is not PersonalAction.ALLOW
        and not allowed(text[span.start : span.end])
    ]


def leave_mere_names(spans: Spans) -> Spans:
    """No spans where all of a sample's spans are names that nothing announces."""
    every = itertools.chain.from_iterable(spans.values())
    mere = all(span.kind == Kind.PERSON and span.confidence <= MERE_NAME for span in every)
    return {field: [] for field in spans} if mere else spans


def group_by_check(
    found: Spans, settings: PrivacySettings, checks: Mapping[str, tuple[PersonalAction, ...]]
) -> dict[str, Spans]:
    """Check -> the spans that it stands for; a check without any is left out."""
    groups: dict[str, Spans] = {}
    for check, actions in checks.items():
        spans = {
            field: [span for span in every if settings.action_for(span.kind) in actions]
            for field, every in found.items()
        }
        if any(spans.values()):
            groups[check] = spans
    return groups


def replace_spans(
    text: str, spans: list[Span], settings: PrivacySettings, surrogates: Surrogates | None, scope: str
) -> list[Put]:
    """A surrogate or a placeholder for each span.

    Args:
        surrogates: needed where the settings ask for pseudonyms.
    """

    def name(span: Span) -> str:
        if settings.action_for(Kind(span.kind)) is PersonalAction.PSEUDONYM and surrogates is not None:
            return surrogates.invent(span.kind, text[span.start : span.end], scope)
        return f"[{span.kind}]"

    return [Put(span.start, span.end, name(span)) for span in spans]


def cuts_into(labels: Iterable[Mapping[str, int]], put: Iterable[Put]) -> bool:
    """Whether a piece of personal data is neither within a labelled span nor apart from it: what is labelled in what
    comes in its place, nobody can say."""
    return any(
        one.start < label["end"]
        and label["start"] < one.end
        and not (label["start"] <= one.start and one.end <= label["end"])
        for label in labels
        for one in put
    )
