"""The form in which texts are compared: what is folded, and what stays apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text import matching_form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ｻｰﾊﾞｰ", "サーバー"),
        ("サーバーを再起動", "サーバを再起動"),
        ("ヴァイオリン", "バイオリン"),
        ("10〜20", "10～20"),
        ("well‑known – yes", "well-known - yes"),
        ("お湯が\u200b出ない", "お湯が出ない"),
        ("AI を 使う、 試す", "AIを使う、試す"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("Hello\n  World ", "hello world"),
    ],
)
def test_spellings_of_one_text_are_one(one: str, other: str) -> None:
    assert matching_form(one) == matching_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ビール", "ビル"),
        ("キー", "キ"),
        ("はし", "ハシ"),
        ("カード", "カド"),
        ("resume", "re-sume"),
        ("ば", "は"),
    ],
)
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert matching_form(one) != matching_form(other)


@given(st.text())
def test_the_form_of_a_form_is_itself(text: str) -> None:
    once = matching_form(text)
    assert matching_form(once) == matching_form(matching_form(once))
