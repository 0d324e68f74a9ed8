"""The measures behind the custom expectations, on text that people write and on text that they do not."""

import re
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations import columns
from expectations.columns import repetition_share
from expectations.measures import (
    garbled_signs,
    is_copied,
    is_expected_language,
    looks_truncated,
)

JAPANESE = (
    "お世話になっております。先日注文した商品がまだ届いていません。配送状況をご確認いただけますでしょうか。"
)
ENGLISH = "I ordered a card two weeks ago, and it has still not arrived; could you tell me where it is?"
TABLE = "| Name           | Days      |\n| -------------- | --------- |\n| Sick leave     | ten       |\n"


@pytest.mark.parametrize("text", [JAPANESE, ENGLISH, TABLE, "no, no, no", "-" * 80, ""])
def test_ordinary_text_is_not_repetitive(text: str) -> None:
    assert repetition_share(text) < 0.3


@pytest.mark.parametrize(
    "text", ["あ" * 40, "はい、" * 20, "the same words again " * 6, "OK, next.\n" * 8, "!?" * 30]
)
def test_text_that_repeats_itself(text: str) -> None:
    assert repetition_share(text) > 0.5


def share_by_definition(text: str) -> float:
    """The measure as it reads in words, one text at a time."""
    packed = re.sub(r"[\s\-=_~*#|.:+]{3,}", " ", text)
    if len(packed) < 30:
        return 0.0
    grams = [packed[i : i + 12] for i in range(len(packed) - 11)]
    lines = [line.strip() for line in text.split("\n") if any(map(str.isalnum, line))]
    by_line = 1 - len(set(lines)) / len(lines) if len(lines) >= 6 else 0.0
    return max(1 - len(set(grams)) / len(grams), by_line)


PARTS = [
    "parcel ",
    "遅れています。",
    "🎉é",
    "\u3000",
    "\u2028",
    "\n",
    "\n\n",
    " | ",
    "---",
    "--",
    "....",
    "1",
]
FEW = st.lists(st.sampled_from(PARTS), min_size=8, max_size=60).map("".join)
"""Texts that repeat themselves, with padding and lines, of characters of one to four bytes."""


@given(st.lists(st.one_of(st.text(), FEW), max_size=5))
def test_repetition_is_what_its_definition_says(texts: list[str]) -> None:
    shares = columns.repetition_shares(pa.array(texts, pa.large_string()))
    assert shares == pytest.approx([share_by_definition(text) for text in texts])


@pytest.mark.parametrize(("repeated", "share"), [(4, 0.0), (5, 1 - 2 / 6)])
@pytest.mark.parametrize("line", ["OK.", "  はい。\u3000", "- 1 -"])
def test_lines_repeat_from_six_on(line: str, repeated: int, share: float) -> None:
    text = "\n".join([ENGLISH, *[line] * repeated, "---", "。"])
    assert repetition_share(text) == pytest.approx(max(share, share_by_definition(text)))
    assert (repetition_share(text) > 0.6) is (repeated == 5)


def test_repetition_of_part_of_a_column() -> None:
    whole = pa.array([JAPANESE, "あ" * 40, ENGLISH], pa.large_string())
    assert columns.repetition_shares(whole.slice(1, 1))[0] > 0.9


GARBAGE = st.text("aé\ufffd\x00\x0b\x9f縺繧Ã©â€™･､ｦﾁ‚ƒ Ł", max_size=12)
PIECES = st.sampled_from(
    ["a", "の", "。", ". ", ", ", "を", "the ", "\n", " ", "\u3000", "\x1c", "完了しました。", "- "]
)
ANSWERS = st.lists(PIECES, max_size=60).map("".join)
CASED = st.text("aA İißÉé\n\x85\u3000", max_size=14)


@given(st.lists(st.one_of(GARBAGE, st.text()), min_size=1, max_size=5))
def test_garbled_columns_are_those_of_garbled_texts(texts: list[str]) -> None:
    told = columns.are_garbled(pa.array(texts, pa.large_string()))
    assert told.tolist() == [bool(garbled_signs(text)) for text in texts]


@given(st.lists(ANSWERS, min_size=1, max_size=5))
def test_truncated_columns_are_those_of_truncated_texts(texts: list[str]) -> None:
    told = columns.are_truncated(pa.array(texts, pa.large_string()))
    assert told.tolist() == [looks_truncated(text) for text in texts]


@given(st.lists(st.tuples(CASED, CASED), min_size=1, max_size=5))
def test_copied_columns_are_those_of_copied_texts(pairs: list[tuple[str, str]]) -> None:
    sides: list[pa.LargeStringArray] = [
        pa.array(side, pa.large_string()) for side in zip(*pairs, strict=True)
    ]
    assert columns.are_copied(*sides).tolist() == [is_copied(*pair) for pair in pairs]


@pytest.mark.parametrize("expected", [["en"], ["ja", "en"], ["zh"]])
def test_language_columns_are_those_of_texts(expected: list[str]) -> None:
    codes = ["en-US", "ja", "zh", "zh", "", "", "und", "ko"]
    texts = [ENGLISH, JAPANESE, "解約", "这是中文", JAPANESE, "这是中文", "12", "안녕하세요"]
    sides = [pa.array(side, pa.large_string()) for side in (codes, texts)]
    by_text: Callable[[str, str], bool] = lambda code, text: is_expected_language(code, text, expected)  # noqa: E731
    assert columns.are_expected_languages(*sides, expected).tolist() == list(map(by_text, codes, texts))


@pytest.mark.parametrize("written", ["utf-8", "cp932", "euc_jp"])
@pytest.mark.parametrize("read", ["cp932", "cp1252", "latin-1"])
def test_japanese_read_wrongly_is_garbled(written: str, read: str) -> None:
    text = JAPANESE.encode(written).decode(read, "ignore" if read == "cp1252" else "replace")
    if written == "cp932" and read == "cp932":
        assert garbled_signs(text) == []
    else:
        assert garbled_signs(text)


@pytest.mark.parametrize(
    "text", ["It’s a café – “naïve”".encode().decode("cp1252", "ignore"), "a\x00b", "a\x9fb", "\ufffd"]
)
def test_other_garbled_text(text: str) -> None:
    assert garbled_signs(text)


@pytest.mark.parametrize(
    "text",
    [
        JAPANESE,
        ENGLISH,
        "ﾔﾏﾀﾞ ﾀﾛｳ、ｶﾌﾞｼｷｶﾞｲｼｬ",
        "NÃO, é «à la carte» — €20 ‚quoted‘",
        "絵文字🎉と記号①②㈱",
        "tab\tand\nline",
        "a soft line break\vof a word processor",
        "Crème brûlée à l’école",
    ],
)
def test_right_text_is_not_garbled(text: str) -> None:
    assert garbled_signs(text) == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", ENGLISH, True),
        ("en-US", ENGLISH, True),
        ("fr", "Bonjour", False),
        ("", JAPANESE, True),
        ("zh", "解約", True),
        ("zh", "这是中文", False),
        ("ko", "안녕하세요", False),
        ("und", "12345", True),
    ],
)
def test_languages(language: str, text: str, expected: bool) -> None:
    assert is_expected_language(language, text, ["en", "ja"]) is expected


def test_kanji_alone_are_not_japanese_where_japanese_is_not_expected() -> None:
    assert not is_expected_language("zh", "解約", ["en"])


@pytest.mark.parametrize(
    "text",
    [
        "Open the settings page first. Choose the card. Then set the limit for the coming",
        "The parcel can be sent to your home address, to your office, or to",
        "設定画面を開いてください。カードを選んでください。次に上限額を入力し、確認画面へ進んだあと、最後に画面の右下にある青い送信ボタンを",
        "まず設定画面を開いてください。次にカードを選んでください。最後に上限額を入力し、確認画面で内容を確かめたうえで送信ボタ",
    ],
)
def test_cut_off_answers(text: str) -> None:
    assert looks_truncated(text)


@pytest.mark.parametrize(
    "text",
    [
        "Paris",
        "No, lilies are toxic to cats if consumed and should not be kept in a household with cats",
        "Open the settings page. Then do this:\n- choose the card that you want to change\n- set the limit",
        "Open the settings page first. Choose the card. Then set the limit for the coming month.",
        "設定画面を開いてください。カードを選んでください。次に上限額を入力し、確認画面へ進んだあと、送信ボタンを押してください",
        "Run this, and then look at the output. It says why:\n```\nseimai check recipe.yaml\n```",
    ],
)
def test_whole_answers(text: str) -> None:
    assert not looks_truncated(text)


def test_copies() -> None:
    assert is_copied("Pay  NOW\n", "pay now")
    assert columns.are_copied(
        pa.array([" " * 20 + "Pay"], pa.large_string()), pa.array(["pay"], pa.large_string())
    )
    assert not is_copied("", " ")
    assert not is_copied("pay", "paid")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Can I pay with two cards?", "You are asking: can I pay with two cards?"),
        ("Can I pay with two cards?", "Re: Can I pay with two cards?"),
        ("Can I pay with two cards?", "Can I pay with two cards? Many thanks for your question!"),
        ("二枚のカードで払えますか。", "二枚のカードで払えますか。とのご質問ですね。"),
        ("二枚のカードで払えますか？", "お尋ねは「二枚のカードで払えますか」でございます。"),
    ],
)
def test_a_question_repeated_with_words_about_asking_is_a_copy(question: str, answer: str) -> None:
    assert is_copied(question, answer)
    assert columns.are_copied(*(pa.array([t], pa.large_string()) for t in (question, answer))).all()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("The shop is open on Sunday?", "Yes, the shop is open on Sunday."),
        ("Can I pay with two cards?", "Can I pay with two cards? Yes."),
        ("Can I pay with two cards?", "Can I pay with two cards? Thank you for your question. You can."),
        ("The capital of France is", "The capital of France is Paris."),
        ("二枚のカードで払えますか。", "二枚のカードで払えますか。はい、払えます。"),
        ("Cards?", "Your question: Cards?"),
    ],
)
def test_a_question_that_is_answered_is_no_copy(question: str, answer: str) -> None:
    assert not is_copied(question, answer)
