"""Answers in doubt: swapped, cut off and contradicted ones come first, decisions move what is expected of the queue."""

import json
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from tasks.answers.doubt import Doubts, calibrate, doubt_answers, estimate_share, moved
from tasks.answers.exchanges import Exchanges, read_exchanges
from tasks.answers.faults import Fault, break_answers
from tasks.answers.find import describe_answers, find_doubtful_answers, tell_doubts
from tasks.answers.manners import find_breaches
from tasks.answers.reading import is_open, read_ending, read_words
from tasks.answers.scorecard import Scorecard
from tasks.answers.sources import SOURCE_PARTS, measure_against
from tasks.findings import Columns, read_columns
from tasks.recipe import LabelNoiseSettings
from tasks.records import SAMPLE, Action, build_table

SETTINGS = LabelNoiseSettings()
TOPICS = {
    "en": ["kettle", "fan heater", "rice cooker", "air purifier", "hand mixer", "toaster oven", "floor lamp"],
    "ja": ["電気ケトル", "扇風機", "炊飯器", "空気清浄機", "ハンドミキサー", "トースター", "加湿器"],
}
SOURCES = {
    "en": "Manual of the {0}, model {1}. The {0} draws {2} watts and weighs {3} grams. Its filter is changed every "
    "{4} weeks. Spare parts for the {0} are kept for {5} years after the last sale. The cable is {6} cm long. ",
    "ja": "{0}の取扱説明書、型番{1}。{0}の消費電力は{2}ワット、重さは{3}グラムです。"
    "フィルターは{4}週間ごとに交換します。"
    "{0}の補修部品は最終販売から{5}年間保有しています。電源コードの長さは{6}センチです。お手入れの前に電源を切ってください。",
}
PAIRS = {
    "en": [
        (
            "How much power does the {0} {1} need?",
            "The {0} draws {2} watts, so any socket at home will do for it.",
        ),
        (
            "How often do I change the filter of the {0} {1}?",
            "Please change its filter every {4} weeks, or earlier if it looks grey.",
        ),
        (
            "For how long can I get parts for the {0} {1}?",
            "Parts for the {0} are kept for {5} years after its last sale.",
        ),
    ],
    "ja": [
        (
            "{0}({1})の消費電力はどのくらいですか。",
            "{0}の消費電力は{2}ワットですので、ご家庭のコンセントでお使いいただけます。",
        ),
        (
            "{0}({1})のフィルターはいつ交換しますか。",
            "フィルターは{4}週間ごとに交換してください。汚れが目立つときは早めにお願いします。",
        ),
        ("{0}({1})の部品はいつまで買えますか。", "{0}の補修部品は最終販売から{5}年間保有しています。"),
    ],
}


def exchange(language: str, number: int) -> tuple[str, str]:
    """A question with the text it is about, and a right answer; every number is another."""
    random = np.random.default_rng([number, len(language)])
    facts = [
        TOPICS[language][number % len(TOPICS[language])],
        f"K{number}",
        *random.integers(100, 10_000, 5),
    ]
    question, answer = PAIRS[language][number // 7 % 3]
    return (SOURCES[language] * 2 + "\n" + question).format(*facts), answer.format(*facts)


def table_of(pairs: Sequence[tuple[str, str]], language: str = "en") -> pa.Table:
    return build_table(
        [
            {
                "row": row,
                "sample_id": f"s{row}",
                "task": "text-generation",
                "role": "train",
                "prompt": [{"role": "user", "content": prompt}],
                "completion": [{"role": "assistant", "content": answer}],
                "input": prompt,
                "target": answer,
                "language": language,
                "group_id": f"g{row}",
            }
            for row, (prompt, answer) in enumerate(pairs)
        ],
        SAMPLE,
    )


class Faulty(NamedTuple):
    """Exchanges of which rows 0-4 have the answer of another, 5-9 are cut off, 10-14 have another figure."""

    columns: Columns
    exchanges: Exchanges
    doubts: Doubts


@pytest.fixture(scope="module", params=["en", "ja"])
def faulty(request: pytest.FixtureRequest) -> Faulty:
    pairs = [exchange(request.param, number) for number in range(240)]
    for row in range(15):
        prompt, answer = pairs[row]
        if row < 5:
            answer = pairs[row + 117][1]
        elif row < 10:
            answer = answer[: len(answer) * 6 // 10]
        else:
            digits = "".join(c for c in answer if c.isdigit())
            answer = answer.replace(digits, str(int(digits) + 1111))
        pairs[row] = (prompt, answer)
    table = table_of(pairs, request.param)
    columns = read_columns(table)
    exchanges = read_exchanges(table, columns, SETTINGS.folds, 0)
    return Faulty(columns, exchanges, doubt_answers(exchanges, 0))


def test_faulty_answers_come_first(faulty: Faulty) -> None:
    first = np.argsort(-faulty.doubts.probabilities)[:15]
    for rows in (range(5), range(5, 10), range(10, 15)):
        assert len(set(first) & set(rows)) >= 3
    assert len([row for row in first if row >= 15]) <= 3


def test_the_likeliest_fault_is_the_one_that_was_made(faulty: Faulty) -> None:
    likeliest = faulty.doubts.by_fault.argmax(axis=1)
    faults = list(Fault)
    assert np.mean(likeliest[:5] == faults.index(Fault.OTHER_ANSWER)) >= 0.6
    assert np.mean(likeliest[5:10] == faults.index(Fault.CUT_OFF)) >= 0.6


def test_few_good_answers_are_flagged_and_each_reason_says_why(faulty: Faulty) -> None:
    found, summary = tell_doubts(*faulty, SETTINGS, {})
    assert summary.flagged == len(found) >= 6
    assert sum(finding["row"] >= 15 for finding in found) <= 1
    for finding in found:
        assert finding["score"] >= 0.5
        assert ": " in finding["reason"]
        assert json.loads(finding["evidence"])["against"]


def test_the_result_does_not_change_from_run_to_run(faulty: Faulty) -> None:
    again = doubt_answers(faulty.exchanges, 0)
    assert np.array_equal(again.probabilities, faulty.doubts.probabilities)


def test_decisions_move_what_is_expected_and_narrow_it(faulty: Faulty) -> None:
    found, before = tell_doubts(*faulty, SETTINGS, {})
    ids = [finding["sample_id"] for finding in found]
    _, wrong = tell_doubts(*faulty, SETTINGS, dict.fromkeys(ids, Action.DROP))
    _, right = tell_doubts(*faulty, SETTINGS, dict.fromkeys(ids, Action.KEEP))
    assert before.errors_per_100 is not None
    assert right.flagged < before.flagged or (right.errors_per_100 or 0) < before.errors_per_100
    assert before.errors_interval is not None
    assert wrong.errors_interval is not None
    assert before.errors_interval[0] < before.errors_per_100 < before.errors_interval[1]
    assert wrong.errors_interval[0] > before.errors_interval[0]
    assert wrong.flagged >= before.flagged
    assert "before any decision" in describe_answers(before)[0].en
    assert f"after {len(ids)} decisions" in describe_answers(wrong)[0].en


def test_few_answers_and_other_tasks_give_nothing() -> None:
    few = find_doubtful_answers(table_of([exchange("en", n) for n in range(30)]), SETTINGS, {})
    assert (len(few.findings), few.summary.checked) == (0, 0)
    assert describe_answers(few.summary) == ()
    table = table_of([exchange("en", n) for n in range(150)])
    at = table.column_names.index("task")
    other = table.set_column(at, SAMPLE.field(at), pa.array(["text-classification"] * 150))
    assert len(find_doubtful_answers(other, SETTINGS, {}).findings) == 0


def test_one_group_cannot_be_held_out() -> None:
    table = table_of([exchange("en", n) for n in range(120)])
    at = table.column_names.index("group_id")
    one = table.set_column(at, SAMPLE.field(at), pa.array(["all"] * 120))
    assert find_doubtful_answers(one, SETTINGS, {}).summary.checked == 0


def test_a_broken_answer_differs_from_its_original() -> None:
    answers = [exchange("ja", n)[1] for n in range(60)]
    folds = np.arange(60) % 5
    for fault in Fault:
        broken = break_answers(answers, folds, fault, 0)
        assert len(broken.answers) >= 40
        for index, text in zip(broken.indices, broken.answers, strict=True):
            assert text != answers[index]
            if fault is Fault.CUT_OFF:
                assert answers[index].startswith(text)
            if fault is Fault.CHANGED_FACT:
                assert len(text) == len(answers[index])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("消費電力は1200ワット", (0, 0, 0, 0, 0)),
        ("消費電力は1300ワット", (None, 1, 0, None, None)),
        ("消費電力は1200ワ", (0, 0, 0, 1, 0)),
        ("費電力は1200ワット", (0, 0, 0, 0, 1)),
        ("ニコラ・テスラが発明", (1, None, 1, None, None)),
    ],
)
def test_an_answer_is_held_against_its_source(answer: str, expected: tuple[float | None, ...]) -> None:
    values = dict(
        zip(SOURCE_PARTS, measure_against("型番K1の消費電力は1200ワットです。", answer), strict=True)
    )
    for (part, value), wanted in zip(values.items(), expected, strict=True):
        if wanted is not None:
            assert value == pytest.approx(wanted), part
    assert all(map(math.isnan, measure_against(None, answer)))


def test_how_a_text_ends() -> None:
    assert read_ending("One. Two.")[0] != read_ending("One. Two. And th")[0]
    assert read_ending("- a\n- b\n- c")[0] != read_ending("First one.\nSecond one.\nThi")[0]
    assert read_ending("再起動します")[1:3] == ["す", "ます"]
    assert read_words("resetting 3 cards カード再発行")[:3] == ["reset", "3", "cards"]
    assert is_open("電源(背面")
    assert not is_open("電源(背面)の「入」")


def test_a_scorecard_adds_up_what_its_parts_say() -> None:
    random = np.random.default_rng(0)
    own = np.stack([random.normal(0, 1, 2_000), random.normal(0, 1, 2_000)], axis=1)
    broken = np.stack([random.normal(2, 1, 1_000), random.normal(0, 1, 1_000)], axis=1)
    broken[:100, 1] = np.nan
    card = Scorecard(own, broken)
    looked_at = np.array([[3.0, 0.0], [-2.0, 0.0], [0.0, np.nan]])
    added = card.contributions(looked_at)
    assert np.allclose(np.ptp(card.log_odds(looked_at) - added.sum(axis=1)), 0)
    assert added[0, 0] > 1 > -1 > added[1, 0]
    assert abs(added[0, 1]) < 0.5 < added[2, 1]  # only broken ones lack the second part
    true = 2 * looked_at[0, 0] - 2  # log density ratio of N(2, 1) to N(0, 1)
    assert card.log_odds(looked_at)[0] == pytest.approx(true, abs=1.5)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.04])
def test_the_share_of_a_fault_is_estimated_from_the_tails(share: float) -> None:
    random = np.random.default_rng(1)
    count = int(share * 10_000)
    own = np.concatenate([random.normal(-4, 1, 10_000 - count), random.normal(4, 1, count)])
    assert estimate_share(own, random.normal(4, 1, 5_000)) == pytest.approx(share, abs=0.012)
    hidden = estimate_share(own, random.normal(-4, 1, 5_000))
    assert hidden < 0.015  # a fault that does not show counts for next to nothing


def test_decisions_are_weighed_against_the_prior() -> None:
    stated = np.full(100, 0.5)
    nothing = calibrate(stated, {})
    assert (nothing.step, nothing.decided) == (0.0, 0)
    assert nothing.error == pytest.approx(1.5)
    one, many = calibrate(stated, {0: True}), calibrate(stated, dict.fromkeys(range(100), True))
    assert 0 < one.step < many.step
    assert one.error > many.error
    agreed = calibrate(stated, {i: i % 2 == 0 for i in range(100)})
    assert agreed.step == pytest.approx(0, abs=1e-6)
    assert moved(stated, many.step)[0] > 0.9


def exchanges_of(pairs: Sequence[tuple[str, str]]) -> Exchanges:
    prompts, answers = (list(side) for side in zip(*pairs, strict=True))
    return Exchanges(np.arange(len(pairs)), prompts, [None] * len(pairs), answers, np.arange(len(pairs)) % 5)


GOOD = {
    "ja": ("保証期間はどのくらいですか。", "保証期間は購入日から一年間です。詳しくは保証書をご覧ください。"),
    "en": ("How long is the warranty of this lamp?", "The warranty runs for one year from the day of sale."),
}


@pytest.mark.parametrize(
    ("language", "prompt", "answer", "check"),
    [
        ("ja", "返品はできますか。", "You can return it within thirty days of delivery.", "answer_language"),
        (
            "en",
            "Can I return it when it is broken?",
            "お届けから三十日以内であれば返品できます。",
            "answer_language",
        ),
        ("ja", "返品はできますか。", "三十日以内なら返品できる。送料は客の負担である。", "answer_register"),
        ("en", "Can I return it?", "I'm sorry, but I cannot help with that request.", "refusal"),
        (
            "ja",
            "返品はできますか。",
            "申し訳ございませんが、そのご質問にはお答えできません。",
            "refusal",
        ),
    ],
)
def test_rules_that_a_set_keeps(language: str, prompt: str, answer: str, check: str) -> None:
    pairs = [GOOD[language]] * 40 + [(prompt, answer)]
    assert [(b.position, b.check) for b in find_breaches(exchanges_of(pairs))] == [(40, check)]
    assert (
        find_breaches(exchanges_of([GOOD[language], (prompt, answer)] * 10)) == []
    )  # half of a set: no rule


def test_a_no_is_not_a_refusal() -> None:
    asked = [
        (
            "期限を延ばせますか。",
            "申し訳ございませんが、支払い期限の5日は延長できません。もう一度ご注文ください。",
        ),
        ("Can I pay later?", "Sorry, but the five days cannot be extended. Please order again in the shop."),
    ]
    assert find_breaches(exchanges_of([GOOD["ja"], GOOD["en"]] * 40 + asked)) == []


def test_a_translation_may_be_in_another_language() -> None:
    asked = ("次の文を英語に翻訳してください。明日は休みです。", "Tomorrow is a holiday for all of us.")
    assert find_breaches(exchanges_of([GOOD["ja"]] * 40 + [asked])) == []


def test_an_answer_without_the_form_of_all_others() -> None:
    pairs = [("Extract the order.", f'{{"order": {n}}}') for n in range(40)]
    found = find_breaches(exchanges_of([*pairs, ("Extract the order.", "The order is 7.")]))
    assert [(b.position, b.check) for b in found] == [(40, "answer_format")]
    assert "40 of 41" in found[0].reason
