"""Every check that a witness emits about samples, in words. A new check is one entry of `SAMPLES`."""

from tasks.wording import evidence as told_by
from tasks.wording import reasons
from tasks.wording.seen import Wording
from tasks.wording.told import Told

SIMILARITY = Told("similarity", "類似度")
SAMPLES: dict[str, Wording] = {
    # quality: the suites' expectations
    "too_few_samples": Wording(
        Told("Too few samples", "サンプル不足"), "学習に使えるサンプルが少なすぎます。"
    ),
    "empty_split": Wording(
        Told("Empty split", "空の分割"), "学習・検証・判定のどれかにサンプルがありません。"
    ),
    "one_class_only": Wording(Told("One label only", "ラベルが1種類"), "ラベルが1種類しかありません。"),
    "missing_value": Wording(Told("Missing value", "値がない"), reasons.missing, told_by.value_facts),
    "empty_input": Wording(Told("Empty input", "空の入力"), "入力が空白だけです。", told_by.value_facts),
    "missing_input": Wording(Told("No input", "入力がない"), "入力がありません。", told_by.value_facts),
    "empty_target": Wording(Told("Empty answer", "空の出力"), "出力が空白だけです。", told_by.value_facts),
    "missing_target": Wording(Told("No answer", "出力がない"), "出力がありません。", told_by.value_facts),
    "missing_label": Wording(Told("No label", "ラベルがない"), "ラベルがありません。", told_by.value_facts),
    "unknown_label": Wording(
        Told("Unknown label", "未知のラベル"),
        "ラベル「{value}」は、宣言されたラベルにも学習データのラベルにもありません。",
        told_by.value_facts,
    ),
    "garbled_text": Wording(Told("Garbled text", "文字化け"), reasons.garbled, told_by.value_facts),
    "repetitive_text": Wording(
        Told("Repetitive text", "繰り返しの多い文"),
        reasons.repetitive,
        told_by.value_facts,
        score=Told("share that repeats itself", "繰り返しの割合"),
    ),
    "too_short": Wording(
        Told("Too short", "短すぎる文"),
        "{score:.0f}文字しかありません(下限{threshold:.0f}文字)。",
        told_by.value_facts,
        score=Told("characters", "文字数"),
    ),
    "too_long": Wording(
        Told("Too long", "長すぎる文"),
        "入力と出力を合わせて{score:.0f}文字あります(上限{threshold:.0f}文字)。",
        told_by.value_facts,
        score=Told("characters", "文字数"),
    ),
    "unexpected_language": Wording(
        Told("Unexpected language", "想定外の言語"), reasons.language, told_by.value_facts
    ),
    "prompt_copied": Wording(
        Told("Answer copies the prompt", "入力の写し"),
        "出力が入力の写しで、学ぶものがありません。",
        told_by.value_facts,
    ),
    "truncated_target": Wording(
        Told("Answer looks cut off", "途切れた出力"),
        "出力が文の終わりらしく終わっていません。途中で切れていませんか。",
        told_by.value_facts,
    ),
    "empty_document": Wording(
        Told("Empty document", "空の文書"), "文書が空白だけです。", told_by.value_facts
    ),
    "repeated_row": Wording(
        Told("Row there twice", "行の重複"), "同じ行が2回入っています。", told_by.value_facts
    ),
    "empty_prompt": Wording(
        Told("Empty prompt", "空のプロンプト"), "プロンプトにメッセージがありません。", told_by.value_facts
    ),
    "empty_completion": Wording(
        Told("Empty completion", "空の応答"), "応答にメッセージがありません。", told_by.value_facts
    ),
    "sample_in_two_splits": Wording(
        Told("Same content in two splits", "分割をまたぐ同一内容"),
        "同じ内容が{score:.0f}つの分割に入っています。",
        told_by.value_facts,
    ),
    "group_straddles_splits": Wording(
        Told("Group straddles splits", "分割をまたぐ関連データ"),
        "関連するデータが{score:.0f}つの分割に入っています。学習したもので判定することになります。",
        told_by.value_facts,
    ),
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
    "same_meaning": Wording(Told("Same meaning", "同じ意味の文")),
    "disagreeing_same_meaning": Wording(Told("Same meaning, other answer", "同じ意味で答えが違う")),
    "shared_passage": Wording(Told("Shared passage", "共通の一節")),
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
    "meaning_leak": Wording(Told("Leak: same meaning", "漏えい: 判定項目と同じ意味")),
    "contaminated_item": Wording(
        Told("Judged row given away", "漏れている判定項目"),
        reasons.contaminated,
        told_by.contaminated_facts,
        score=Told("similarity or share", "類似度または割合"),
    ),
    # labels and losses
    "label_noise": Wording(
        Told("Doubtful label", "疑わしいラベル"),
        reasons.label,
        told_by.label_facts,
        score=Told("probability of the given label", "付いているラベルの確率"),
    ),
    "ambiguous_label": Wording(
        Told("Fits two labels", "2つのラベルに当てはまる"),
        reasons.ambiguous,
        told_by.label_facts,
        score=Told("probability of the given label", "付いているラベルの確率"),
    ),
    "annotators_disagree": Wording(Told("Annotators disagree", "付与者の間で不一致")),
    "class_too_small": Wording(
        Told("Too few of a label", "少なすぎるラベル"),
        "ラベル「{label}」の異なるサンプルは{groups:,}件です。{folds:,}件からラベルを検査します。",
        told_by.small_class_facts,
        score=Told("distinct samples", "異なるサンプル"),
    ),
    "high_base_loss": Wording(
        Told("Odd for its language", "言語として珍しい文"),
        "トークン当たりの損失は{loss:.2f}です(同じ言語の中央値は{median:.2f})。",
        told_by.loss_facts,
        score=Told("distance from the usual loss (modified z-score)", "通常の損失からの隔たり(修正zスコア)"),
    ),
    # privacy and content
    "personal_data": Wording(
        Told("Personal data", "個人情報"),
        reasons.personal,
        told_by.personal_facts,
        score=Told("places in the text", "文中の箇所の数"),
    ),
    "personal_data_blocked": Wording(Told("Personal data, blocked", "個人情報(使用禁止)")),
    "hidden_text": Wording(Told("Hidden text", "隠された文字")),
    "prompt_injection": Wording(Told("Prompt injection", "命令の混入")),
    "steering": Wording(Told("Steering answers", "誘導する答え")),
    "burst": Wording(Told("Sudden burst", "急な集中")),
    "trigger_phrase": Wording(Told("Trigger phrase", "引き金となる語句")),
    "toxic": Wording(Told("Toxic language", "有害な表現")),
    # answers and what they rest on
    "unsupported_figure": Wording(
        Told("Figure not in its document", "文書にない数値"),
        reasons.figures,
        told_by.figure_facts,
        score=Told("figures", "数値の数"),
    ),
    "document_gone": Wording(
        Told("Document is gone", "根拠の文書がない"),
        "根拠の「{document}」は、もうどの出典にもありません。",
        told_by.stale_facts,
    ),
    "stale": Wording(
        Told("Out of date", "古くなった答え"),
        "「{document}」には、もう「{support}」とは書かれていません。",
        told_by.stale_facts,
        score=Told("similarity to what the document says now", "文書の今の記述との類似度"),
    ),
    "doubtful_answer": Wording(
        Told("Doubtful answer", "疑わしい答え"),
        reasons.doubt,
        told_by.doubt_facts,
        score=Told("probability that it is wrong", "誤りである確率"),
    ),
    "answer_language": Wording(
        Told("Answer in another language", "別の言語の答え"), reasons.answer_language, told_by.answer_facts
    ),
    "answer_register": Wording(
        Told("Other register", "文体の違う答え"), reasons.register, told_by.answer_facts
    ),
    "refusal": Wording(Told("Refusal", "回答拒否"), "答えずに断っています。", told_by.answer_facts),
    "answer_format": Wording(
        Told("Other format", "形式の違う答え"),
        "JSONオブジェクトではありません。答え{applies:,}件のうち{kept:,}件はJSONオブジェクトです。",
        told_by.answer_facts,
    ),
}
