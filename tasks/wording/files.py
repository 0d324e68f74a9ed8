"""Every check of reading, in words: files, lines and rows that gave no sample, or not what they hold.

What exactly is wrong is told by dozens of readers and libraries in English: it follows as the detail.
"""

from collections.abc import Callable

from tasks.wording.seen import Fact, Seen, Wording, base_name
from tasks.wording.terms import term
from tasks.wording.told import Language, Told

DETAIL = " 詳細: {reason}"


def _detailed(sentence: str) -> str:
    return sentence + DETAIL


def _counted(sentence: str, unit: str) -> Callable[[Seen], str]:
    """A sentence that ends with each kind and its number, which are all of the evidence."""

    def say(seen: Seen) -> str:
        counts = {kind: int(count) for kind, count in seen.evidence.items()}
        if not counts:
            raise LookupError("no counts")
        told = "、".join(f"{term(kind).say(Language.JA)} {count:,}{unit}" for kind, count in counts.items())
        return sentence + told + "。"

    return say


def counted_facts(seen: Seen) -> list[Fact]:
    return [Fact(term(kind), (Told(f"{count:,}"),)) for kind, count in seen.evidence.items()]


left_out = _counted("定型部分は学習用の文に含めません: ", "文字")
"""Of `boilerplate`, which reading says of a document and duplicates of a copy (`copies`)."""


def _superseded(seen: Seen) -> str:
    return f"新しい版「{base_name(seen.evidence['newer'])}」があります。"


def _pages(what: str) -> Callable[[Seen], str]:
    def say(seen: Seen) -> str:
        pages = seen.evidence["pages"]
        more = " …" if len(pages) > 20 else ""
        return f"{len(pages):,}ページ{what}: {', '.join(map(str, pages[:20]))}{more}"

    return say


def _speakers(seen: Seen) -> str:
    if "uri" in seen.evidence:
        return "顧客でも担当者でもない差出人のメールです。" + seen.fill(DETAIL)
    return f"顧客でも担当者でもない発言が{sum(seen.evidence.values()):,}件あります。"


UNREADABLE: dict[str, tuple[str, str, str]] = {
    "encrypted": ("Encrypted", "暗号化", "暗号化またはパスワードで保護されていて、読めません。"),
    "empty": ("Empty", "空", "読める中身がありません。"),
    "corrupt": ("Corrupt", "破損", "壊れていて、読めません。"),
    "unsupported": ("Unsupported format", "未対応の形式", "対応していない形式で、読めません。"),
    "image_only": ("Images only", "画像のみ", "画像だけで、文字がありません。"),
    "too_large": ("Too large", "大きすぎる", "大きすぎるため、読みません。"),
    "too_many_pages": (
        "Too many pages",
        "ページが多すぎる",
        "ページ・スライド・シートが多すぎるため、読みません。",
    ),
    "undecodable": ("Unknown encoding", "文字コード不明", "文字コードが分からず、読めません。"),
    "erased": ("Erased", "消去済み", "消去された内容なので、取り込みません。"),
}
"""`UnreadableError.check` -> English title, Japanese title and sentence; of a sheet as `sheet_…` too."""

FILES: dict[str, Wording] = {
    **{name: Wording(Told(en, ja), _detailed(said)) for name, (en, ja, said) in UNREADABLE.items()},
    **{
        f"sheet_{name}": Wording(Told(f"Sheet: {en.lower()}", f"シート: {ja}"), _detailed(f"シートが{said}"))
        for name, (en, ja, said) in UNREADABLE.items()
    },
    "unreadable": Wording(Told("Cannot be opened", "開けない"), _detailed("ファイルを開けません。")),
    "timeout": Wording(
        Told("Took too long", "時間切れ"), _detailed("読み込みに時間がかかりすぎ、打ち切りました。")
    ),
    "crashed": Wording(
        Told("Reader died", "読み込みの異常終了"),
        _detailed("読み込み中に異常終了しました。ファイルは読んでいません。"),
    ),
    "out_of_memory": Wording(
        Told("Took too much memory", "メモリ不足"), _detailed("メモリの上限を超えるため、打ち切りました。")
    ),
    "reader_failed": Wording(Told("Reader failed", "読み込みの失敗"), _detailed("読み込みに失敗しました。")),
    "unsuited": Wording(
        Told("Not rows of a table", "表の行でない"), _detailed("この作業には表の行が要りますが、文書です。")
    ),
    "missing_column": Wording(Told("Missing column", "列がない"), _detailed("必要な列がありません。")),
    "missing_field": Wording(
        Told("Missing field", "項目がない"),
        lambda seen: seen.fill("列「{column}」に使える値がありません。" + DETAIL),
    ),
    "malformed_line": Wording(Told("Malformed line", "壊れた行"), _detailed("形式に合わない行です。")),
    "malformed_label": Wording(
        Told("Malformed label", "壊れたラベル"),
        lambda seen: seen.fill("列「{column}」の「{value}」には、ラベルにできないものがあります。" + DETAIL),
    ),
    "repeated_annotation": Wording(
        Told("Annotated twice", "付与の重複"),
        "「{annotator}」はこの文にすでにラベルを付けています。「{before}」を残し、「{label}」は数えません。",
    ),
    "malformed_messages": Wording(
        Told("Malformed messages", "壊れた会話"), _detailed("会話の形式に合いません。")
    ),
    "malformed_spans": Wording(
        Told("Malformed spans", "壊れた範囲"), _detailed("ラベル範囲の形式に合いません。")
    ),
    "span_mismatch": Wording(
        Told("Span does not fit", "範囲の不一致"), _detailed("ラベル範囲が本文の語と合いません。")
    ),
    "overlapping_spans": Wording(
        Told("Spans overlap", "範囲の重なり"), _detailed("ラベル範囲が重なっています。")
    ),
    "repaired_text": Wording(
        Told("Repaired text", "修復した文字"), _counted("文字を修復しました: ", "か所"), counted_facts
    ),
    "invalid_bytes": Wording(
        Told("Invalid bytes", "不正なバイト"),
        _detailed("文字コードに合わない箇所を U+FFFD に置き換えました。"),
    ),
    "duplicate_id": Wording(
        Told("Id used twice", "IDの重複"), "ID「{id}」は、すでに{uri}の{line}行目で使われています。"
    ),
    "superseded": Wording(Told("Superseded", "旧版"), _superseded),
    "short_passage": Wording(
        Told("Short passage", "短すぎる一節"), _detailed("短すぎ、つなげられる隣の一節もありません。")
    ),
    "long_passage": Wording(
        Told("Long passage", "長すぎる一節"), _detailed("限度より長い一節ですが、切りません。")
    ),
    "no_answer": Wording(Told("Question without answer", "答えのない質問"), "質問に答えがありません。"),
    "long_answer": Wording(Told("Long answer", "長すぎる答え"), _detailed("答えが長すぎます。")),
    "other_speaker": Wording(Told("Neither customer nor agent", "顧客でも担当者でもない"), _speakers),
    "no_agent": Wording(
        Told("No agent", "担当者がいない"), _detailed("threads.agents に挙げた担当者の発言がありません。")
    ),
    "unresolved_thread": Wording(
        Told("Unresolved thread", "未解決のやり取り"),
        _detailed("やり取り「{thread}」は解決済みではありません。"),
    ),
    "one_sided_thread": Wording(
        Told("One-sided thread", "一方だけのやり取り"),
        "やり取り「{thread}」は一方の発言だけです({turns}件)。",
    ),
    "duplicate_mail": Wording(Told("Mail there twice", "メールの重複"), "{first} と同じメールです。"),
    "attachment_not_read": Wording(
        Told("Attachment not read", "読まない添付"), "添付「{name}」({type}、{size:,}バイト)は読みません。"
    ),
    "chapter_not_read": Wording(Told("Chapter not read", "読めない章"), _detailed("章を読めません。")),
    "xml_error": Wording(
        Told("XML error", "XMLの誤り"), _detailed("XMLに誤りがあり、その前後の文が欠けているかもしれません。")
    ),
    "embedded_document": Wording(
        Told("Embedded document not read", "読まない埋め込み文書"), "埋め込まれた文書(altChunk)は読みません。"
    ),
    "slide": Wording(
        Told("Slide not read", "読めないスライド"), _detailed("スライドがないか、壊れています。")
    ),
    "image_only_pages": Wording(
        Told("Pages of images only", "画像だけのページ"), _pages("は画像だけで、文字がありません")
    ),
    "unreadable_pages": Wording(Told("Pages not read", "読めないページ"), _pages("が読めません")),
    "teacher_failed": Wording(
        Told("Teacher failed", "教師モデルの失敗"), _detailed("教師モデルが答えませんでした。")
    ),
    "teacher_stopped": Wording(
        Told("Teacher stopped", "教師モデルの中断"), _detailed("失敗が続いたため、残りの一節は送りません。")
    ),
    "unreadable_reply": Wording(
        Told("Unreadable reply", "読めない応答"), "教師モデルの答えが、求めたJSONではありません。"
    ),
    "unsupported_pair": Wording(
        Told("Pair without support", "根拠のない問答"),
        _detailed("教師モデルの問答に、一節の裏付けがありません。"),
    ),
}

DECISIONS: dict[str, Wording] = {
    f"decision_{action}": Wording(Told(f"Decided: {en}", f"判断: {ja}"), "担当者の判断です。" + DETAIL)
    for action, en, ja in (
        ("keep", "keep", "採用"),
        ("drop", "drop", "除外"),
        ("edit", "edit", "修正"),
        ("relabel", "relabel", "ラベル変更"),
        ("spans", "mark spans", "範囲の修正"),
        ("merge", "merge", "統合"),
        ("escalate", "escalate", "上申"),
        ("retract", "retract", "取り消し"),
    )
}
"""What a steward's decision is called where it settled a row (`judge`)."""
