"""Answers in doubt: swapped, cut off and contradicted ones come first, decisions move what is expected of the queue."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from made_answers import TOPICS, exchange, table_of
from scipy.special import logit

from tasks.answers.base_reading import plan_reading, read_pairs
from tasks.answers.calibration import calibrate, expect, moved, shortest_interval
from tasks.answers.doubt import EVIDENCE, Doubts, doubt_answers, estimate_share
from tasks.answers.exchanges import Exchanges, read_exchanges
from tasks.answers.faults import Fault, break_answers
from tasks.answers.find import describe_answers, find_doubtful_answers, tell_doubts
from tasks.answers.manners import Breach, find_breaches, read_manners
from tasks.answers.reading import is_open, read_ending, read_words
from tasks.answers.scorecard import learn_scorecard
from tasks.answers.sources import SOURCE_PARTS, measure_against, read_source
from tasks.base_model import load_model, load_tokenizer
from tasks.findings import Columns, read_columns
from tasks.recipe import LabelNoiseSettings
from tasks.records import SAMPLE, Action
from tasks.tokens import prompt_ids

SETTINGS = LabelNoiseSettings()


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
    assert "30 answers are too few" in describe_answers(few.summary)[0].en
    table = table_of([exchange("en", n) for n in range(150)])
    at = table.column_names.index("task")
    other = table.set_column(at, SAMPLE.field(at), pa.array(["text-classification"] * 150))
    found = find_doubtful_answers(other, SETTINGS, {})
    assert (len(found.findings), describe_answers(found.summary)) == (0, ())


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
        zip(
            SOURCE_PARTS,
            measure_against(read_source("型番K1の消費電力は1200ワットです。"), answer),
            strict=True,
        )
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
    card = learn_scorecard(own, broken)
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


def stated_as(probabilities: Sequence[float]) -> Doubts:
    """Doubts of one fault, the cut end."""
    stated = np.array(probabilities)
    by_fault = np.zeros((len(stated), len(Fault)))
    by_fault[:, list(Fault).index(Fault.CUT_OFF)] = stated
    return Doubts(stated, by_fault, np.zeros((len(stated), len(Fault), 1)), np.zeros((len(stated), 1)), {})


def test_decisions_are_weighed_against_the_prior() -> None:
    half = stated_as([0.5] * 100)
    nothing = calibrate(half, {})
    assert (nothing.steps.tolist(), nothing.decided) == ([0.0] * len(nothing.steps), 0)
    assert moved(half, nothing)[0] == pytest.approx(0.5)
    one, many = calibrate(half, {0: True}), calibrate(half, dict.fromkeys(range(100), True))
    assert 0 < one.steps[0] < many.steps[0]
    assert np.trace(one.covariance) > np.trace(many.covariance)
    assert moved(half, many)[0] > 0.9
    agreed = calibrate(half, {i: i % 2 == 0 for i in range(100)})
    assert agreed.steps == pytest.approx(0, abs=1e-6)


def test_before_decisions_what_is_stated_is_less_sure_than_the_scorecards() -> None:
    queue = expect(stated_as([0.95] * 50 + [0.01] * 450), {}, 0.2, 0)
    assert queue.per_100 is not None
    assert queue.interval is not None
    assert 60 < queue.per_100 < 90
    assert queue.interval[0] < 40 < 95 < queue.interval[1]


def test_what_the_surest_turned_out_to_be_says_less_of_the_others() -> None:
    doubts = stated_as([0.97] * 60 + [0.55] * 60)
    learned = moved(doubts, calibrate(doubts, dict.fromkeys(range(40), False)))
    assert learned[50] < 0.1
    assert learned[50] + 0.1 < learned[100] < 0.5


def test_what_one_fault_turned_out_to_be_says_less_of_another_fault() -> None:
    """Thirty cut ends were none; of the answers to other questions, stated as sure, nothing is known."""
    doubts = stated_as(np.linspace(0.6, 0.95, 60).tolist() * 2)
    by_fault = np.roll(doubts.by_fault, 1, axis=1)
    by_fault[:60] = doubts.by_fault[:60]
    doubts = doubts._replace(by_fault=by_fault)
    learned = moved(doubts, calibrate(doubts, dict.fromkeys(range(0, 60, 2), False)))
    assert learned[:60].mean() < 0.15
    assert (logit(learned[60:]) - logit(learned[:60])).mean() > 1.2


def test_the_shortest_interval_holds_the_end_where_draws_pile_up() -> None:
    assert shortest_interval(np.arange(100.0)) == (0, 94)
    assert shortest_interval(np.array([*range(50), *[100] * 950])) == (100, 100)
    random = np.random.default_rng(0)
    low, high = shortest_interval(random.normal(0, 1, 100_000))
    assert (low, high) == pytest.approx((-1.96, 1.96), abs=0.1)


def test_the_queue_is_what_was_found_and_what_is_expected() -> None:
    doubts = stated_as([0.9] * 50 + [0.01] * 450)
    wrong = {i: i % 5 != 0 for i in range(40)}
    queue = expect(doubts, wrong, 0.2, 0)
    assert queue.flagged.tolist() == list(range(50))
    assert queue.per_100 == pytest.approx(80, abs=3)
    assert queue.interval is not None
    assert (
        64 <= queue.interval[0] < queue.interval[1] <= 84
    )  # 32 of 50 are known to be wrong, 8 known to be right
    every = expect(doubts, {i: i % 5 != 0 for i in range(50)}, 0.2, 0)
    assert (every.per_100, every.interval) == (80, (80, 80))


def test_the_base_model_reads_an_answer_as_it_reads_it_alone(tiny_model: Path) -> None:
    """Losses from the prompt's cache, in a batch with others, are those of the whole sequence read at once."""
    import torch

    model, tokenizer = load_model(tiny_model).eval(), load_tokenizer(tiny_model)
    pairs = [
        ("a ripe red apple", "sweet fruit"),
        ("the other", "x y"),
        ("a ripe red apple", "a much longer answer"),
    ]
    read = read_pairs(model, tokenizer, pairs)
    for (prompt, answer), (ratio, end, worst) in zip(pairs, read.tolist(), strict=True):
        losses = []
        for head in (
            prompt_ids(tokenizer, [{"role": "user", "content": prompt}]),
            tokenizer("<|im_start|>assistant\n", add_special_tokens=False)["input_ids"],
        ):
            said = [*tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
            with torch.inference_mode():
                logits = model(input_ids=torch.tensor([[*head, *said]])).logits[0, len(head) - 1 : -1]
            losses.append(
                torch.nn.functional.cross_entropy(logits, torch.tensor(said), reduction="none").numpy()
            )
        given, alone = losses
        assert ratio == pytest.approx(given[:-1].mean() / alone[:-1].mean(), rel=1e-3)
        assert end == pytest.approx(given[-1], rel=1e-3)
        assert worst == pytest.approx(given[:-1].max(), rel=1e-3)
    long = read_pairs(model, tokenizer, [("a", "word " * 200), ("a", "")])
    assert np.isfinite(long[0]).tolist() == [True, False, True]
    assert np.isnan(long[1]).all()


def test_what_the_base_model_reads_is_weighed_where_it_read() -> None:
    """A reader that knows which facts are right: contradicted answers without a source come first only by it."""
    pairs = [
        (f"How heavy is the {TOPICS['en'][n % 7]} K{n}?", f"It weighs {100 + n * 37 % 800} grams.")
        for n in range(600)
    ]
    right = set(pairs)
    for row in range(10):
        pairs[row] = (pairs[row][0], pairs[row][1].replace("It weighs ", "It weighs 1"))
    table = table_of(pairs)
    asked: list[tuple[str, str]] = []

    def read(wanted: Sequence[tuple[str, str]]) -> np.ndarray:
        asked.extend(wanted)
        random = np.random.default_rng(len(wanted))
        worst = [random.normal(0 if pair in right else 8) for pair in wanted]
        return np.column_stack([np.full(len(wanted), 0.5), np.full(len(wanted), 1.0), worst])

    exchanges = read_exchanges(table, read_columns(table), SETTINGS.folds, 0)
    ids = table["sample_id"].to_pylist()
    doubts = doubt_answers(exchanges, 0, plan_reading(read, ids, 600))
    assert len(asked) <= 600 + 400 * len(Fault)
    fact = list(Fault).index(Fault.CHANGED_FACT)
    assert set(np.argsort(-doubts.by_fault[:, fact])[:10]) == set(range(10))
    assert EVIDENCE[int(np.argmax(doubts.contributions[0, fact]))] == "unexpected_token"
    few = doubt_answers(exchanges, 0, plan_reading(read, ids, 50))  # too few to be weighed
    assert np.array_equal(few.by_fault, doubt_answers(exchanges, 0).by_fault)


def breaches_of(exchanges: Exchanges) -> list[Breach]:
    return find_breaches(read_manners(exchanges))


def exchanges_of(pairs: Sequence[tuple[str, str]]) -> Exchanges:
    prompts, answers = (list(side) for side in zip(*pairs, strict=True))
    numbers = np.arange(len(pairs))
    return Exchanges(numbers, prompts, [None] * len(pairs), answers, numbers, numbers % 5)


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
        ("ja", "返品はできますか。", "三十日以内であれば承り", "answer_ending"),
        ("en", "Can I return it?", "You may return it within thirty days of", "answer_ending"),
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
    assert [(b.position, b.check) for b in breaches_of(exchanges_of(pairs))] == [(40, check)]
    assert breaches_of(exchanges_of([GOOD[language], (prompt, answer)] * 10)) == []  # half of a set: no rule


def test_a_list_and_a_set_that_leaves_out_full_stops_do_not_stop_open() -> None:
    listed = ("What do I send along?", "Please send along:\n- the receipt\n- the cable")
    assert breaches_of(exchanges_of([GOOD["en"]] * 40 + [listed])) == []
    bare = ("How long is the warranty of this lamp?", "The warranty runs for one year from the day of sale")
    assert breaches_of(exchanges_of([GOOD["en"]] * 40 + [bare] * 4)) == []  # 40 of 44 are no rule


def test_a_no_is_not_a_refusal() -> None:
    asked = [
        (
            "期限を延ばせますか。",
            "申し訳ございませんが、支払い期限の5日は延長できません。もう一度ご注文ください。",
        ),
        ("Can I pay later?", "Sorry, but the five days cannot be extended. Please order again in the shop."),
    ]
    assert breaches_of(exchanges_of([GOOD["ja"], GOOD["en"]] * 40 + asked)) == []


def test_a_translation_may_be_in_another_language() -> None:
    asked = ("次の文を英語に翻訳してください。明日は休みです。", "Tomorrow is a holiday for all of us.")
    assert breaches_of(exchanges_of([GOOD["ja"]] * 40 + [asked])) == []


def test_an_answer_without_the_form_of_all_others() -> None:
    pairs = [("Extract the order.", f'{{"order": {n}}}') for n in range(40)]
    found = breaches_of(exchanges_of([*pairs, ("Extract the order.", "The order is 7.")]))
    assert [(b.position, b.check) for b in found] == [(40, "answer_format")]
    assert "40 of 41" in found[0].reason
