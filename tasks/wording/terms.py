"""The pipeline's own short names in both languages: columns, stages, severities, gates, kinds of personal data."""

import re

from tasks.wording.told import Told

TERMS: dict[str, tuple[str, str]] = {
    # columns and properties of a sample
    "input": ("input", "入力"),
    "target": ("target", "出力"),
    "text": ("text", "本文"),
    "label": ("label", "ラベル"),
    "labels": ("labels", "ラベル"),
    "language": ("language", "言語"),
    "source": ("source", "出典"),
    "row": ("row", "行"),
    "split": ("split", "分割"),
    "input length": ("input length", "入力の長さ"),
    "target length": ("target length", "出力の長さ"),
    "character n-grams": ("character n-grams", "文字の並び(n-gram)"),
    "meanings": ("meanings", "意味"),
    "characters": ("characters", "文字数"),
    "input_characters": ("characters of the input", "入力の文字数"),
    "target_characters": ("characters of the target", "出力の文字数"),
    "prompt_messages": ("messages of the prompt", "プロンプトのメッセージ数"),
    "completion_messages": ("messages of the completion", "応答のメッセージ数"),
    "annotated_labels": ("labels by annotators", "付与者のラベル"),
    "prompt": ("prompt", "プロンプト"),
    "completion": ("completion", "応答"),
    "earlier_turn": ("earlier turn", "前の発言"),
    "splits_of_sample": ("splits of its content", "同じ内容のある分割の数"),
    "splits_of_group": ("splits of its group", "同じグループのある分割の数"),
    # keys of evidence that no entry words
    "column": ("column", "列"),
    "value": ("value", "値"),
    "line": ("line", "行の内容"),
    "uri": ("file", "ファイル"),
    "name": ("name", "名前"),
    "type": ("type", "種類"),
    "size": ("bytes", "バイト数"),
    "id": ("id", "識別子"),
    "newer": ("newer version", "新しい版"),
    "first": ("the first", "最初のもの"),
    "second": ("the second", "次のもの"),
    "pages": ("pages", "ページ"),
    "thread": ("conversation", "やり取り"),
    "turns": ("turns", "発言の数"),
    "speakers": ("speakers", "発言者"),
    "question": ("question", "質問"),
    "answer": ("answer", "答え"),
    "support": ("support", "裏付け"),
    "reply": ("reply", "応答"),
    "annotator": ("annotator", "付与者"),
    "before": ("given before", "先に付けたもの"),
    "token": ("word", "語"),
    "span": ("span", "範囲"),
    "found": ("found", "実際"),
    "expected": ("expected", "期待"),
    # stages, as witnesses
    "ingest": ("Reading", "読み込み"),
    "quality": ("Quality", "品質"),
    "duplicates": ("Duplicates", "重複"),
    "privacy": ("Privacy", "個人情報"),
    "leakage": ("Leakage", "評価データの漏えい"),
    "grounding": ("Grounding", "根拠"),
    "label_noise": ("Label noise", "ラベルの誤り"),
    "answers": ("Answers", "答えの誤り"),
    "content": ("Content", "内容"),
    "review": ("Review", "レビュー"),
    # severities, dispositions, splits, roles
    "info": ("info", "情報"),
    "warning": ("warning", "警告"),
    "critical": ("critical", "重大"),
    "keep": ("keep", "採用"),
    "edit": ("edit", "修正"),
    "quarantine": ("quarantine", "保留"),
    "drop": ("drop", "除外"),
    "kept": ("kept", "採用"),
    "edited": ("edited", "修正"),
    "quarantined": ("quarantined", "保留"),
    "dropped": ("dropped", "除外"),
    "relabel": ("relabel", "ラベル変更"),
    "train": ("train", "学習"),
    "validation": ("validation", "検証"),
    "gate": ("gate", "判定"),
    "evaluation": ("evaluation", "評価"),
    "reported only": ("reported only", "報告のみ"),
    "no sample to keep": ("no sample to keep", "対象のサンプルなし"),
    # models, gates, metrics, tests
    "base": ("base", "基盤"),
    "champion": ("champion", "公開中"),
    "candidate": ("candidate", "候補"),
    "superiority": ("superiority", "優越性"),
    "non_inferiority": ("non-inferiority", "非劣性"),
    "worst_slice": ("worst-slice", "最も弱い部分"),
    "forgetting": ("forgetting", "忘却"),
    "clean items only": ("clean items only", "漏えいのない項目のみ"),
    "leaked items only": ("leaked items only", "漏えいのある項目のみ"),
    "accuracy": ("accuracy", "正解率"),
    "loss": ("loss", "損失"),
    "Kolmogorov-Smirnov": ("Kolmogorov-Smirnov", "コルモゴロフ–スミルノフ検定"),
    "chi-squared": ("chi-squared", "カイ二乗検定"),
    "permutation": ("permutation", "並べ替え検定"),
    "distance of the distribution functions": ("distance of the distribution functions", "分布関数の距離"),
    "population stability index": ("population stability index", "安定度指数(PSI)"),
    # tasks
    "text-classification": ("text classification", "テキスト分類"),
    "token-classification": ("token classification", "固有表現などの抽出"),
    "text-generation": ("text generation", "文章生成"),
    "language-modeling": ("language modelling", "言語モデリング"),
    # personal data
    "EMAIL": ("e-mail address", "メールアドレス"),
    "PHONE": ("phone number", "電話番号"),
    "POSTAL_CODE": ("postal code", "郵便番号"),
    "ADDRESS": ("address", "住所"),
    "PERSON": ("name of a person", "氏名"),
    "BIRTH_DATE": ("date of birth", "生年月日"),
    "MY_NUMBER": ("My Number", "マイナンバー"),
    "CORPORATE_NUMBER": ("corporate number", "法人番号"),
    "SSN": ("US social security number", "米国社会保障番号"),
    "PASSPORT": ("passport number", "旅券番号"),
    "DRIVER_LICENSE": ("driving licence number", "運転免許証番号"),
    "CREDIT_CARD": ("card number", "カード番号"),
    "BANK_ACCOUNT": ("bank account", "銀行口座"),
    "IBAN": ("IBAN", "IBAN(国際銀行口座番号)"),
    "IP_ADDRESS": ("IP address", "IPアドレス"),
    "URL_CREDENTIALS": ("password in a URL", "URL中のパスワード"),
    "SECRET": ("secret or key", "秘密鍵・トークン"),
    # what reading changed, and parts of a document that are not its content
    "control": ("control characters", "制御文字"),
    "mojibake": ("garbled characters", "文字化け"),
    "invisible": ("invisible characters", "見えない文字"),
    "surrogate": ("broken surrogates", "壊れたサロゲート"),
    "ligature": ("ligatures", "合字"),
    "radical": ("radicals in place of kanji", "漢字の代わりの部首文字"),
    "space": ("unusual spaces", "特殊な空白"),
    "width": ("half- and full-width forms", "半角・全角"),
    "unicode_form": ("Unicode form", "Unicode正規化"),
    "line_ends": ("line ends", "改行"),
    "navigation": ("navigation", "ナビゲーション"),
    "page_header": ("page header", "ページのヘッダー"),
    "page_footer": ("page footer", "ページのフッター"),
    "signature": ("signature", "署名"),
    "quoted_reply": ("quoted reply", "引用された返信"),
    # signs of garbled text
    "replacement character U+FFFD": ("replacement character U+FFFD", "置換文字 U+FFFD"),
    "control character": ("control character", "制御文字"),
    "UTF-8 read as cp932": ("UTF-8 read as cp932", "UTF-8 を cp932 として読んだ跡"),
    "UTF-8 read as cp1252 or Latin-1": (
        "UTF-8 read as cp1252 or Latin-1",
        "UTF-8 を cp1252 または Latin-1 として読んだ跡",
    ),
    "EUC-JP read as cp932": ("EUC-JP read as cp932", "EUC-JP を cp932 として読んだ跡"),
    "cp932 read as cp1252 or Latin-1": (
        "cp932 read as cp1252 or Latin-1",
        "cp932 を cp1252 または Latin-1 として読んだ跡",
    ),
    # faults of an answer
    "other_answer": ("the answer to another question", "別の質問への答え"),
    "cut_off": ("cut off", "途中で切れている"),
    "changed_fact": ("states what its source does not say", "出典にないことを述べている"),
    # what a run is made from
    "inputs": ("inputs", "入力ファイル"),
    "code": ("code", "プログラム"),
    "recipe": ("recipe", "レシピ"),
    "decisions": ("decisions", "担当者の判断"),
    "snapshot": ("snapshot", "スナップショット"),
    "base_model": ("base model", "基盤モデル"),
    # languages
    "ja": ("ja", "日本語"),
    "en": ("en", "英語"),
    "zh": ("zh", "中国語"),
    "ko": ("ko", "韓国語"),
    "und": ("und", "不明"),
}
"""Name in the data -> English, Japanese. What is not here (a label, a file) is shown as it is."""


STAGES: dict[str, tuple[str, str]] = {
    "quality: suites": ("Quality: suites", "品質: スイート"),
    "quality: documents": ("Quality: documents", "品質: 文書"),
    "quality: samples": ("Quality: samples", "品質: サンプル"),
    "quality: snapshot": ("Quality: snapshot", "品質: スナップショット"),
    "quality: slices": ("Quality: slices", "品質: 部分ごとの偏り"),
    "encoder": ("Encoder", "文の埋め込みモデル"),
    "shared passages": ("Shared passages", "共通する一節"),
    "same meaning": ("Same meaning", "同じ意味"),
    "leaks by meaning": ("Leaks by meaning", "意味による漏えい"),
    "base losses": ("Losses of the base model", "基盤モデルの損失"),
    "loss outliers": ("Loss outliers", "損失の外れ値"),
    "token noise": ("Token noise", "語のラベルの誤り"),
    "label noise": ("Label noise", "ラベルの誤り"),
    "label sets": ("Label sets", "ラベルの組の誤り"),
    "judge": ("Judge", "判定役"),
    "bias": ("Bias", "偏り"),
    "drift": ("Drift", "変化"),
    "base-model": ("Base model", "基盤モデル"),
    "score": ("Scores", "評価"),
    "gather scores": ("Gathering scores", "評価のとりまとめ"),
    "dirty items": ("Leaked items", "漏えいした項目"),
    "snapshot": ("Snapshot", "スナップショット"),
    "train": ("Training", "学習"),
}
"""Stages of the line that are no witness, or one of several of a witness -> English, Japanese."""


def term(name: str) -> Told:
    """A name of the pipeline's own in both languages; any other as it is."""
    return Told(*TERMS[name]) if name in TERMS else Told(name)


def stage_term(name: str) -> Told:
    """A stage of the line in both languages."""
    return Told(*STAGES[name]) if name in STAGES else term(name)


_MESSAGE = re.compile(r"(prompt|completion)\[(\d+)\]")


def field_term(name: str) -> Told:
    """A text of a sample, as `edits.text_fields` names it: a column, or a message by its place from 0."""
    if found := _MESSAGE.fullmatch(name):
        place, number = term(found[1]), int(found[2]) + 1
        return Told(f"message {number} of the {place.en}", f"{place.say('ja')}のメッセージ{number}")
    return term(name)
