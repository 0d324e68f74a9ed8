"""The measures behind the custom expectations, on text that people write and on text that they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.measures import (
    garbled_signs,
    is_copied,
    is_expected_language,
    looks_truncated,
    repetition_share,
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


@given(st.text())
def test_repetition_is_a_share(text: str) -> None:
    assert 0 <= repetition_share(text) <= 1


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
    assert not is_copied("", " ")
    assert not is_copied("pay", "paid")
