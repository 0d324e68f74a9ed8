"""The sentences about a run as a whole, in English and Japanese: its headline, and where to look next."""

from collections.abc import Iterator

from tasks.records import Disposition, Outcome
from tasks.report.data import ReportData
from tasks.wording import Told, join, term, title_of

SET_ASIDE = (Disposition.QUARANTINE, Disposition.DROP)
_ENDS = {
    Outcome.PASS: Told("The candidate may serve.", "候補モデルを公開できます。"),
    Outcome.FAIL: Told(
        "The candidate does not replace what serves now.", "候補モデルは、公開中のモデルを置き換えません。"
    ),
    Outcome.INCONCLUSIVE: Told(
        "The evidence is not enough to promote the candidate.", "候補モデルを公開するには証拠が足りません。"
    ),
}


def headline(data: ReportData) -> tuple[str, Told]:
    """The run in a word (PASS, FAIL, INCONCLUSIVE, STOPPED or DONE) and a sentence."""
    if data.stopped:
        ja = data.stopped.ja or f"途中で止まりました: {data.stopped.en}"
        return "STOPPED", Told(data.stopped.en, ja)
    if data.verdict is None:
        return "DONE", Told("The run ended without a verdict.", "判定の前までで終わりました。")
    outcome = data.verdict.outcome
    return outcome.value, join([data.verdict.sentence, _ENDS[outcome]], " ", "")


def where_to_look(data: ReportData) -> tuple[Told, ...]:
    """Where a person's time is spent best, most pressing first; each a sentence drawn from the figures."""
    return (*_of_data(data), *_of_gates(data), *_of_rows(data), *data.next_steps)


def _of_data(data: ReportData) -> Iterator[Told]:
    for failed in data.failed_expectations:
        if failed.suite == "slices":  # said by the notes on bias, in words
            continue
        title = title_of(failed.check) if failed.check else Told(failed.expectation)
        yield Told(
            f"{failed.suite}: {title.en}: expected {failed.expected.en} and observed {failed.observed.en}.",
            f"{failed.suite}: {title.say('ja')}: 条件は {failed.expected.say('ja')}、"
            f"実際は {failed.observed.say('ja')} でした。",
        )
    if data.unread_files:
        yield Told(
            f"{data.unread_files:,} file(s) could not be read: see the findings of Reading.",
            f"{data.unread_files:,}個のファイルを読めませんでした。「読み込み」の指摘を見てください。",
        )
    if data.unread_lines:
        yield Told(
            f"{data.unread_lines:,} line(s) became no sample: see the findings of Reading.",
            f"{data.unread_lines:,}行がサンプルになりませんでした。「読み込み」の指摘を見てください。",
        )


def _of_gates(data: ReportData) -> Iterator[Told]:
    for gate in data.verdict.gates if data.verdict else ():
        if gate.outcome is not Outcome.PASS:
            name = term(gate.name)
            yield Told(
                f"Gate {name.en}: {gate.reason.en}", f"関門「{name.say('ja')}」: {gate.reason.say('ja')}"
            )
    if data.training and data.training.truncated_rows:
        rows, lost = f"{data.training.truncated_rows:,}", f"{data.training.lost_tokens:,}"
        yield Told(
            f"{rows} training samples were cut, {lost} tokens in all: raise train.max_tokens.",
            f"学習サンプル{rows}件が切り詰められ、合わせて{lost}トークンが失われました。"
            "train.max_tokens を上げてください。",
        )


def _of_rows(data: ReportData) -> Iterator[Told]:
    away = [r for r in data.flow.reasons if r.disposition in SET_ASIDE] if data.flow else []
    if away:
        top = max(away, key=lambda reason: reason.rows)
        total, title = sum(reason.rows for reason in away), title_of(top.check)
        yield Told(
            f"{title.en} ({top.check}) set aside {top.rows:,} of {total:,} samples: look at its examples first.",
            f"取り除いた{total:,}件のうち{top.rows:,}件は「{title.say('ja')}」({top.check})によります。"
            "まずその例を見てください。",
        )
    mixed = max(data.confusions, key=lambda confusion: confusion.candidate, default=None)
    if mixed and mixed.candidate:
        yield Told(
            f"The candidate called {mixed.candidate} '{mixed.expected}' items '{mixed.predicted}': "
            "read samples of both labels.",
            f"候補は「{mixed.expected}」の項目{mixed.candidate}件を「{mixed.predicted}」としました。"
            "両方のラベルのサンプルを読んでください。",
        )
