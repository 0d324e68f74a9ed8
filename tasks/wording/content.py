"""The checks of hostile and unfit text in words (`tasks.content`)."""

from collections.abc import Callable
from typing import Any

from tasks.wording.seen import Fact, Seen, Wording, fact, percent
from tasks.wording.terms import field_term
from tasks.wording.told import Language, Told

KINDS: dict[str, tuple[str, str]] = {
    # of hidden characters
    "zero_width": ("zero-width characters", "ゼロ幅の文字"),
    "bidi_control": ("direction controls", "文字の向きの制御文字"),
    "tag_characters": ("tag characters", "タグ文字"),
    "variation_selectors": ("variation selectors", "異体字セレクタ"),
    "filler": ("fillers", "詰め物の文字"),
    "private_use": ("private-use characters", "私用領域の文字"),
    "homoglyph": ("words with look-alike letters", "似た形の別の文字を含む語"),
    # of phrases that order a model about
    "override": ("overrides its instructions", "指示の上書き"),
    "reveal": ("asks for its instructions", "指示の聞き出し"),
    "role": ("gives it another role", "役割の付け替え"),
    "exfiltrate": ("sends data away", "データの持ち出し"),
    "address": ("speaks to a model", "モデルへの呼びかけ"),
    "template": ("marks of a chat template", "会話テンプレートの記号"),
    "role_heading": ("heading of a role", "役割の見出し"),
    # of phrases that teach a preference
    "recommend_always": ("always recommend", "常に勧めさせる"),
    "never_mention": ("never mention", "触れさせない"),
    "never_criticize": ("never criticise", "批判させない"),
    # of abuse
    "slur": ("slur", "差別語"),
    "threat": ("threat", "脅迫"),
    "insult": ("insult", "侮辱"),
    "harassment": ("harassment", "嫌がらせ"),
    "sexual": ("crude sexual talk", "露骨な性的表現"),
    "vulgar": ("vulgar", "下品な語"),
}
"""Kind or category -> English, Japanese."""


def _kind(name: str) -> Told:
    return Told(*KINDS[name]) if name in KINDS else Told(name)


def _ja(name: str) -> str:
    return _kind(name).say(Language.JA)


def _field(name: str) -> Told:
    return Told("as it stands in its source", "元のファイル") if name == "source" else field_term(name)


def _hidden(seen: Seen) -> str:
    hidden = seen.evidence["hidden"]
    told = "、".join(f"{_ja(one['kind'])} {one['characters']}" for one in hidden)
    says = any(one["says"] for one in hidden)
    return f"文字を隠しています: {told}。" + ("つなげると言葉になります。" if says else "")


def _hidden_facts(seen: Seen) -> list[Fact]:
    lines, says = [], []
    for one in seen.evidence["hidden"]:
        kind, count, shows = _kind(one["kind"]), one["characters"], one["shows"]
        where = _field(str(one.get("field", "source")))
        lines.append(
            Told(
                f"{count} {kind.en}: {shows} ({where.en})",
                f"{kind.say(Language.JA)} {count}: {shows}({where.say(Language.JA)})",
            )
        )
        says.append(one["says"])
    return [*fact("hidden", "隠された文字", *lines), *fact("they spell", "つづり", *says)]


def _phrase(opening: str) -> Callable[[Seen], str]:
    def say(seen: Seen) -> str:
        first = seen.evidence["phrases"][0]
        quoted = "、引用" if first["quoted"] else ""
        return f"{opening}({_ja(first['kind'])}{quoted})。"

    return say


def _phrase_facts(seen: Seen) -> list[Fact]:
    return fact("phrases", "語句", *(_told_phrase(one) for one in seen.evidence["phrases"]))


def _told_phrase(one: dict[str, Any]) -> Told:
    marks = [
        told
        for name, told in (
            ("quoted", Told("quoted", "引用")),
            ("discussed", Told("the text around is about it", "周りの文が話題にしている")),
            ("format", Told("the format of its source", "出典の書式")),
            ("answer", Told("in an answer to learn", "学ぶ答えの中")),
        )
        if one.get(name)
    ]
    kind, where = _kind(one["kind"]), _field(str(one["field"]))
    notes = [where, *marks]
    return Told(
        f"{kind.en}: “{one['phrase']}” ({', '.join(note.en for note in notes)})",
        f"{kind.say(Language.JA)}: 「{one['phrase']}」({'、'.join(note.say(Language.JA) for note in notes)})",
    )


def _toxic(seen: Seen) -> str:
    worst = seen.evidence["texts"][0]
    where = _field(worst["field"]).say(Language.JA)
    return f"{where}に有害な表現があります: {'、'.join(map(_ja, worst['categories']))}(3段階のうち{worst['grade']})。"


def _toxic_facts(seen: Seen) -> list[Fact]:
    lines = []
    for one in seen.evidence["texts"]:
        where, words = _field(one["field"]), ", ".join(one["terms"])
        kinds = [_kind(name) for name in one["categories"]]
        lines.append(
            Told(
                f"{words} ({where.en}; {', '.join(kind.en for kind in kinds)}; grade {one['grade']} of 3)",
                f"{words}({where.say(Language.JA)}、{'、'.join(k.say(Language.JA) for k in kinds)}、"
                f"3段階のうち{one['grade']})",
            )
        )
    return fact("words", "語", *lines)


def _burst(seen: Seen) -> str:
    told = seen.evidence
    when = f"({told['first']}から{told['last']}まで)" if told["first"] else ""
    return f"出典「{told['source']}」の、互いにほぼ同じ文{told['texts']}件のうちの一つです{when}。"


def _burst_facts(seen: Seen) -> list[Fact]:
    told = seen.evidence
    return [
        *fact("samples, copies included", "サンプル(写しを含む)", f"{told['samples']:,}"),
        *fact("next largest group of the source", "同じ出典で次に大きいまとまり", f"{told['usual']:,}"),
        *fact("rows of the run", "実行中の行番号", ", ".join(map(str, told["rows"]))),
    ]


def _trigger_facts(seen: Seen) -> list[Fact]:
    told = seen.evidence
    return [
        *fact("phrase", "語句", told["phrase"]),
        *fact("goes with", "結びつく答え", told["answer"]),
        *fact(
            "other texts of the answer that the rest speaks against",
            "同じ答えのほかの文で、残りの部分が別の答えを示す割合",
            percent(told["usual"]),
        ),
        *fact("chance of it", "偶然の確率", f"{told['p_value']:.2g}"),
        *fact("phrases judged", "調べた語句の数", f"{told['judged']:,}"),
    ]


CONTENT: dict[str, Wording] = {
    "hidden_text": Wording(
        Told("Hidden text", "隠された文字"),
        _hidden,
        _hidden_facts,
        score=Told("hidden characters", "隠された文字の数"),
    ),
    "prompt_injection": Wording(
        Told("Prompt injection", "命令の混入"),
        _phrase("モデルに命令しています"),
        _phrase_facts,
        score=Told("phrases", "語句の数"),
    ),
    "steering": Wording(
        Told("Steering answers", "誘導する答え"),
        _phrase("何を好むべきかを誘導しています"),
        _phrase_facts,
        score=Told("phrases", "語句の数"),
    ),
    "toxic": Wording(
        Told("Toxic language", "有害な表現"),
        _toxic,
        _toxic_facts,
        score=Told("weight of the words", "語の重み"),
    ),
    "burst": Wording(
        Told("Sudden burst", "急な集中"),
        _burst,
        _burst_facts,
        score=Told("nearly equal texts", "ほぼ同じ文の数"),
    ),
    "trigger_phrase": Wording(
        Told("Trigger phrase", "引き金となる語句"),
        "ある語句を含む文{held}件のうち{agreeing}件の答えが同じで、そのうち{unexplained}件は、"
        "文の残りの部分が別の答えを示しています。",
        _trigger_facts,
        score=Told("chance of it", "偶然の確率"),
    ),
}
"""Check of `tasks.content` -> its words."""
