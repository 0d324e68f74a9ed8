"""The compiled matching form is the one of `tasks.text`."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.duplicates.folding import as_points, as_strings, fold_texts
from tasks.text import matching_form

TELLING = (
    "ァアイヴヷヺィェォーカサン かが゛゜\u3099\u200b\u3000漢字、。aABzΣσİß…①㈱½㍿ﷺﾊﾞﾌﾟｰ"
    "Ａ〜−\u0301\u00a0\n\t가ᅡᆨ🙂𠮷\U000e0061"
)
"""Characters for which the form has a rule, and some for which the table has none."""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.sampled_from(TELLING) | st.characters(codec="utf-8"), max_size=12), max_size=8))
def test_compiled_form_is_the_matching_form(texts: list[str]) -> None:
    assert as_strings(fold_texts(pa.array(texts, pa.string()))) == [matching_form(text) for text in texts]


def test_every_character_between_others() -> None:
    texts = [
        f"x{chr(point)}y あ{chr(point)} ー"
        for point in (*range(0x20200), *range(0x2F800, 0x30200), *range(0xE0000, 0xE0100))
        if not 0xD800 <= point < 0xE000 and not 0x3400 <= point < 0x9F00 and not 0xAC10 <= point < 0xD700
    ]
    forms = as_strings(fold_texts(pa.array(texts)))
    wrong = [text for text, form in zip(texts, forms, strict=True) if form != matching_form(text)]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("サーバー  の ヴァイオリン", "サーバのバイオリン"),
        ("Ｓｅｒｖｅｒ\u3000ｻｰﾊﾞｰ", "server サーバー".replace(" ", "").removesuffix("ー")),
        (" a \u200b b ", "a b"),
        ("カー", "カー"),
    ],
)
def test_rules(text: str, form: str) -> None:
    assert as_strings(fold_texts(pa.array([text]))) == [form]


def test_slices_nulls_and_nothing() -> None:
    texts = pa.array(["first", None, "", "Ａ", "か\u3099"])
    assert as_strings(fold_texts(texts.slice(1))) == ["", "", "a", "が"]
    assert as_strings(fold_texts(pa.chunked_array([texts, texts]).slice(4, 2))) == ["が", "first"]
    assert as_strings(fold_texts(texts.slice(0, 0))) == []
    assert as_strings(as_points(["", "a漢", "\ud800"])) == ["", "a漢", "\ud800"]
