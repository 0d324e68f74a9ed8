"""Names of persons: what announces them, what only looks like one, and which count alone."""

import pytest

from tasks.privacy import Kind, find_personal_data, find_spans
from tasks.privacy.gazetteer import FIRST_AFTER_CUES_EN, FIRST_BEFORE_SURNAMES_EN, FIRST_EN
from tasks.privacy.names_en import LONE_NAME
from tasks.privacy.spans import MERE_NAME
from tasks.privacy.surrogates import Surrogates
from tasks.records import SAMPLE, build_table


def find_names(text: str) -> list[tuple[str, float]]:
    return [(text[s.start : s.end], s.confidence) for s in find_spans(text) if s.kind == Kind.PERSON]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hi Zbyszka, I have a question about my order.", ["Zbyszka"]),
        ("Dear Okwudili!", ["Okwudili"]),
        ("Good morning Beaumont,\nmy parcel is late.", ["Beaumont"]),
        ("Hello there Oddvin Tveit\nIt works now.", ["Oddvin Tveit"]),
        ("It works now.\n\nRegards,\nOddvin", ["Oddvin"]),
        ("Many thanks\nOttoline Fairfax\nAccounts", ["Ottoline Fairfax"]),
        ("Best wishes,\n\n-- \nYsolde Marchetti", ["Ysolde Marchetti"]),
        ("Thanks in advance, Ottoline", ["Ottoline"]),
        ("Thank you, Will", ["Will"]),
        ("please call me Oddny from now on", ["Oddny"]),
        ("Everyone calls me Gwendal, by the way.", ["Gwendal"]),
        ("They named her Ysolde.", ["Ysolde"]),
        ("The charge was made by a man named Leofric Vance.", ["Leofric Vance"]),
        ("Her maiden name was Achterberg.", ["Achterberg"]),
        ("It is under my partner's name, my partner's name is Xiomara.", ["Xiomara"]),
        ("Last name: Achterberg", ["Achterberg"]),
        ("Name: Ottoline Fairfax\nPhone: none", ["Ottoline Fairfax"]),
        ("What is your name, please? Odalys Quintero", ["Odalys Quintero"]),
        ("I booked it for my husband Caetano and me.", ["Caetano"]),
        ("Please add Leontyne Achterberg as a second driver.", ["Leontyne Achterberg"]),
        ("Idalia Vance lives at the corner of the square.", ["Idalia Vance"]),
        ("As promised, here's Leofric's parcel number.", ["Leofric"]),
        ("Ship to: Leofric Vance\nthe old mill", ["Leofric Vance"]),
        ("I talked to Jürgen about it.", ["Jürgen"]),
        ("Łukasz, who signed, has left.", ["Łukasz"]),
        ("Can I speak with Frank?", ["Frank"]),
        ("This is Dr. Siobhan O'Brien-Vance.", ["Dr. Siobhan O'Brien-Vance"]),
        ("my name is samira", ["samira"]),
        ("hi, i am richard leblanc and my parcel is late", ["richard leblanc"]),
        ("my name is gwendal ploumanach and i need help", ["gwendal ploumanach"]),
        ("please call me samira", ["samira"]),
        ("i'm priya. my card is lost", ["priya"]),
        ("鬼龍院と申します。返品の件です。", ["鬼龍院"]),
        ("はじめまして、ジョン・スミスと申します。", ["ジョン・スミス"]),
        ("たなかと申します。", ["たなか"]),
        ("青葉商事 営業部の小鳥遊と申します。", ["小鳥遊"]),
        ("お世話になっております。山田です。", ["山田"]),
        ("株式会社青葉の山田です。", ["山田"]),
        ("よろしくお願いいたします。\n山田", ["山田"]),
        ("鬼龍院様\n\nご連絡ありがとうございます。", ["鬼龍院"]),
        ("私の名前は小鳥遊です。", ["小鳥遊"]),
        ("夫の健太郎が契約しています。", ["健太郎"]),
        ("エミリーさんに伝えてください。", ["エミリー"]),
        ("契約者は鈴木一郎本人です。", ["鈴木一郎"]),
    ],
)
def test_a_name_that_something_announces(text: str, names: list[str]) -> None:
    assert [name for name, _ in find_names(text)] == names


@pytest.mark.parametrize(
    "text",
    [
        "Hi Team,\nit works.",
        "Dear Customer Support,",
        "Dear Hiring Manager:",
        "Hello World!",
        "Hello, May I ask something?",
        "Hi, Will this work? Thanks, Will do.",
        "Hi Siri, play music.",
        "It works.\n\nThanks,\nCustomer Support",
        "Best,\nThe Acme Team",
        "Call me Monday. Please call me Back.",
        "a company named Globex in a city called Springfield",
        "What is your name? I forgot.",
        "Product name: Widget\nFile name: Report",
        "First name: Required",
        "Name:\nAddress:",
        "Here's Apple's address.",
        "I am Christian and my friend is German.",
        "Mark my words: Bill payment failed in May, and Grace Period ends in June.",
        "Bill Payment, Max Value, Grant Application, Rose Garden",
        "Jennifer Street, Lake Victoria, St. John, San Jose, the Henry Ford Museum, Ernst & Young",
        "**San Francisco**, the Ada Initiative",
        "@John wrote to john.smith and /home/Alice and John_Smith",
        "Don't go. Won't help. Sue them.",
        "my name is wrong on the card",
        "my name is misspelled. my name is not on the list. my name is spelled with a k",
        "i am happy. this is art. call me tomorrow. i am will ing",
        "hi there, this is fine",
        "と申しますのは、次の理由によります。",
        "当社は青葉商事会社と申します。",
        "これは何と申しますか。",
        "北部の森です。",
        "彼の名前は不明です。",
        "画面仕様\n基本仕様\n皆様\nお客様\n各位",
        "担当者様\n関係者様\n",
        "千葉:晴れ\n福島:雨",
        "夫の勝利を祈る。",
        "ユーザーさんの声",
    ],
)
def test_what_only_looks_like_a_name(text: str) -> None:
    assert find_names(text) == []


def test_a_first_name_alone_is_graded_lowest() -> None:
    assert find_names("Jennifer is late.") == [("Jennifer", LONE_NAME)]
    assert find_names("Jennifer Whitfield is late.") == [("Jennifer Whitfield", MERE_NAME)]
    assert [name for name, grade in find_names("Dear Jennifer, I am Jennifer") if grade > MERE_NAME] == [
        "Jennifer",
        "Jennifer",
    ]


def test_an_author_is_as_little_announced_as_anyone() -> None:
    """Findings about samples that only name who wrote, played or invented something help nobody."""
    for text in ("a novel by Jennifer Whitfield", "a film with Jennifer Whitfield"):
        assert find_names(text) == [("Jennifer Whitfield", MERE_NAME)]


def test_a_first_name_alone_counts_beside_other_personal_data_only() -> None:
    texts = ["Jennifer is late.", "Jennifer is late, her mail is j@example.com", "my name is samira"]
    rows = [{"row": i, "sample_id": str(i), "input": text} for i, text in enumerate(texts)]
    found = find_personal_data(build_table(rows, SAMPLE)).to_pylist()
    assert [(f["row"], f["score"]) for f in found] == [(1, 2.0), (2, 1.0)]


def test_a_place_or_firm_is_not_cut_into_a_person() -> None:
    for text in ("the Steve Jobs Theater", "Bryce Canyon", "Oliver Research", "Thomas and Sons"):
        assert find_names(text) == []


def test_the_lists_of_first_names_are_apart() -> None:
    assert not FIRST_EN & FIRST_BEFORE_SURNAMES_EN
    assert not FIRST_AFTER_CUES_EN & (FIRST_EN | FIRST_BEFORE_SURNAMES_EN)
    assert all(name[0].isupper() for name in FIRST_EN | FIRST_BEFORE_SURNAMES_EN | FIRST_AFTER_CUES_EN)


def test_a_name_in_lower_case_gets_the_pseudonym_of_the_capitalised_one() -> None:
    surrogates = Surrogates(bytes(32))
    lower, upper = (surrogates.invent(Kind.PERSON, name, "d") for name in ("samira haddad", "Samira Haddad"))
    assert lower == upper.lower() != upper
