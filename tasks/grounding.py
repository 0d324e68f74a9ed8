"""Answers held against what they say they rest on.

A row may name the document that its answer rests on, and quote it. Where the document no longer says that, the
pair is stale: a person sees it beside the passage that comes nearest now. Where the answer states a figure that
neither the document nor the question holds with that unit, one of the two is wrong.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa
from rapidfuzz import fuzz

from tasks import findings, text
from tasks.findings import about_sample, read_columns
from tasks.numerals import KANJI_NUMERALS, KANJI_POWERS, UNITS, read_kanji
from tasks.records import FINDING, Severity, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.text import matching_form

STAGE = "grounding"
_FIGURE = re.compile(
    r"(?<![\d.,a-z])(?<![a-z]-)(\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:[-\s]?([a-z%\u00b0]+)|([\u30a1-\u30ff\u3400-\u9fff\u3064]))?"
)
"""A number that is no part of a name (KF-400, E03), and what stands after it: a Latin word, or one kanji, katakana or
つ; other hiragana are particles."""
_RANGE = re.compile(
    r"(\d[\d.,]*)\s?(?:to|and|or|-|~|から)\s?-?(\d[\d.,]*)\s?([a-z%\u00b0]+|[\u30a1-\u30ff\u3400-\u9fff])"
)
"""Two numbers that share the unit after the second."""
_WORDS = {"zero": "0", "one": "1"} | {word: str(n) for word, n in UNITS.items() if n <= 12}
_NUMBER_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b")
_COUNTERS = (
    "年|[ヶケか箇カ]月|月|日|週|時間|時|分|秒|円|人|名|個|回|件|本|枚|台|冊|箱|袋|足|着|通|条|項|号|章|割|倍|度|階|歳|才|点"
    "|営業日|店舗|種類|泊|校|社|室|畳|坪|丁目|番地|パーセント|%|キロ|メートル|センチ|グラム|リットル|トン|ドル"
)
_KANJI_NUMBER = re.compile(
    rf"(?<![{KANJI_NUMERALS}\d])(第?)"
    r"(?!十分(?!の|間|\d)|一(?:時(?!間)|度|人|点|部|名|日中|番地|番)|千人|万人|百人|二度と)"
    rf"([{KANJI_NUMERALS}]+)(?={_COUNTERS})"
)
"""A number in kanji before what it counts: 三十日, 第三条. What more often says something else than a number (一時,
一度, 十分) is left alone."""
_MIXED_NUMBER = re.compile(r"(\d+(?:,\d{3})*(?:\.\d+)?)([百千]?[万億兆]|[百千])(?!分)")
"""A number in digits with a power of ten in kanji: 3万, 1.5億."""
_LIST_NUMBER = re.compile(r"(?m)^\s*\d+[.)\u3001]\s")


class _Passage(NamedTuple):
    uri: str
    text: str
    form: str


class Figure(NamedTuple):
    """A number and what it counts, both in matching form."""

    number: str
    unit: str
    """The word after it without a plural s, or the first Japanese character; "" where nothing follows."""


def read_figures(text: str) -> list[Figure]:
    """The figures of a text in order; numbers of list items are none, small English numerals and kanji ones are."""
    form = _NUMBER_WORD.sub(lambda found: _WORDS[found[1]], matching_form(_LIST_NUMBER.sub(" ", text)))
    if not form.isascii():
        form = _KANJI_NUMBER.sub(lambda found: found[1] + str(read_kanji(found[2])), form)
        form = _MIXED_NUMBER.sub(_multiply, form)
    form = _RANGE.sub(r"\1 \3 \2 \3", form)
    return [
        Figure(number.replace(",", ""), latin.rstrip("s") or cjk)
        for number, latin, cjk in _FIGURE.findall(form)
    ]


def _multiply(found: re.Match[str]) -> str:
    value = float(found[1].replace(",", ""))
    for kanji in found[2]:
        value *= KANJI_POWERS[kanji]
    return f"{value:.0f}" if value == int(value) else f"{value:g}"


def unsupported_figures(answer: str, sources: Sequence[str]) -> list[Figure]:
    """Figures of `answer` that no source holds.

    Where a source counts in the same unit, number and unit must stand there together; elsewhere the number alone.
    A sum of two other figures of the answer in one unit is held: a fee and postage come to a total.
    """
    held = {figure for source in sources for figure in read_figures(source)}
    numbers, units = {figure.number for figure in held}, {figure.unit for figure in held} - {""}
    told = read_figures(answer)
    return [
        figure
        for figure in dict.fromkeys(told)
        if (figure not in held if figure.unit in units else figure.number not in numbers)
        and not _is_sum(figure, told)
    ]


def _is_sum(figure: Figure, told: Sequence[Figure]) -> bool:
    parts = [
        float(other.number) for other in told if other.unit == figure.unit and other.number != figure.number
    ]
    return any(a + b == float(figure.number) for a, b in combinations(parts, 2))


def find_ungrounded(samples: pa.Table, documents: pa.Table) -> pa.Table:
    """Findings `stale` (the document no longer holds the quoted words), `document_gone`, and `unsupported_figure`.

    Nothing is said of rows that name no document, nor where the sources hold no documents at all, only tables.
    """
    wanted = [name for name in samples["document"].to_pylist() if name]
    texts = _texts_by_name(documents, wanted) if wanted else {}
    if not texts:
        return FINDING.empty_table()
    columns = read_columns(samples)
    found = []
    for index, name in enumerate(columns["document"]):
        if not name:
            continue
        if name not in texts:
            found.append(_gone(columns, index, name))
        elif columns["support"][index] and not _holds(texts[name], columns["support"][index]):
            found.append(_stale(columns, index, texts[name]))
        else:
            found += _unsupported(columns, index, texts[name])
    return build_table(found, FINDING)


def _unsupported(
    columns: dict[str, list[Any]], index: int, passages: Sequence[_Passage]
) -> list[dict[str, Any]]:
    sources = [columns["input"][index] or "", *(passage.text for passage in passages)]
    figures = unsupported_figures(columns["target"][index] or "", sources)
    if not figures:
        return []
    told = ", ".join(f"{figure.number} {figure.unit}".strip() for figure in figures)
    form = matching_form(columns["support"][index] or columns["target"][index] or "")
    best = max(passages, key=lambda passage: fuzz.partial_ratio(form, passage.form))
    return [
        about_sample(
            columns,
            index,
            stage=STAGE,
            check="unsupported_figure",
            severity=Severity.WARNING,
            score=float(len(figures)),
            reason=f"{columns['document'][index]} does not say {told}",
            evidence={
                "document": columns["document"][index],
                "figures": [figure._asdict() for figure in figures],
                "says": best.text,
                "uri": best.uri,
            },
        )
    ]


def _texts_by_name(documents: pa.Table, names: Iterable[str]) -> dict[str, list[_Passage]]:
    """Name as the rows give it -> blocks of the documents whose URI ends with it; {} without documents."""
    wanted = set(names)
    known: dict[str, list[_Passage]] = {}
    for document in documents.select(["uri", "text", "blocks"]).to_pylist():
        if not document["text"]:
            continue
        parts = PurePosixPath(document["uri"]).parts
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[-depth:])
            known.setdefault("", [])
            if name in wanted:
                known.setdefault(name, []).extend(_passages(document))
    return known


def _passages(document: Mapping[str, Any]) -> list[_Passage]:
    texts = [document["text"][block["start"] : block["end"]] for block in document["blocks"]]
    return [_Passage(document["uri"], text, matching_form(text)) for text in texts]


def _holds(passages: list[_Passage], support: str) -> bool:
    """Whether the words stand there, in the form in which texts are compared; a block's end does not part them."""
    return matching_form(support) in matching_form("\n".join(passage.text for passage in passages))


def _gone(columns: dict[str, list[Any]], index: int, name: str) -> dict[str, Any]:
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="document_gone",
        severity=Severity.WARNING,
        reason=f"it rests on {name}, which no source holds any more",
        evidence={"document": name, "support": columns["support"][index]},
    )


def _stale(columns: dict[str, list[Any]], index: int, passages: list[_Passage]) -> dict[str, Any]:
    support = columns["support"][index]
    form = matching_form(support)
    best = max(passages, key=lambda passage: fuzz.partial_ratio(form, passage.form))
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="stale",
        severity=Severity.WARNING,
        score=fuzz.partial_ratio(form, best.form) / 100,
        threshold=1.0,
        reason=f"{columns['document'][index]} no longer says what the answer rests on",
        evidence={
            "document": columns["document"][index],
            "support": support,
            "now": best.text,
            "uri": best.uri,
        },
    )


@stage("grounding", findings, text)
def find_ungrounded_stage(workspace: Workspace, samples: TableRef, documents: TableRef) -> TableRef:
    """Thin task over `find_ungrounded`."""
    found = find_ungrounded(workspace.read_table(samples), workspace.read_table(documents))
    return workspace.write_table(found, "findings-grounding")
