"""Japanese reasons that take more than a template: each a function of the finding."""

from tasks.wording.evidence import judged_place, say_part
from tasks.wording.seen import Seen, base_name, percent
from tasks.wording.terms import term
from tasks.wording.told import Language


def _ja(name: str) -> str:
    return term(name).say(Language.JA)


def judged(seen: Seen) -> str:
    return judged_place(seen.evidence["evaluation"][0]).say(Language.JA)


def shared_text(seen: Seen) -> str:
    field = _ja(seen.evidence["evaluation"][0].get("evaluation_field", "input"))
    return seen.fill(f"{judged(seen)}の{field}の{{score:.0%}}を含んでいます。")


def gone(seen: Seen) -> str:
    item = seen.evidence["items"][0]
    return (
        f"今は使われていない評価データ{base_name(item['source'])}の項目の{percent(item['share'])}を含んでいます"
        f"(初出 {item['first_seen'][:10]})。"
    )


LEAKS = {"exact_leak": "同じ", "near_leak": "ほぼ同じ", "ngram_leak": "共通の文"}


def contaminated(seen: Seen) -> str:
    counts = seen.evidence["checks"].items()
    told = "、".join(f"{LEAKS.get(check, check)} {count:,}" for check, count in counts)
    return seen.fill(f"学習データの{{rows:,}}行がこの項目を漏らしています({told})。")


def doubt(seen: Seen) -> str:
    faults = seen.evidence["faults"]
    looks = {
        "other_answer": "別の質問への答えのようです",
        "cut_off": "途中で切れているようです",
        "changed_fact": "出典にないことを述べています",
    }[max(faults, key=lambda name: float(faults[name]))]
    first = seen.evidence["against"][:1]
    return looks + (f": {say_part(first[0]['part'], first[0]['value'])}。" if first else "。")


def garbled(seen: Seen) -> str:
    signs = "、".join(map(_ja, seen.evidence["signs"]))
    return f"{_ja(seen.evidence['column'])}が文字化けしています({signs})。"


def repetitive(seen: Seen) -> str:
    return seen.fill(f"{_ja(seen.evidence['column'])}の{{score:.0%}}が繰り返しです(限度{{threshold:.0%}})。")


def language(seen: Seen) -> str:
    expected = "、".join(map(_ja, seen.evidence["expected"].split(", ")))
    return f"言語は{_ja(seen.evidence['language'])}です(想定: {expected})。"


def missing(seen: Seen) -> str:
    return f"列「{_ja(seen.evidence['column'])}」の値がありません。"


def personal(seen: Seen) -> str:
    return f"個人情報を含んでいます: {'、'.join(map(_ja, seen.evidence['kinds']))}。"


def figures(seen: Seen) -> str:
    figures = "、".join(f"{one['number']} {one['unit']}".strip() for one in seen.evidence["figures"])
    return seen.fill(f"「{{document}}」には{figures}とは書かれていません。")


def register(seen: Seen) -> str:
    names = {"polite": "敬体(です・ます)", "plain": "常体(だ・である)"}
    own, usual = (names[seen.evidence[key]] for key in ("own", "usual"))
    return seen.fill(f"文末が{own}です。日本語の答え{{applies:,}}件のうち{{kept:,}}件は{usual}です。")


def answer_language(seen: Seen) -> str:
    asked, answered = (_ja(seen.evidence[key]) for key in ("asked", "answered"))
    return seen.fill(
        f"{asked}の質問に{answered}で答えています。{{applies:,}}件のうち{{kept:,}}件は質問と同じ言語で答えています。"
    )


def ending(seen: Seen) -> str:
    which = {"Japanese": "日本語の", "other": "日本語以外の"}[seen.evidence["script"]]
    return seen.fill(
        f"文の終わりらしく終わっていません。{which}答え{{applies:,}}件のうち{{kept:,}}件は、そのように終わっています。"
    )
