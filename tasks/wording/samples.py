"""The checks of quality, privacy and answers, in words."""

from tasks.wording import evidence as told_by
from tasks.wording import reasons
from tasks.wording.seen import Wording
from tasks.wording.told import Told

PLACES = Told("places in the text", "文中の箇所の数")
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
    "unknown_annotation": Wording(
        Told("Annotator's unknown label", "付与者の未知のラベル"),
        "付与者の付けたラベルに、宣言されたラベルにも学習データのラベルにもないものがあります: {value}",
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
    # labels, languages and sources: the suite on slices
    "rare_slice": Wording(
        Told("Rare in training", "学習データに少ない"),
        "学習データにほとんどありません。",
        told_by.value_facts,
    ),
    "dependent_slices": Wording(
        Told("One tells the other", "互いに結びついている"),
        "一方から他方が分かります。モデルは、一方を他方の代わりに学ぶかもしれません。",
        told_by.value_facts,
    ),
    "worse_slice": Wording(
        Told("Worse than the rest", "ほかより正解率が低い"),
        "その行を見ていないモデルの誤りが、偶然の範囲を超えてほかより多い部分です。",
        told_by.value_facts,
    ),
    # privacy
    "personal_data": Wording(
        Told("Personal data", "個人情報"), reasons.personal, told_by.personal_facts, score=PLACES
    ),
    "personal_data_quarantined": Wording(
        Told("Personal data, held back", "個人情報(保留)"),
        reasons.personal,
        told_by.personal_facts,
        score=PLACES,
    ),
    "personal_data_blocked": Wording(
        Told("Personal data, blocked", "個人情報(使用禁止)"),
        reasons.personal,
        told_by.personal_facts,
        score=PLACES,
    ),
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
        "「{document}」に、答えの根拠はもう書かれていません。",
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
    "answer_ending": Wording(
        Told("Ends unlike the others", "文末の違う答え"), reasons.ending, told_by.answer_facts
    ),
    "refusal": Wording(Told("Refusal", "回答拒否"), "答えずに断っています。", told_by.answer_facts),
    "answer_format": Wording(
        Told("Other format", "形式の違う答え"),
        "JSONオブジェクトではありません。答え{applies:,}件のうち{kept:,}件はJSONオブジェクトです。",
        told_by.answer_facts,
    ),
}
