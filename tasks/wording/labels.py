"""The checks of labels and of what the base model finds odd, in words (`tasks.label_noise`)."""

from tasks.wording.seen import Fact, Seen, Wording, fact, percent
from tasks.wording.told import Told

BELIEF = Told("probability of the given label", "付いているラベルの確率")


def _label(seen: Seen) -> str:
    """Of tokens, of sets of labels, of several annotators, or of one label."""
    told = seen.evidence
    if "tokens" in told:
        worst = told["tokens"][0]
        return (
            f"ある語のラベル「{worst['label']}」の確率は{worst['probability']:.2f}、"
            f"「{worst['suggested']}」は{worst['suggested_probability']:.2f}です。"
        )
    if "votes" in told:
        return _votes(seen)
    if "faults" in told:
        says = {"missing": "が足りません", "superfluous": "は余分です"}
        faults = "、".join(
            f"「{one['label']}」{says[one['fault']]}(確率{one['probability']:.2f})" for one in told["faults"]
        )
        return f"付いているラベル{''.join(f'「{name}」' for name in told['given']) or '(なし)'}のうち、{faults}。"
    return f"{_probabilities(seen)}。"


def _votes(seen: Seen) -> str:
    told = seen.evidence
    best = told["likeliest"]
    said = f"ラベル「{told['label']}」の確率は{told['probability']:.2f}"
    if best["label"] != told["label"]:
        said += f"、「{best['label']}」は{best['probability']:.2f}"
    elif told["crowdlab"] != told["label"]:
        said += f"、CROWDLABでは「{told['crowdlab']}」"
    votes = "、".join(f"「{vote['label']}」{vote['count']}" for vote in told["votes"])
    return f"{said}です。付与者の票は{votes}です。"


def _disagree(seen: Seen) -> str:
    return f"付与者の間でラベルが違います。{_votes(seen)}"


def _ambiguous(seen: Seen) -> str:
    return f"2つのラベルのどちらにも当てはまります。{_probabilities(seen)}。"


def _probabilities(seen: Seen) -> str:
    best = seen.evidence["labels"][0]
    given = seen.evidence["given"]
    return (
        f"付いているラベル「{given}」の確率は{seen.score:.2f}、「{best['label']}」は{seen.threshold:.2f}です"
    )


def _label_facts(seen: Seen) -> list[Fact]:
    """Of a doubtful label: the likely ones, who gave which, and how the nearest samples are labelled."""
    told = seen.evidence
    if "tokens" in told:
        return _token_facts(seen)
    if "votes" in told:
        return _vote_facts(seen)
    near = fact(
        "nearest samples",
        "近いサンプル",
        *(f"{n['label']} · {percent(n['similarity'])} · {n['excerpt']}" for n in told["neighbours"]),
    )
    if "faults" in told:
        faults = told["faults"]
        named = [("missing", "足りないラベル"), ("superfluous", "余分なラベル")]
        likely = [
            one
            for kind, japanese in named
            for one in fact(
                kind,
                japanese,
                *(f"{f['label']} {percent(f['probability'])}" for f in faults if f["fault"] == kind),
            )
        ]
        return [*likely, *near]
    likely = fact(
        "likely labels",
        "確からしいラベル",
        *(f"{one['label']} {percent(one['probability'])}" for one in told["labels"]),
    )
    return [*likely, *near]


def _token_facts(seen: Seen) -> list[Fact]:
    lines = (
        Told(
            f"“{t['token']}”: {t['label']} {percent(t['probability'])}, "
            f"{t['suggested']} {percent(t['suggested_probability'])}",
            f"「{t['token']}」: {t['label']} {percent(t['probability'])}、"
            f"{t['suggested']} {percent(t['suggested_probability'])}",
        )
        for t in seen.evidence["tokens"]
    )
    return fact("doubtful words", "疑わしい語", *lines)


def _vote_facts(seen: Seen) -> list[Fact]:
    told = seen.evidence
    best = told["likeliest"]
    return [
        *fact("likeliest label", "最も確からしいラベル", f"{best['label']} {percent(best['probability'])}"),
        *fact("CROWDLAB says", "CROWDLABの結論", told["crowdlab"]),
        *fact(
            "who said what",
            "付与者とラベル",
            *(f"{one['annotator']}: {one['label']}" for one in told["annotations"]),
        ),
    ]


def _small_class_facts(seen: Seen) -> list[Fact]:
    return [
        *fact("label", "ラベル", str(seen.evidence["label"])),
        *fact("distinct samples", "異なるサンプル", f"{seen.evidence['groups']:,}"),
        *fact("samples", "サンプル", f"{seen.evidence['samples']:,}"),
    ]


def _loss_facts(seen: Seen) -> list[Fact]:
    told = seen.evidence
    return [
        *fact("loss, nats per token", "損失(トークン当たりナット)", f"{told['loss']:.2f}"),
        *fact("median of its language", "同じ言語の中央値", f"{told['median']:.2f}"),
        *fact("usual distance from it", "そこからの通常の隔たり", f"{told['mad']:.2f}"),
    ]


LABELS: dict[str, Wording] = {
    "label_noise": Wording(Told("Doubtful label", "疑わしいラベル"), _label, _label_facts, score=BELIEF),
    "ambiguous_label": Wording(
        Told("Fits two labels", "2つのラベルに当てはまる"), _ambiguous, _label_facts, score=BELIEF
    ),
    "annotators_disagree": Wording(
        Told("Annotators disagree", "付与者の間で不一致"), _disagree, _label_facts, score=BELIEF
    ),
    "class_too_small": Wording(
        Told("Too few of a label", "少なすぎるラベル"),
        "ラベル「{label}」の異なるサンプルは{groups:,}件です。{folds:,}件からラベルを検査します。",
        _small_class_facts,
        score=Told("distinct samples", "異なるサンプル"),
    ),
    "high_base_loss": Wording(
        Told("Odd for its language", "言語として珍しい文"),
        "トークン当たりの損失は{loss:.2f}です(同じ言語の中央値は{median:.2f})。",
        _loss_facts,
        score=Told("distance from the usual loss (modified z-score)", "通常の損失からの隔たり(修正zスコア)"),
    ),
}
"""Check of `tasks.label_noise` -> its words."""
