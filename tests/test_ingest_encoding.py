"""Bytes to text, where charset-normalizer alone goes wrong: short Japanese."""

import os
import random
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.contract import UnreadableError
from tasks.ingest.encoding import decode_text

SHORT = "カードが届きません"
LONG = "お世話になっております。注文番号123の商品が、まだ届いていません。\nご確認をお願いいたします。"
KANJI = "解約手続"


@pytest.mark.parametrize("text", [SHORT, LONG, KANJI, "東京都渋谷区①", "Windows版の髙橋さん"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_japanese_is_read_right(text: str, codec: str) -> None:
    assert decode_text(text.encode(codec)).text == text


@pytest.mark.parametrize("text", [SHORT, LONG, KANJI])
@pytest.mark.parametrize("codec", ["euc_jp", "iso2022_jp"])
def test_unix_and_mail_japanese_is_read_right(text: str, codec: str) -> None:
    assert decode_text(text.encode(codec)).text == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [LONG, "text,label\nWhere is my card?,card\n"])
def test_utf16_without_a_mark_is_read_right(text: str, codec: str) -> None:
    assert decode_text(text.encode(codec)).text == text


def test_half_width_kana_in_cp932_stay_half_width() -> None:
    text = "氏名,ﾌﾘｶﾞﾅ\n山田,ﾔﾏﾀﾞ ﾀﾛｳ\n"
    assert decode_text(text.encode("cp932")).text == text


def test_western_text_is_not_taken_for_japanese() -> None:
    text = "naïve café, déjà vu à la carte — “fährt über die Straße”"
    assert decode_text(text.encode("cp1252")).text == text


def test_cut_off_utf8_keeps_everything_but_the_broken_place() -> None:
    decoded = decode_text(LONG.encode()[:-1])
    assert decoded.text == LONG[:-1] + "\ufffd"
    assert decoded.replaced == 1


def test_forced_encoding_is_taken_at_its_word() -> None:
    assert decode_text(SHORT.encode("euc_jp"), "euc_jp").text == SHORT
    with pytest.raises(UnreadableError, match=r"not utf-8: .* at byte 0"):
        decode_text(SHORT.encode("cp932"), "utf-8")
    with pytest.raises(LookupError):
        decode_text(b"x", "klingon")


def test_forced_utf8_takes_the_mark_off() -> None:
    assert decode_text("日本".encode("utf-8-sig"), "utf8").text == "日本"


def test_binary_is_not_text() -> None:
    noise = random.Random(0).randbytes(4000)
    with pytest.raises(UnreadableError):
        decode_text(b"\x89PNG\r\n\x1a\n\x00\x00" + noise)


@given(st.text(st.characters(exclude_characters="\x00\ufeff\x1b", exclude_categories=["Cs"])))
def test_any_utf8_comes_back(text: str) -> None:
    assert decode_text(text.encode()).text == text


def test_environment_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PYTHONUTF8", "0")
    assert decode_text(SHORT.encode()).encoding == "utf-8"


@pytest.mark.parametrize("text", [SHORT, LONG, "営業時間は何時までですか"])
@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_one_damaged_byte_costs_little_of_a_japanese_text(text: str, codec: str) -> None:
    whole = text.encode(codec)
    rng = random.Random(0)
    first = {"utf-8-sig": 3, "utf-16": 2, "iso2022_jp": 3}.get(codec, 0)
    for at in range(first, len(whole) - first):
        if codec == "iso2022_jp" and b"\x1b" in whole[at - 2 : at + 1]:
            continue  # what follows a broken escape sequence is lost
        damaged = whole[:at] + bytes([rng.randrange(0x20, 0x80)]) + whole[at + 1 :]
        found = decode_text(damaged)
        kept = SequenceMatcher(None, text, found.text, autojunk=False).get_matching_blocks()
        assert sum(block.size for block in kept) >= len(text) - 3, (at, found)


def test_damage_is_counted() -> None:
    marked = b"\xff\xfe" + LONG.encode("utf-16-le")
    broken = marked[:21] + b"\xd8" + marked[22:]  # half of a surrogate pair
    assert decode_text(broken).replaced == 1
    assert decode_text(SHORT.encode("cp932")[:-1]).replaced == 1
    assert decode_text(b"\xff\xfe" + SHORT.encode("utf-16-le") + b"\x0a").replaced == 1
    assert decode_text(LONG.encode("cp932")[:-1], "cp932").replaced == 1


def test_euc_loses_one_character_not_the_rest_of_the_line() -> None:
    whole = LONG.encode("euc_jp")
    decoded = decode_text(whole[:10] + b"?" + whole[11:])
    assert decoded.encoding == "euc_jp"
    assert decoded.text[7:] == LONG[6:]


def test_short_damaged_cp932_is_no_utf16() -> None:
    damaged = "返品はできますか".encode("cp932")
    for at in range(0, len(damaged), 2):
        broken = damaged[:at] + b"\xff" + damaged[at + 1 :]
        assert decode_text(broken).encoding == "cp932", at


@pytest.mark.parametrize(
    "text",
    ["25°C", "It’s late", "£20 fee", "© 2020 Example Inc.", "Windows® 10", "Straße", "“hot” tea", "±5 µm"],
)
def test_a_lone_western_character_is_no_kanji(text: str) -> None:
    assert decode_text(text.encode("cp1252")).text == text
