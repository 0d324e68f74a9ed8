"""The quick look: a detector that is not run on a text would have found nothing in it."""

import re
import string
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.privacy import find_spans
from tasks.privacy.scan import DETECTORS, match_all, select, settle
from tasks.privacy.spans import Detector, Span, any_of, fold

PIECES = [
    *(
        "電話 ",
        "phone ",
        "call ",
        "passport ",
        "免許証 ",
        "card ",
        "カード",
        "my ",
        "〒",
        "口座 ",
        "生年月日 ",
        "SSN ",
    ),
    *(
        "東京都千代田区",
        "1丁目2-3",
        " 12 Oak Street",
        "7-3-22 Nagisa-machi, Tsukimi City",
        "http://a:b1@c.de",
        "@example.com",
    ),
    *(
        "password: hunter2",
        "token ",
        "9f8a7b6c5d4e3f2a1b0c9d8e",
        "Mr. Okonkwo",
        "Dear Karen Whitfield",
        "my name is Ann",
        "Hi Thiago,",
        "Regards,\nOlaf\n",
        "THANKS\nOlaf\n",
        "CALL ME Ishmael",
        "call me Ishmael",
        "YOUR NAME? Odalys",
        "my brother Caetano ",
        "Name: Ottoline",
        "i am samira",
        "Łukasz ",
    ),
    *(
        "佐藤様",
        "山田 太郎",
        "中村と申します",
        "氏名：高橋一郎",
        "フリガナ：サトウ ハナコ",
        "ジョン・スミスさん",
    ),
    *("4111111111111111", "4111 1111 1111 1111", "090-1234-5678", "0312345678", "(212) 555-0123", "100-0001"),
    *(
        "192.168.10.20",
        "GB82 WEST 1234 5698 7654 32",
        "123456789018",
        "T8315118291390",
        "+44 20 7946 0958",
        "zıp 35350",
    ),
    *(
        "2001:db8:0:0:1:2:3:4",
        "1985-04-12",
        "zip code ",
        "-",
        " ",
        "\n",
        "0",
        "7",
        "１２３",
        "ー",
        ".",
        "/",
        "é",
        "ſ",
    ),
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=7).map("".join),
    st.text(alphabet=string.printable + "あ漢様さん市区ー－０１２３４５６７８９＠（）ﬀ㌔ıİſé", max_size=60),
)


def everything(text: str) -> list[Span]:
    """What all detectors find, none left out."""
    return settle(match_all(DETECTORS, fold(text)))


@given(texts, texts)
def test_the_quick_look_finds_what_all_detectors_find(text: str, other: str) -> None:
    assert find_spans(text) == everything(text)
    assert find_spans(text + other) == everything(text + other)


_ANNOUNCED = [
    "Here's my SSN: 460-89-9847",
    "a poem by the hand of Emily Dickinson",
    "driver's license F162823540116",
    "bank account number 00123456",
    "ゆうちょ 記号 10120-12345678",
    "https://hooks.slack.com/services/T0000/B0000/abcdefghijklmnop",
    "https://x.example/a?token=abcdefgh12345678",
    "api key AKIAABCDEFGHIJKLMNOP",
    "Bill to: Ottoline Fairfax",
    "add Leontyne Achterberg as a driver",
    "Idalia Vance lives at the corner",
    "here's Emre's parcel",
    '"I agree," said Bertram.',
    "my name is gwendal",
    "鬼龍院様\n",
    "息子の翔太の分",
    "よろしくお願いします。\n山田",
    "エミリーさん",
    "株式会社青葉の山田です",
    "山田:承知しました",
    "私の名前は小鳥遊です",
]


def read_sentences() -> list[str]:
    """The sentences of privacy_ja.txt without their marks."""
    content = (Path(__file__).parent / "privacy_ja.txt").read_text(encoding="utf-8")
    return re.sub(r"\{[A-Z_]+:([^}]*)\}", r"\1", content).splitlines()


def test_the_quick_look_finds_what_all_detectors_find_in_real_sentences() -> None:
    sentences = read_sentences()
    joined = [*sentences, *(a + b for a, b in pairwise(sentences))]
    assert sum(bool(everything(text)) for text in joined) > 300
    assert [find_spans(text) for text in joined] == [everything(text) for text in joined]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: f"{d.kind}-{d.pattern.pattern[:12]}")
def test_every_detector_finds_something_here(detector: Detector) -> None:
    """So that the tests above say something of its words, digits and cue."""
    found = [
        text for text in map(fold, [*PIECES, *_ANNOUNCED, *read_sentences()]) if match_all([detector], text)
    ]
    assert found
    assert all(detector.pattern in [d.pattern for d in select(text)] for text in found)


def test_a_tree_of_words_tries_the_longest_first() -> None:
    pattern = re.compile(any_of(["森", "森田", "森本", "原"]))
    assert [pattern.match(word)[0] for word in ("森田さん", "森さん", "原")] == ["森田", "森", "原"]  # type: ignore[index]
    assert pattern.match("林") is None
