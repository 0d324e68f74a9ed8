"""What cleaning changes, what it must leave alone, and that it is done after one go."""

import json
import time
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.ingest.hygiene import clean_text, join_lines

DATA = Path(__file__).parents[2] / "shared" / "data"
JAPANESE = "これは日本語の説明です。"


def misread(text: str, codec: str) -> str:
    return text.encode("utf-8").decode(codec)


@pytest.mark.parametrize(
    ("text", "cleaned", "kinds"),
    [
        ("plain text\n", "plain text\n", {}),
        (
            "営業時間は９時から１８時まで。ｶﾅも\u3000そのまま",
            "営業時間は９時から１８時まで。ｶﾅも\u3000そのまま",
            {},
        ),
        ("a\r\nb\rc\x0cd\u2028e", "a\nb\nc\nd\ne", {"line_ends": 4}),
        ("か\u3099 cafe\u0301", "が café", {"unicode_form": 2}),
        ("a\x00b\x1bc\x85d\ufffee\tf", "abcde\tf", {"control": 4}),
        ("\ufeff東\u200b京\u202e都\u00ad \u2060", "東京都", {"invisible": 5}),
        ("ᠬᠠᠷ\u180eᠠ", "ᠬᠠᠷ\u180eᠠ", {}),
        ("a\u180eb ᠠ\u180e", "ab ᠠ", {"invisible": 2}),
        ("hide\U000e0041\U000e0042 x\ufe0f\ufe0f", "hide x", {"invisible": 4}),
        ("ﬁnd oﬀ", "find off", {"ligature": 2}),
        ("⼀⽉の⻑い⼾", "一月の長い戸", {"radical": 4}),
        ("10\u00a0000\u2009km\u3000先", "10 000 km\u3000先", {"space": 2}),
        ("line  \nnext\t\n終わり\u3000\n", "line\nnext\n終わり\n", {}),
        ("\ud83d\ude00 \ud800!", "😀 \ufffd!", {"surrogate": 3}),
        (misread(JAPANESE, "latin-1"), JAPANESE, {"mojibake": 1}),
        (misread("café “ok” – 5 €", "latin-1"), "café “ok” – 5 €", {"mojibake": 1}),
        ("It costs â‚¬5 â€“ donâ€™t pay", "It costs €5 – don't pay".replace("'", "’"), {"mojibake": 1}),
        ("縺ゅ＞縺", "あい\ufffd", {"mojibake": 1}),
        ("縺薙ｌ縺ｯ譁・ｭ怜喧縺代〒縺\ufffd", "これは\ufffd化けで\ufffd", {"mojibake": 1}),
    ],
)
def test_changes(text: str, cleaned: str, kinds: dict[str, int]) -> None:
    assert clean_text(text) == (cleaned, Counter(kinds))


@pytest.mark.parametrize(
    "text",
    [
        "👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 👍🏽",
        "葛\U000e0100城市 辻\U000e0101",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهم क्\u200dष",
        "繧繝錦の糸が縺れる",
        "ｼｽﾃﾑ部 漢ｱ字",
        "Ã la carte, Señor Müller: «naïve» façade – Ångström",
        "①㈱㌔Ⅳ№ａＡ～",
    ],
)
def test_leaves_what_carries_meaning(text: str) -> None:
    assert clean_text(text) == (text, Counter())


def test_nfkc_folds_width_outside_inline_code_and_makes_no_markdown() -> None:
    text, changes = clean_text("Ａｐｉ ｶﾞｲﾄﾞ\u3000`ＡＢ` ｜ ｀", nfkc=True)
    assert text == "Api ガイド `ＡＢ` ｜ ｀"
    assert changes["width"] == 9
    assert clean_text("ABC ガイド", nfkc=True) == ("ABC ガイド", Counter())


def test_code_keeps_everything_that_can_be_stored() -> None:
    text = "s = 'ﬁ\u200b\u00a0か\u3099'  \r\n\x1b[0m\x00\ud800"
    assert clean_text(text, is_code=True, nfkc=True)[0] == "s = 'ﬁ\u200b\u00a0か\u3099'  \n\x1b[0m\ufffd"


_ALPHABET = st.one_of(
    st.sampled_from(
        "aA あがｶﾞ縺ゅ＞縺繧繝譁Ã©â€™\u0300\u3099\u200b\u200c\u200d\ufe0f\U000e0100\U0001f3f4\U000e0067\U000e007f"
        "👩\u00a0\u3000\t\n\r\x0c\x00\x85\ud83d\ude00\ufb01⼾⺟｀`｜＃²½\ufeff\u00ad\ufffd"
    ),
    st.characters(),
)


@settings(max_examples=400, deadline=None)
@given(st.text(_ALPHABET, max_size=40), st.booleans(), st.booleans())
@example(misread(misread(JAPANESE, "latin-1"), "latin-1"), False, False)
@example("Ã\u200b©", False, False)
def test_cleaning_twice_changes_no_more(text: str, is_code: bool, nfkc: bool) -> None:
    once, _ = clean_text(text, is_code=is_code, nfkc=nfkc)
    again, changes = clean_text(once, is_code=is_code, nfkc=nfkc)
    assert (again, sum(changes.values())) == (once, 0)
    once.encode("utf-8")
    assert "\x00" not in once
    assert "\r" not in once
    assert is_code or unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize("word", ["年次休暇", "出張", "物品の購入", "在宅勤務", "経費"])
def test_repairs_misread_japanese_as_far_as_it_is_there(word: str) -> None:
    line = f"{word}を申請する場合は、事前に上長の承認を得ること。"
    assert clean_text(misread(line, "latin-1"))[0] == line
    mended = clean_text(line.encode("utf-8").decode("cp932", "replace"))[0]
    assert len(set(line) & set(mended)) >= 0.5 * len(set(line))
    assert set(mended) <= {*line, "\ufffd"}


def test_good_japanese_documents_are_not_repaired() -> None:
    if not DATA.exists():
        pytest.skip("reference data absent")
    texts = [path.read_text(encoding="utf-8") for path in DATA.glob("docs_ja_fintan_office/**/*.md")]
    for path in sorted(DATA.glob("jaquad/dev/*.json")):
        texts.append(json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False, indent=0))
    changes = sum((clean_text(text)[1] for text in texts), Counter())
    assert len(texts) > 5
    assert not changes.keys() - {"invisible", "space", "line_ends"}, changes


def test_ordinary_text_is_fast() -> None:
    text = "経費の申請は月末までに行い、上長の承認を得ること。Excel の様式を使う。\n" * 20_000
    begun = time.perf_counter()
    clean_text(text)
    assert len(text.encode()) / (time.perf_counter() - begun) > 10e6


def test_long_runs_of_spaces_are_linear() -> None:
    begun = time.perf_counter()
    clean_text(("あ" + " " * 100_000 + "x") * 20)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["本規程は、", "休業を定める", "ものである。"], "本規程は、休業を定めるものである。"),
        (["the quick", "brown fox"], "the quick brown fox"),
        (["infor-", "mation"], "information"),
        (["state-of-", "the-art"], "state-of-the-art"),
        (["COVID-", "19"], "COVID-19"),
        (["Anglo-", "American"], "Anglo-American"),
        (["a dash -", "then more"], "a dash - then more"),
        (["利用する API", "の一覧"], "利用する APIの一覧"),
        (["한국어", "문장"], "한국어 문장"),
        (["", "  one  ", ""], "one"),
        ([], ""),
    ],
)
def test_joins_lines(lines: list[str], text: str) -> None:
    assert join_lines(lines) == (text, max(0, sum(bool(line.strip()) for line in lines) - 1))
