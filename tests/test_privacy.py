"""Personal data: what must be found, what must not, and that no finding repeats the value."""

import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.privacy import Kind, Span, find_personal_data, find_spans, mask, redact
from tasks.privacy.checks import (
    measure_entropy,
    passes_corporate_number,
    passes_iban,
    passes_luhn,
    passes_my_number,
)
from tasks.privacy.spans import fold
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
        ("my iban is gb82west12345698765432", Kind.IBAN, "gb82west12345698765432"),
        ("call me at (99) 645-791", Kind.PHONE, "(99) 645-791"),
        ("166-684-7899 fax", Kind.PHONE, "166-684-7899"),
        ("card number 1236547412365894", Kind.CREDIT_CARD, "1236547412365894"),  # acted: no check digit
        ("Here's my SSN: 460-89-9847", Kind.SSN, "460-89-9847"),
        ("my driver's license number is F162823540116", Kind.DRIVER_LICENSE, "F162823540116"),
        ("passport no. 912803456", Kind.PASSPORT, "912803456"),
        ("bank account number 00123456", Kind.BANK_ACCOUNT, "00123456"),
        (
            "blocked 6e40:4041:c617:e898:c11:40d2:c669:2eb4 again",
            Kind.IP_ADDRESS,
            "6e40:4041:c617:e898:c11:40d2:c669:2eb4",
        ),
        ("born on 2/8/1935.", Kind.BIRTH_DATE, "2/8/1935"),
        ("date of birth: 12 April 1985", Kind.BIRTH_DATE, "12 April 1985"),
        ("my zip code is 35350", Kind.POSTAL_CODE, "35350"),
        ("ship to 31 Larkspur Crescent, Apt 5B please", Kind.ADDRESS, "31 Larkspur Crescent, Apt 5B"),
        (
            "at 7-3-22 Nagisa-machi, Tsukimi City 999-8150",
            Kind.ADDRESS,
            "7-3-22 Nagisa-machi, Tsukimi City 999-8150",
        ),
        ("export TOKEN=9f8a7b6c5d4e3f2a1b0c9d8e", Kind.SECRET, "9f8a7b6c5d4e3f2a1b0c9d8e"),
        (
            "git clone https://me:hunter2@example.org/x",
            Kind.URL_CREDENTIALS,
            "https://me:hunter2@example.org",
        ),
        ("password: hunter2", Kind.SECRET, "hunter2"),
        ("My name is Aoife Brennan and", Kind.PERSON, "Aoife Brennan"),
        ("Hello, this is Karen Whitfield.", Kind.PERSON, "Karen Whitfield"),
        ("please ask Mr. Okonkwo", Kind.PERSON, "Mr. Okonkwo"),
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
        "the token: 3600 seconds, password: required, api key: YOUR_API_KEY_GOES_HERE",
        "token aaaaaaaaaaaaaaaaaaaaaaa1",
        "commit 3f2a9c81d4e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9",
        "SSN 000-12-3456",
        "part 460-89-9847",
        "Please call me on 2026-03-14 or 14.03.2026.",
        "電話した日は2026-03-14です",
        "It was founded on 2/8/1935 in Virginia Beach near Charlotte Street.",
        "std::vector at 12:30:45, 127.0.0.1",
        "I am Happy and this is Fine. The Manager will call.",
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


def test_corporate_number_and_entropy() -> None:
    assert passes_corporate_number("8315118291390")
    assert not passes_corporate_number("8315118291391")
    assert not passes_corporate_number("1111111111111")
    assert (measure_entropy("aaaa"), measure_entropy("abcd")) == (0, 2)


def test_folding_keeps_positions() -> None:
    text = "ＴＥＬ０３－１２３４ー㌔ﬀ𝟎か゛é"
    assert fold(text) == "TEL03-1234-㌔ﬀ0か゛é"


def test_confidence_tells_the_checked_from_the_likely() -> None:
    (checked,) = find_spans("4111 1111 1111 1111")
    (announced,) = find_spans("card number 1236547412365894")
    (form,) = find_spans("yes 5432 1469 9854 8246")
    assert 1 == checked.confidence > announced.confidence > form.confidence > 0


class KnowsOne:
    """A recognizer that finds one unusual name, and the e-mail address that the forms find as well."""

    def find(self, text: str) -> Iterator[Span]:
        for value in ("呉竹", "a@example.com"):
            if value in text:
                yield Span(text.index(value), text.index(value) + len(value), Kind.PERSON, 0.9)


def test_a_recognizer_adds_what_the_forms_have_not() -> None:
    spans = find_spans("呉竹様 a@example.com", KnowsOne())
    assert [span.kind for span in spans] == [Kind.PERSON, Kind.EMAIL]


def test_a_name_that_nothing_announces_counts_beside_other_personal_data_only() -> None:
    texts = [
        "a poem by the hand of Emily Dickinson",
        "Emily Dickinson, emily@example.com",
        "Dear Emily Dickinson",
    ]
    rows = [{"row": i, "sample_id": str(i), "input": text, "target": None} for i, text in enumerate(texts)]
    found = find_personal_data(build_table(rows, SAMPLE)).to_pylist()
    assert [(f["row"], json.loads(f["evidence"])["kinds"]) for f in found] == [
        (1, ["EMAIL", "PERSON"]),
        (2, ["PERSON"]),
    ]


def read_sentences() -> list[tuple[str, set[tuple[int, int, str]]]]:
    """Sentences of privacy_ja.txt without their marks, and the (start, end, kind) that the marks gave."""
    sentences = []
    for line in (Path(__file__).parent / "privacy_ja.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(("#", "=")):
            continue
        text, marked = "", set()
        for plain, kind, value in re.findall(r"([^{}]+)|\{([A-Z_]+):([^}]*)\}", line):
            if kind:
                marked.add((len(text), len(text) + len(value), kind))
            text += plain or value
        sentences.append((text, marked))
    return sentences


def test_japanese_sentences() -> None:
    sentences = read_sentences()
    assert len(sentences) >= 330
    assert sum(not marked for _, marked in sentences) >= 170
    found = [{(s.start, s.end, str(s.kind)) for s in find_spans(text)} for text, _ in sentences]
    hits = sum(len(spans & marked) for spans, (_, marked) in zip(found, sentences, strict=True))
    wrong = [text for spans, (text, marked) in zip(found, sentences, strict=True) if spans - marked]
    assert hits / sum(len(spans) for spans in found) >= 0.99, wrong
    assert hits / sum(len(marked) for _, marked in sentences) >= 0.975


def test_no_value_of_the_sentences_is_in_its_finding() -> None:
    sentences = [(text, marked) for text, marked in read_sentences() if marked]
    rows = [{"row": i, "sample_id": str(i), "input": text} for i, (text, _) in enumerate(sentences)]
    found = find_personal_data(build_table(rows, SAMPLE)).to_pylist()
    assert len(found) >= 0.95 * len(sentences)
    for finding in found:
        text, marked = sentences[finding["row"]]
        spans = json.loads(finding["evidence"])["spans"]
        for start, end, _ in marked & {(s["start"], s["end"], s["kind"]) for s in spans}:
            for column in ("evidence", "reason", "suggestion"):
                assert text[start:end] not in finding[column]
        assert all(s["masked"] == mask(text[s["start"] : s["end"]]) for s in spans)


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


@given(st.text(alphabet=string.printable + "あ漢ー－０１２３４５６７８９＠（）+ﬀ㌔", max_size=80))
def test_spans_are_ordered_apart_and_within_the_text(text: str) -> None:
    spans = find_spans(text)
    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start < span.end <= len(text) for end, span in zip(ends, spans, strict=False))
    assert all(f"[{span.kind}]" in redact(text, spans) for span in spans)
