"""Whether two free answers say the same: every word of content counts, layout and politeness do not."""

from typing import Any

import pyarrow as pa
import pytest

from tasks.duplicates.answers import hold_same_figures, read_numerals, say_the_same
from tasks.duplicates.find import find_duplicates
from tasks.recipe import DuplicateSettings
from tasks.records import SAMPLE, build_table

EN = (
    "You can return the kettle within thirty days of delivery. Please pack it in its original box with all parts and "
    "hand it in at any post office. We refund the price to your card within five working days."
)
JA = (
    "お届けから三十日以内であれば、未使用のケトルを返品できます。元の箱にすべての部品を入れ、お近くの郵便局からお送りください。"
    "代金は五営業日以内にカードへ返金いたします。"
)
ASKED = {
    EN: "How can I return a kettle that I bought last week in your online shop?",
    JA: "先週オンラインショップで買ったケトルを返品したいのですが、どうすればよいですか。",
}
EDITED = [
    (EN, "thirty", "30"),
    (EN, "Please pack", "Kindly pack"),
    (EN, "original", "orignal"),
    (EN, "the kettle", "your kettle"),
    (EN, "We refund", "We will refund"),
    (EN, ". ", ".\n\n"),
    (JA, "三十", "30"),
    (JA, "返金いたします", "返金します"),
    (JA, "お送りください", "お送り下さい"),
    (JA, "お近くの", "近くの"),
    (JA, "。", "。\n"),
]
CONTRADICTED = [
    (EN, "You can", "You cannot"),
    (EN, "thirty", "fourteen"),
    (EN, "to your card", "as a voucher"),
    (EN, "within thirty days of", "thirty days after"),
    (JA, "返品できます", "返品できません"),
    (JA, "三十日", "七日"),
    (JA, "郵便局", "コンビニ"),
    (JA, "五営業日以内", "五営業日以降"),
]


def samples_of(*rows: dict[str, Any]) -> pa.Table:
    default = {"task": "text-generation", "role": "train", "source": "test", "uri": "t.jsonl"}
    filled = [
        default | {"row": i, "line": i + 1, "sample_id": f"s{i:04}"} | row for i, row in enumerate(rows)
    ]
    return build_table(filled, SAMPLE)


def checks(question: str, *targets: str) -> list[set[str]]:
    rows: list[dict[str, Any]] = [{"input": question, "target": target} for target in targets]
    found: list[set[str]] = [set() for _ in rows]
    for finding in find_duplicates(samples_of(*rows), DuplicateSettings()).findings.to_pylist():
        found[finding["row"]].add(finding["check"])
    return found


@pytest.mark.parametrize(("answer", "old", "new"), EDITED)
def test_an_edited_answer_is_a_copy(answer: str, old: str, new: str) -> None:
    assert say_the_same(answer, answer.replace(old, new))
    found = checks(ASKED[answer], answer, answer.replace(old, new))
    assert sorted(map(sorted, found)) in ([[], ["near_duplicate"]], [[], ["exact_duplicate"]])


@pytest.mark.parametrize(("answer", "old", "new"), CONTRADICTED)
def test_one_question_with_two_answers_loses_neither(answer: str, old: str, new: str) -> None:
    assert checks(ASKED[answer], answer, answer.replace(old, new)) == [{"conflicting_duplicate"}] * 2


def test_an_edited_question_with_two_answers_loses_neither() -> None:
    rows = [
        {"input": ASKED[EN], "target": EN},
        {"input": ASKED[EN].replace("How can", "how could"), "target": EN.replace("You can", "You can't")},
    ]
    found = find_duplicates(samples_of(*rows), DuplicateSettings()).findings
    assert found["check"].to_pylist() == ["disagreeing_near_duplicate"] * 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1. Open the lid.\n2. Fill in water.", "- Open the lid\n- Fill in water", True),
        ("You can't return it.", "You cannot return it.", True),
        ("Throw the box away now.", "Throw away the box now.", True),
        ("The fee is 1,000 yen.", "The fee is 1000 yen", True),
        ("手数料は千円です。", "手数料は1,000円である。", True),
        ("ご利用いただけます。", "利用できます。", True),
        (
            "We are open on Saturdays, closed on Sundays.",
            "We are open on Sundays, closed on Saturdays.",
            False,
        ),
        ("Write to Alice Smith.", "Write to Robert Brown.", False),
        ("Please ask Mr Jansen.", "Please ask Mr Jensen.", False),  # a name is not mistyped
        ("It is possible.", "It is impossible.", False),
        ("Press the button to begin washing.", "Push the button to start washing.", True),
        ("It starts once you have chosen one.", "It begins once you have selected one.", True),
        ("Press the button to start it.", "Press the button to stop it.", False),
        ("The valve is beneath the lid.", "The valve is above the lid.", False),
        ("Bring the receipt and the box.", "Bring the receipt or the box.", False),
        ("The train runs from Tokyo to Osaka.", "The train runs from Osaka to Tokyo.", False),
        ("It freezes at -5 degrees.", "It freezes at 5 degrees.", False),
        ("It costs $5.", "It costs 5%.", False),
        ("営業は9時からです。", "営業は9時までです。", False),
        ("りんごを送ります。", "みかんを送ります。", False),
        ("月曜日に届きます。", "火曜日に届きます。", False),
        ("返品できかねます。", "返品できます。", False),
    ],
)
def test_what_makes_another_answer(one: str, other: str, same: bool) -> None:
    assert say_the_same(one, other) is say_the_same(other, one) is same


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("thirty-five days, two hundred yen, a million", ["35", "200", "1000000"]),
        ("三十日、二〇二六年、3万円、千二百、一億二千万", ["30", "2026", "30000", "1200", "120000000"]),
        ("1. twelve\n2. 1,234.5", ["12", "1234.5"]),
        ("no one", []),
    ],
)
def test_numbers_are_read_in_words_and_kanji(text: str, numbers: list[str]) -> None:
    assert read_numerals(text) == numbers


def test_figures_are_the_same_however_they_are_written() -> None:
    assert hold_same_figures("三十日", "30日")
    assert not hold_same_figures("season four", "season five")
