"""Japanese names of persons: a known surname with a title or a known given name, or any name that a cue announces.

Precision before recall: a surname alone is a place, a shop or a word as often as a person.
"""

import re

from tasks.privacy.gazetteer import FIRST_KATAKANA, GIVEN_JA, SURNAMES_JA, read_words
from tasks.privacy.spans import MERE_NAME, Detector, Kind, Needs, any_of

_KANJI = "一-龥々"
_FAMILY = any_of(SURNAMES_JA)
_GIVEN = any_of(GIVEN_JA)
_LONG_FAMILY = any_of(name for name in SURNAMES_JA if len(name) > 1)
_GIVEN_NO_WORDS = any_of(
    {name for name in GIVEN_JA if len(name) > 1}
    - read_words("勝利 勇気 大地 公平 朝陽 大和 大樹 理沙 千秋 千春 千夏 心春")
)
_KANA_NAME = "[ァ-ヶ-]{2,10}(?:・[ァ-ヶ-]{2,12}){0,2}"
_KIN = "(?:夫|妻|主人|家内|息子|娘|長男|長女|次男|次女|母|父|兄|姉|弟|妹|孫|祖母|祖父)"
_NO_NAME = (
    "(?!何|誰|不明|未定|秘密|非公開|匿名|同じ|同姓|別|以下|次|有名|変更"
    "|なん|だれ|どなた|どちら|[こそあ]う|ここ|これ)"
)
_NO_NAME_ENDS = "(?<![社店会所部局課係者客員仕模長業事行校館号])(?<!病院)(?<!医院)(?<!学院)"
"""Firms, offices and roles announce themselves in the words that persons use."""
_BEFORE_NAMES = ("担当", "部長", "課長", "社長", "店長", "名義", "昨日", "本日", "先日", "先週", "今朝")
_TITLES_JA = (
    r"(?:様(?![々子式相態])|さま|さん(?![ざじず])|氏(?![名族])|殿|くん|君(?!が)|ちゃん|先生|課長|部長|係長|次長|店長"
    r"|社長|室長|主任|医師|弁護士)"
)
_TITLE_WORDS = (
    "様",
    "さま",
    "さん",
    "氏",
    "殿",
    "くん",
    "君",
    "ちゃん",
    "先生",
    "長",
    "主任",
    "医師",
    "弁護士",
)
_STARTS = f"(?:(?<![{_KANJI}])" + "".join(f"|(?<={word})" for word in _BEFORE_NAMES) + ")"
_ALSO_PLACES = read_words(
    "千葉 福島 宮崎 石川 山口 福井 宮城 福岡 川崎 岡崎 松本 金沢 松山 福山 高松 上野 大森 目黒 新宿 小松 長野"
)
NAMES_JA = (
    Detector(  # announced in a form
        Kind.PERSON,
        re.compile(
            r"(?:氏名|お名前|名義人?|担当者?名?|申込者名?|契約者名?|代表者名?|連絡者|患者名|宛名|受取人|差出人|予約者?名|届け先名)"
            rf"(?:\([^)]{{1,6}}\))?\s?[:は]\s?"
            rf"(?P<name>{_FAMILY}(?:[ ]?{_GIVEN}|[ ][{_KANJI}ぁ-んァ-ヶ]{{1,4}})?(?![ぁ-んァ-ヶ])|{_FAMILY}(?=です)"
            rf"|[{_KANJI}]{{1,3}}[ ][{_KANJI}ぁ-んァ-ヶ]{{1,4}})(?![{_KANJI}])"
        ),
        lambda _: 0.9,
        "name",
        needs=Needs.JAPANESE,
    ),
    Detector(  # in kana
        Kind.PERSON,
        re.compile(
            r"(?:フリガナ|ふりがな|カナ|口座名義)\)?\s?[:は]?\s?"
            r"(?P<name>[ァ-ヶ-]{2,8}[ ][ァ-ヶ-]{2,8}|[ぁ-ん]{2,6}[ ][ぁ-ん]{2,6})"
        ),
        lambda _: 0.9,
        "name",
        needs=Needs.JAPANESE,
    ),
    Detector(  # "I am called ..."
        Kind.PERSON,
        re.compile(
            r"(?:私は|名前は|氏名は|担当の|担当は|[、。のは\s]|^)"
            rf"(?P<name>{_FAMILY}(?:[ ]?[{_KANJI}]{{1,3}}|[ ]?[ぁ-ん]{{2,4}}(?=と))?)"
            r"(?=と申し|といいます|と言います|と名乗|が担当|が対応|が伺|が承)"
        ),
        lambda _: 0.9,
        "name",
        words=("と申し", "といい", "と言い", "と名乗", "が担当", "が対応", "が伺", "が承"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # "... と申します": any name
        Kind.PERSON,
        re.compile(
            rf"(?:^|[、。,.!?「は\s]|(?<=[{_KANJI}ァ-ヶA-Za-z-])の){_NO_NAME}"
            rf"(?P<name>[{_KANJI}]{{1,4}}(?: [{_KANJI}ぁ-んァ-ヶ]{{1,4}})?|{_KANA_NAME}"
            r"|[ぁ-ん]{2,5}(?: [ぁ-ん]{2,5})?)"
            rf"{_NO_NAME_ENDS}(?=と申します(?!の|と))"
        ),
        lambda _: 0.8,
        "name",
        words=("と申します",),
        needs=Needs.JAPANESE,
    ),
    Detector(  # "私の名前は..."
        Kind.PERSON,
        re.compile(
            rf"(?:私|わたし|僕|俺|彼|彼女|友人|友達|本人|{_KIN})の(?:名前|氏名|本名|旧姓|名字|苗字)は[、 ]?{_NO_NAME}"
            rf"(?P<name>[{_KANJI}]{{1,5}}(?: [{_KANJI}ぁ-んァ-ヶ]{{1,4}})?|{_KANA_NAME})"
            r"(?=です|でした|と(?:いい|言い|申し))"
        ),
        lambda _: 0.8,
        "name",
        words=("名前は", "氏名は", "本名は", "旧姓は", "名字は", "苗字は"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # a caller gives firm and name
        Kind.PERSON,
        re.compile(
            r"(?:(?:お世話になって(?:い|お)ります|お世話になります|初めまして|はじめまして|お疲れ(?:様|さま)です)[。、!]\s?"
            r"|(?:株式会社|有限会社|合同会社)[^\s。、の]{1,12}の|(?:社|店|課|局|センタ-|係|チ-ム|サポ-ト|窓口|(?<![東西南北中])部)の)"
            rf"(?P<name>{_LONG_FAMILY}(?:[ ]?{_GIVEN})?)(?=です(?![かが])|でございます)"
        ),
        lambda _: 0.8,
        "name",
        words=("です", "でございます"),
        cue=re.compile(rf"{_LONG_FAMILY}(?:[ ]?{_GIVEN})?(?=です|でござ)"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # a sign-off: nothing but a name on its line
        Kind.PERSON,
        re.compile(
            r"(?:します|申し上げます|ございます|ございました|敬具|草々|以上)[。.!]?\s*\n\s*"
            rf"(?P<name>{_LONG_FAMILY}(?:[ ]?(?:{_GIVEN}|[{_KANJI}]{{1,2}}))?)(?=[ ]*(?:\n|$))"
        ),
        lambda _: 0.8,
        "name",
        words=("\n",),
        cue=re.compile(rf"\n\s*{_LONG_FAMILY}"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # the first line of a letter
        Kind.PERSON,
        re.compile(
            rf"(?:^|\n)(?P<name>[{_KANJI}]{{2,4}}(?: [{_KANJI}]{{1,3}})?){_NO_NAME_ENDS}(?<![皆各同多異一主任当紋文])"
            r"(?=[ ]?(?:様|さま|殿)[ ]*\n)"
        ),
        lambda _: 0.8,
        "name",
        words=("様", "さま", "殿"),
        cue=re.compile(r"(?:様|さま|殿)[ ]*\n"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # "息子の翔太", "主人の健一"
        Kind.PERSON,
        re.compile(rf"{_KIN}の(?P<name>{_GIVEN_NO_WORDS})(?=[のはがをにとも、。へで]|さん|くん|ちゃん)"),
        lambda _: 0.7,
        "name",
        cue=re.compile(rf"の{_GIVEN_NO_WORDS}"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # a foreign first name and title
        Kind.PERSON,
        re.compile(rf"(?:^|[^ァ-ヶ-])(?P<name>{any_of(FIRST_KATAKANA)})(?=[ ]?{_TITLES_JA})"),
        lambda _: 0.8,
        "name",
        words=_TITLE_WORDS,
        needs=Needs.JAPANESE,
    ),
    Detector(  # who speaks, before a colon
        Kind.PERSON,
        re.compile(rf"(?:^|\n)(?P<name>{_LONG_FAMILY}(?:[ ]?{_GIVEN})?)(?=:)"),
        lambda match: 0.0 if match["name"] in _ALSO_PLACES else MERE_NAME,
        "name",
        words=(":",),
        needs=Needs.JAPANESE,
    ),
    Detector(  # foreign name and title
        Kind.PERSON,
        re.compile(rf"[ァ-ヶ-]{{2,10}}(?:・[ァ-ヶ-]{{2,12}}){{1,2}}(?=[ ]?{_TITLES_JA})"),
        lambda _: 0.8,
        words=("・",),
        needs=Needs.JAPANESE,
    ),
    Detector(  # surname and title
        Kind.PERSON,
        re.compile(
            rf"{_STARTS}"
            rf"(?P<name>{_FAMILY}(?:[ ]?[{_KANJI}]{{1,3}}?)?)(?<!者)(?=[ ]?{_TITLES_JA})"
        ),
        lambda _: 0.8,
        "name",
        words=_TITLE_WORDS,
        cue=re.compile(rf"{_FAMILY}(?:[ ]?[{_KANJI}]{{1,3}}?)?(?=[ ]?{_TITLES_JA})"),
        needs=Needs.JAPANESE,
    ),
    Detector(  # surname and given name
        Kind.PERSON,
        re.compile(
            rf"{_STARTS}(?P<name>{_FAMILY}[ ]?{_GIVEN})(?!(?!本人|[様氏殿君先課部店社係主])[{_KANJI}])"
        ),
        lambda _: MERE_NAME,
        "name",
        cue=re.compile(f"{_FAMILY}[ ]?{_GIVEN}"),
        needs=Needs.JAPANESE,
    ),
)
