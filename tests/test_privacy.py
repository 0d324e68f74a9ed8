"""Personal data: what must be found, what must not, and that no finding repeats the value."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.privacy import (
    Kind,
    find_personal_data,
    find_spans,
    passes_iban,
    passes_luhn,
    passes_my_number,
    redact,
)
from tasks.records import SAMPLE, build_table


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Write to taro.yamada+x@example.co.jp.", Kind.EMAIL, "taro.yamada+x@example.co.jp"),
        ("連絡先はtaro@example.comまで", Kind.EMAIL, "taro@example.com"),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍへ", Kind.EMAIL, "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
        ("携帯は090-1234-5678です", Kind.PHONE, "090-1234-5678"),
        ("電話０３－１２３４－５６７８まで", Kind.PHONE, "０３－１２３４－５６７８"),
        (
            "電話０３ー１２３４−５６７８まで",
            Kind.PHONE,
            "０３ー１２３４−５６７８",
        ),  # long vowel mark, minus sign
        ("電話は0312345678へ", Kind.PHONE, "0312345678"),
        ("(03) 5327-5996", Kind.PHONE, "(03) 5327-5996"),
        ("フリーダイヤル0120-444-444", Kind.PHONE, "0120-444-444"),
        ("call +81 90-1234-5678 now", Kind.PHONE, "+81 90-1234-5678"),
        ("call me at +44 20 7946 0958", Kind.PHONE, "+44 20 7946 0958"),
        ("ring (212) 555-0123.", Kind.PHONE, "(212) 555-0123"),
        ("my phone: 0496 46 46 70", Kind.PHONE, "0496 46 46 70"),
        ("カード4111-1111-1111-1111を", Kind.CREDIT_CARD, "4111-1111-1111-1111"),
        ("カード番号４１１１１１１１１１１１１１１１", Kind.CREDIT_CARD, "４１１１１１１１１１１１１１１１"),
        ("amex 3782 822463 10005", Kind.CREDIT_CARD, "3782 822463 10005"),
        ("マイナンバーは123456789018です", Kind.MY_NUMBER, "123456789018"),
        ("番号 1234-5678-9018 を", Kind.MY_NUMBER, "1234-5678-9018"),
        ("〒100-0001 千代田", Kind.POSTAL_CODE, "〒100-0001"),
        ("100-0001東京都千代田区", Kind.POSTAL_CODE, "100-0001"),
        ("IBAN GB82 WEST 1234 5698 7654 32", Kind.IBAN, "GB82 WEST 1234 5698 7654 32"),
        ("口座DE89370400440532013000へ", Kind.IBAN, "DE89370400440532013000"),
    ],
)
def test_found_at_its_place_in_the_text(text: str, kind: Kind, value: str) -> None:
    assert [(span.kind, text[span.start : span.end]) for span in find_spans(text)] == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "型番KR-10のE03エラー",
        "2026-03-14に16,500円",
        "注文番号 1234567890123456",
        "order 20260314-000123-45, 3.14159265358979",
        "4111-1111-1111-1112",  # wrong check digit
        "123456789018個",  # twelve digits, not announced
        "マイナンバーは123456789017です",  # wrong check digit
        "0312345678",  # ten digits, not announced
        "version 10.20.30.40, part 123-4567",
        "午前10:30-11:45、第3-4章",
        "GB82 WEST 1234 5698 7654 33",
        "ORD-4111111111111111",
        "@someone said 5",
    ],
)
def test_ordinary_numbers_are_left_alone(text: str) -> None:
    assert find_spans(text) == []


def test_check_digits() -> None:
    assert passes_luhn("4111111111111111")
    assert not passes_luhn("4111111111111121")
    assert passes_my_number("123456789018")
    assert not passes_my_number("111111111111")
    assert passes_iban("GB82WEST12345698765432")
    assert not passes_iban("GB82WEST12345698765423")


def test_finding_masks_and_suggests() -> None:
    samples = build_table(
        [
            {"row": 0, "sample_id": "a", "input": "私は taro@example.com", "target": "090-1234-5678に電話"},
            {"row": 1, "sample_id": "b", "input": "2026-03-14", "target": None},
        ],
        SAMPLE,
    )
    (finding,) = find_personal_data(samples).to_pylist()
    assert (finding["row"], finding["check"], finding["severity"], finding["score"]) == (
        0,
        "personal_data",
        "warning",
        2,
    )
    evidence = json.loads(finding["evidence"])
    assert evidence["kinds"] == ["EMAIL", "PHONE"]
    assert evidence["spans"][1] | {"masked": "***-****-****"} == evidence["spans"][1]
    suggestion = json.loads(finding["suggestion"])
    assert suggestion == {"action": "edit", "input": "私は [EMAIL]", "target": "[PHONE]に電話"}
    for column in ("evidence", "reason", "suggestion"):
        assert "taro" not in finding[column]
        assert "5678" not in finding[column]


def test_labelled_spans_are_never_shifted_by_a_placeholder() -> None:
    row = {"row": 0, "sample_id": "a", "input": "Mail jo@example.com", "target": "[]"}
    spans = [{"start": 5, "end": 19, "label": "MAIL"}]
    (finding,) = find_personal_data(build_table([row | {"spans": spans}], SAMPLE)).to_pylist()
    assert (finding["check"], finding["suggestion"]) == ("personal_data", None)


@given(st.text(alphabet=string.printable + "あ漢ー－０１２３４５６７８９＠（）+ﬀ㌔", max_size=80))
def test_spans_are_ordered_apart_and_within_the_text(text: str) -> None:
    spans = find_spans(text)
    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start < span.end <= len(text) for end, span in zip(ends, spans, strict=False))
    assert all(f"[{span.kind}]" in redact(text, spans) for span in spans)
