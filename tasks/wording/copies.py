"""The checks of duplicates and leakage, in words."""

from tasks.wording import evidence as told_by
from tasks.wording import reasons
from tasks.wording.evidence import answer_of, copy_facts, place_of
from tasks.wording.files import counted_facts, left_out
from tasks.wording.seen import Fact, Seen, Wording, base_name, fact, percent
from tasks.wording.terms import term
from tasks.wording.told import Language, Told

SIMILARITY = Told("similarity", "類似度")
COSINE = Told("cosine", "余弦")


def _boilerplate(seen: Seen) -> str:
    """Of a copy of what many documents hold; or of reading, where parts of a document are in no passage."""
    if "canonical" in seen.evidence:
        return seen.fill("{documents}件の文書がこの文を含みます。代表として行{canonical[row]}を残します。")
    return left_out(seen)


def _boilerplate_facts(seen: Seen) -> list[Fact]:
    if "canonical" not in seen.evidence:
        return counted_facts(seen)
    told = seen.evidence
    return [
        *copy_facts(seen),
        *fact("documents that hold it", "この文を含む文書", f"{told['documents']:,}"),
        *fact("boilerplate from", "定型部分とみなす文書の数", f"{told['least']:,}"),
    ]


def _meaning_facts(seen: Seen) -> list[Fact]:
    """Of rows that say the same in other words: what they say, and how near they are."""
    own, others = seen.evidence["own"], seen.evidence["others"]
    rows = int(seen.evidence["rows"])
    return [
        *fact("this row's answer", "この行の答え", answer_of(own)),
        *fact("means the same", "同じ意味の文", *map(_near, others)),
        *fact("they are from", "その出典", *(place_of(other) for other in others)),
        *fact("rows in all", "行の総数", f"{rows:,}" if rows > len(others) else None),
    ]


def _near(other: told_by.Pointed) -> Told:
    answer, cosine = answer_of(other), f"{other['cosine']:.2f}"
    said = f"{other.get('excerpt', '')}{f' — {answer}' if answer else ''}"
    return Told(f"{said} (cosine {cosine})", f"{said}(余弦{cosine})")


def _passage_facts(seen: Seen) -> list[Fact]:
    told = seen.evidence
    other, where = told["other"], term(told["field"])
    span = Told(
        f"{told['span']} ({where.en} {told['start']}-{told['end']})",
        f"{told['span']}({where.say(Language.JA)} {told['start']}-{told['end']})",
    )
    return [
        *fact("text in common", "共通の部分", span),
        *fact("share of this text", "この文に占める割合", percent(other["share_of_own"])),
        *fact("the other text", "もう一方の文", other.get("excerpt")),
        *fact("found in", "出典", place_of(other)),
        *fact("rows that share text with it", "共通の部分がある行", f"{told['rows']:,}"),
    ]


def _meaning_leak(seen: Seen) -> str:
    told = seen.evidence
    spoken = ""
    if told["across"]:
        own, other = (
            term(code).say(Language.JA) for code in (told["language"], told["evaluation"][0]["language"])
        )
        spoken = f"、{own}と{other}"
    return seen.fill(f"{reasons.judged(seen)}と同じ意味です(余弦{{score:.2f}}{spoken})。")


def _meaning_leak_facts(seen: Seen) -> list[Fact]:
    judged, rows = seen.evidence["evaluation"], int(seen.evidence["rows"])
    return [
        *fact("judged on", "判定に使う項目", *map(_near, judged)),
        *fact("found in", "出典", *(place_of(other) for other in judged)),
        *fact(
            "judged rows given away", "漏れている判定項目の数", f"{rows:,}" if rows > len(judged) else None
        ),
    ]


def _former(seen: Seen) -> str:
    item = seen.evidence["items"][0]
    name = base_name(item["source"])
    return seen.fill(
        f"{name}から判定用に分けていた項目の{{score:.0%}}を含んでいます。今は判定用ではありません"
        f"(初出 {item['first_seen'][:10]})。"
    )


COPIES: dict[str, Wording] = {
    # duplicates
    "exact_duplicate": Wording(
        Told("Exact duplicate", "同じ文"),
        "行{canonical[row]}と同じ内容で、答えも同じです。",
        told_by.copy_facts,
    ),
    "near_duplicate": Wording(
        Told("Near-duplicate", "ほぼ同じ文"),
        "行{canonical[row]}とほぼ同じ文です(類似度{score:.2f})。",
        told_by.copy_facts,
        score=SIMILARITY,
    ),
    "conflicting_duplicate": Wording(
        Told("Same text, other answer", "同じ文で答えが違う"),
        "同じ文に、行{others[0][row]}では別の答えが付いています。",
        told_by.dispute_facts,
        score=SIMILARITY,
    ),
    "disagreeing_near_duplicate": Wording(
        Told("Near-duplicate, other answer", "ほぼ同じ文で答えが違う"),
        "ほぼ同じ文(類似度{score:.2f})に、行{others[0][row]}では別の答えが付いています。",
        told_by.dispute_facts,
        score=SIMILARITY,
    ),
    "same_meaning": Wording(
        Told("Same meaning", "同じ意味の文"),
        "行{others[0][row]}と同じ意味です(余弦{score:.2f})。",
        _meaning_facts,
        score=COSINE,
    ),
    "disagreeing_same_meaning": Wording(
        Told("Same meaning, other answer", "同じ意味で答えが違う"),
        "同じ意味の行{others[0][row]}(余弦{score:.2f})では、別の答えが付いています。",
        _meaning_facts,
        score=COSINE,
    ),
    "shared_passage": Wording(
        Told("Shared passage", "共通の一節"),
        "行{other[row]}と、続けて{characters:,}文字が共通です。",
        _passage_facts,
        score=Told("words in common", "共通する語の数"),
    ),
    "boilerplate": Wording(
        Told("Boilerplate", "定型部分"), _boilerplate, _boilerplate_facts, score=SIMILARITY
    ),
    # leakage
    "exact_leak": Wording(
        Told("Leak: same as a judged row", "漏えい: 判定項目と同じ"),
        lambda seen: f"{reasons.judged(seen)}と同じです。",
        told_by.leak_facts,
    ),
    "near_leak": Wording(
        Told("Leak: nearly a judged row", "漏えい: 判定項目とほぼ同じ"),
        lambda seen: seen.fill(f"{reasons.judged(seen)}とほぼ同じです(類似度{{score:.2f}})。"),
        told_by.leak_facts,
        score=SIMILARITY,
    ),
    "ngram_leak": Wording(
        Told("Leak: text in common", "漏えい: 判定項目と共通の文"),
        reasons.shared_text,
        told_by.leak_facts,
        score=Told("share of the judged text", "判定項目の文に占める割合"),
    ),
    "family_leak": Wording(
        Told("Leak: same document", "漏えい: 同じ文書"),
        lambda seen: f"{reasons.judged(seen)}と同じ文書または会話から取られています。",
        told_by.leak_facts,
    ),
    "vault_leak": Wording(
        Told("Leak: judged on before", "漏えい: 以前の判定項目"),
        reasons.gone,
        told_by.gone_facts,
        score=Told("share of the judged text", "判定項目の文に占める割合"),
    ),
    "former_gate_item": Wording(
        Told("Once in the gate split", "以前は判定用だった内容"),
        _former,
        told_by.gone_facts,
        score=Told("share of the judged text", "判定項目の文に占める割合"),
    ),
    "meaning_leak": Wording(
        Told("Leak: same meaning", "漏えい: 判定項目と同じ意味"),
        _meaning_leak,
        _meaning_leak_facts,
        score=COSINE,
    ),
    "contaminated_item": Wording(
        Told("Judged row given away", "漏れている判定項目"),
        reasons.contaminated,
        told_by.contaminated_facts,
        score=Told("similarity or share", "類似度または割合"),
    ),
}
"""Check of `tasks.duplicates` and `tasks.leakage` -> its words."""
