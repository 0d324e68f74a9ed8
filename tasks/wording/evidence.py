"""The evidence of each witness in words: what a person needs to agree or disagree, nothing by its key."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.wording.seen import Fact, Seen, base_name, fact, percent
from tasks.wording.terms import field_term, term
from tasks.wording.told import Language, Told, join

Pointed = Mapping[str, Any]
"""Another sample, as `findings.point_at` writes it."""
ROLES = {"evaluation": ("evaluation set", "評価データ"), "train": ("gate split of", "判定用に分けた")}


def copy_facts(seen: Seen) -> list[Fact]:
    """Of a copy or near copy: the sample that stays, how near it is, and where it is from."""
    other = seen.evidence["canonical"]
    alike, own = seen.evidence.get("jaccard"), seen.evidence.get("own", {})
    return [
        *fact("the sample that stays", "残る方の文", other.get("excerpt")),
        *fact("its answer", "その答え", answer_of(other)),
        *fact("similarity", "類似度", None if alike is None else percent(alike)),
        *fact("longest run in common", "共通する最長の部分", _shared(seen.evidence)),
        *fact("found in", "出典", place_of(other)),
        *fact("this row is from", "この行の出典", place_of(own) if own else None),
    ]


def dispute_facts(seen: Seen) -> list[Fact]:
    """Of samples that disagree: the answer of each side, with how many rows stand behind it."""
    own = seen.evidence["own"]
    others = seen.evidence["others"]
    count = seen.evidence.get("opponents", len(others))
    return [
        *fact("this row's answer", "この行の答え", _quoted_answer(own), _rows(own)),
        *fact("other answers", "別の答え", *(_opponent(other) for other in others)),
        *fact("they are from", "その出典", *(place_of(other) for other in others)),
        *fact("answers that differ", "異なる答えの数", f"{count:,}" if count > len(others) else None),
    ]


def leak_facts(seen: Seen) -> list[Fact]:
    """Of a training row that gives a judged row away: that row, and what both hold."""
    judged = seen.evidence["evaluation"]
    first = judged[0]
    span = first.get("span")
    return [
        *fact("judged on", "判定に使う項目", *(other.get("excerpt") for other in judged)),
        *fact("its answer", "その答え", answer_of(first)),
        *fact("similarity", "類似度", percent(first["jaccard"]) if "jaccard" in first else None),
        *fact("share of it held here", "含まれる割合", percent(first["share"]) if "share" in first else None),
        *fact("text in common", "共通の部分", span and _span(first)),
        *fact("found in", "出典", *(place_of(other) for other in judged)),
        *fact("judged rows given away", "漏れている判定項目の数", _more(seen, judged)),
    ]


def gone_facts(seen: Seen) -> list[Fact]:
    """Of a training row that holds what was judged on before."""
    items = seen.evidence["items"]
    lines = (
        Told(
            f"{base_name(item['source'])}, {percent(item['share'])} of the item, first seen "
            f"{item['first_seen'][:10]}",
            f"{base_name(item['source'])}、項目の{percent(item['share'])}、初出 {item['first_seen'][:10]}",
        )
        for item in items
    )
    return fact("items judged on before", "以前判定に使った項目", *lines)


def contaminated_facts(seen: Seen) -> list[Fact]:
    """Of a judged row: the training rows that come nearest to it."""
    rows = seen.evidence["training"]
    return [
        *fact("training rows", "学習データの行", *(_held(row) for row in rows)),
        *fact("found in", "出典", *(place_of(row) for row in rows)),
        *fact("training rows in all", "学習データの行の総数", _more(seen, rows)),
    ]


def doubt_facts(seen: Seen) -> list[Fact]:
    """Of a doubtful answer: what it may be, and all that speaks against it."""
    faults = sorted(seen.evidence["faults"].items(), key=lambda item: -item[1])
    likely = (
        Told(f"{term(name).en} {percent(p)}", f"{term(name).ja} {percent(p)}")
        for name, p in faults
        if p >= 0.005
    )
    pairs = zip(seen.evidence["against"], seen.evidence["said"], strict=True)
    against = (Told(said, say_part(item["part"], item["value"])) for item, said in pairs)
    return [*fact("may be", "考えられる誤り", *likely), *fact("against it", "疑わしい点", *against)]


def personal_facts(seen: Seen) -> list[Fact]:
    """Of personal data: each kind with its masked form, never the value."""
    lines = (
        Told(
            f"{term(s['kind']).en}: {s['masked']} ({field_term(s['field']).en})",
            f"{term(s['kind']).say(Language.JA)}: {s['masked']}({field_term(s['field']).say(Language.JA)})",
        )
        for s in seen.evidence["spans"]
    )
    return fact("found, masked", "見つかったもの(伏せ字)", *lines)


def stale_facts(seen: Seen) -> list[Fact]:
    told = seen.evidence
    return [
        *fact("the answer rests on", "答えの根拠", told.get("support")),
        *fact("the document says now", "文書の今の記述", told.get("now") or told.get("says")),
        *fact("document", "文書", base_name(told.get("uri") or told.get("document"))),
    ]


def figure_facts(seen: Seen) -> list[Fact]:
    figures = (f"{one['number']} {one['unit']}".strip() for one in seen.evidence["figures"])
    return [*fact("figures", "数値", *figures), *stale_facts(seen)]


def value_facts(seen: Seen) -> list[Fact]:
    """Of an expectation: the column and what stands in it."""
    told = seen.evidence
    value = told.get("value")
    limit = None if seen.threshold is None else f"{seen.threshold:g}"
    return [
        *fact("column", "列", term(str(told["column"]))),
        *fact("value", "値", None if value is None or value == seen.score else str(value).strip()),
        *fact("measured", "測定値", None if seen.score is None else f"{seen.score:.4g}"),
        *fact("limit", "限度", limit),
        *fact("signs", "兆候", *(term(sign) for sign in told.get("signs", ()))),
    ]


def answer_facts(seen: Seen) -> list[Fact]:
    return fact("answer", "答え", seen.evidence.get("answer"))


def say_part(part: str, value: float) -> str:
    """What one part of the measurement of an answer says (`answers.meter.PARTS`), in Japanese."""
    return PARTS[part].format(value)


def answer_of(other: Pointed) -> str:
    """What another sample answers: its label, else its target; "" for neither."""
    return str(other.get("label") or other.get("target") or "")


def place_of(other: Pointed) -> Told:
    """Where another sample stands: source, line, date, row of this run."""
    name = base_name(other.get("uri") or other.get("source"))
    line, date, row = (other.get(key) for key in ("line", "date", "row"))
    return join(
        [
            *([Told(name)] if name else []),
            *([Told(f"line {line}", f"{line}行目")] if line is not None else []),
            *([Told(str(date))] if date else []),
            *([Told(f"row {row} of the run", f"実行中の行番号 {row}")] if row is not None else []),
        ],
        " · ",
        " · ",
    )


def judged_place(other: Pointed) -> Told:
    """Row and set of a judged sample, as a reason names it."""
    kind = ROLES["evaluation" if other.get("role") == "evaluation" else "train"]
    name = base_name(other.get("source"))
    return Told(f"row {other['row']} of the {kind[0]} {name}", f"{kind[1]}{name}の行{other['row']}")


PARTS = {
    "less_in_common": "他の答えの{:.0%}の方が、質問と共通する語が多い",
    "less_expected": "他の答えの{:.0%}の方が、このような質問への通常の答えに近い",
    "unlike_neighbours": "他の答えの{:.0%}の方が、似た質問への答えに近い",
    "ending": "末尾の文字が、途中で切れた文のもの(対数オッズ {:.1f})",
    "open_bracket": "括弧または引用符が閉じていない",
    "length": "長さが普通でない(e^{:.1f} 文字)",
    "not_in_source": "語の{:.0%}が出典にない",
    "figures_not_in_source": "数値の{:.0%}が出典にない",
    "names_not_in_source": "名称の{:.0%}が出典にない",
    "stops_in_word": "引用が出典の語の途中で終わる",
    "starts_in_word": "引用が出典の語の途中から始まる",
    "no_easier_with_prompt": "質問があっても、基盤モデルには読みやすくならない(答えだけのときの損失の{:.0%})",
    "unexpected_end": "基盤モデルは、そこで終わると予想していない(損失 {:.1f})",
    "unexpected_token": "基盤モデルが予想しない語がある(損失 {:.1f})",
}


def _shared(evidence: Mapping[str, Any]) -> Told | None:
    if not evidence.get("shared"):
        return None
    count = evidence["shared_characters"]
    return Told(f"{evidence['shared']} ({count:,} characters)", f"{evidence['shared']}({count:,}文字)")


def _span(other: Pointed) -> Told:
    where = term(other["field"])
    return Told(
        f"{other['span']} ({other['characters']:,} characters, {where.en} {other['start']}-{other['end']})",
        f"{other['span']}({other['characters']:,}文字、{where.say(Language.JA)} {other['start']}-{other['end']})",
    )


def _quoted_answer(other: Pointed) -> str:
    return answer_of(other) or str(other.get("excerpt", ""))


def _rows(other: Pointed) -> Told | None:
    count = other.get("rows", 1)
    return Told(f"in {count:,} rows", f"{count:,}行") if count > 1 else None


def _opponent(other: Pointed) -> Told:
    alike, rows = percent(other["jaccard"]), _rows(other)
    said = f"{_quoted_answer(other)} — {other.get('excerpt', '')}"
    notes = join([Told(f"similarity {alike}", f"類似度{alike}"), *([rows] if rows else [])])
    return Told(f"{said} ({notes.en})", f"{said}({notes.ja})")


def _more(seen: Seen, shown: Sequence[Pointed]) -> str | None:
    """The number of all, where there are more than those shown."""
    count = int(seen.evidence.get("rows", len(shown)))
    return f"{count:,}" if count > len(shown) else None


def _held(row: Pointed) -> Told:
    return Told(
        f"{row.get('excerpt', '')} (holds {percent(row['share'])})",
        f"{row.get('excerpt', '')}({percent(row['share'])}を含む)",
    )
