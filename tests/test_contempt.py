"""Japanese abuse without a slur: what is found, what stands near it and is innocent, and that each rule is needed."""

import re

import numpy as np
import pyarrow as pa
import pytest

from tasks.content import contempt
from tasks.content.lexicon import ENTRIES
from tasks.content.passages import Passages, form_of, phrase_forms
from tasks.content.toxic import find_abuse, weigh

ABUSE: dict[str, tuple[int, tuple[str, ...]]] = {
    "THREATS": (
        3,
        (
            "死ねボケ",
            "もう死んでください。",
            "早く死なないかなあの店長",
            "マジでしね",
            "タヒね",
            "お前みたいなのは自殺すればいいのに",
            "こいつは死んだ方がいい",
            "ころすぞ",
            "次会ったら殴ったるわ",
            "どつくぞ",
            "ただじゃおかないぞ",
            "夜道に気をつけろよ",
            "住所特定して晒してやる",
            "お前の写真をばらまいてやる",
            "店ごと潰してやる",
            "癌になって死ね",
        ),
    ),
    "GROUP_THREATS": (3, ("障害者なんて駆除しろ", "移民どもは皆殺しでいい")),
    "SLURS": (3, ("チャンコロの店", "劣等民族が調子に乗るな", "アスペかよ", "障害者みたいな動きだな")),
    "INSULTS": (
        2,
        (
            "ばかじゃねえの",
            "ドアホ",
            "バ○だろ",
            "クソ上司の顔を見たくない",
            "お前は社会のゴミだよ",
            "税金泥棒の役所",
            "おたんこなす",
            "ヘタレが!",
            "ゴキブリみたいな奴",
            "こどおじの部屋",
            "ヒステリー女",
            "フェミども必死",
            "低学歴は黙ってなさい",
        ),
    ),
    "TRAITS": (
        2,
        (
            "頭悪すぎて話にならない",
            "脳みそ入ってるのか",
            "知能が低い連中だ",
            "日本語が読めないのか",
            "義務教育からやり直せ",
            "親の顔が見てみたいわ",
            "鏡見てから言え",
            "何様のつもりだ",
            "あの店長は性格が腐ってる",
            "使えない新人ばかりだ",
            "無能かよ",
            "あいつほんと終わってる",
            "こいつ日本語も通じねえ",
            "この店員いらんわ",
            "対応がクソすぎる",
            "ゴミやな",
            "詐欺師かよ",
            "金魚のフン",
            "引きこもりは黙ってろ",
            "イカれてるな運営",
            "やめちまえ",
        ),
    ),
    "ORDERS": (
        2,
        (
            "頼むから消えてくれ",
            "目の前から消えてほしい",
            "二度と来るな",
            "話しかけんな",
            "どっか行けよ",
            "田舎に帰れ",
            "引っ込んでろ",
            "さっさと辞めろ",
            "黙っとけ",
            "うるせえババア",
            "寝言は寝て言え",
            "ググれカス",
        ),
    ),
    "DISGUST": (
        2,
        (
            "お前に生きてる価値なんてない",
            "存在が迷惑",
            "生まれてくるな",
            "女はすぐ感情的になる",
            "これだから年寄りは",
            "日本から出ていけ",
            "きっしょ",
            "キモすぎ",
            "見てるだけで吐き気がする",
            "生理的に無理",
            "客なめてんな",
            "覚えてろよ",
            "後悔させてやる",
        ),
    ),
    "GROUPS": (
        2,
        (
            "外国人は国に帰れ",
            "生活保護の連中は働け",
            "老人なんて社会のお荷物",
            "韓国人は信用できない",
            "同性愛者なんて気持ち悪い",
            "中国は嘘つきばかり",
            "主婦は頭悪い",
            "韓国はパクリのゴミだ",
        ),
    ),
    "SEXUAL": (
        2,
        (
            "ヤらせろ",
            "おっぱい揉ませて",
            "お姉さんのお尻触りたい",
            "裸の写真送って",
            "パンツ何色?",
            "胸のサイズ教えて",
            "今からエッチしよ",
            "援交しない?",
            "あの女は肉便器",
            "メスガキを盗撮したい",
            "我慢汁が出た",
        ),
    ),
    "MOCKERY": (
        1,
        (
            "まだそんなの信じてる奴いるのか",
            "図星で草",
            "顔真っ赤だな",
            "必死すぎだろ",
            "くだらねえ",
            "恥ずかしくないの?",
            "反吐が出る",
            "友達いなさそう",
            "養分乙",
            "センスなさすぎ",
        ),
    ),
}
"""Of each group of rules the grade, and sentences that show what it finds."""

INNOCENT = (
    "この痛みでは死ねない",
    "そんな事では死ねません。",
    "殺虫剤を撒いてから駆除業者を呼びました。",
    "この映画の犯人は人を殺した。",
    "早くしねえと遅れるよ",
    "早くしないと間に合わない",
    "さっさとしねばならない",
    "シネマで見たい",
    "この街に市ねらい目の物件",
    "シミが消えてほしい",
    "画面が消えてくれない",
    "通知が消えてください",
    "ニキビ跡に早く消えてほしい",
    "炎が消えなくなった",
    "国に帰れなくなった外国人の支援",
    "家に帰れば分かる",
    "田舎に帰れるのは来週です",
    "外国人は国に帰れないという発言が問題になった",
    "二度と来ることはないでしょう",
    "黙っておけばよかった",
    "朝から頭が痛くて病院に行った",
    "頭が悪くなる夢を見た",
    "頭のおかしくなるほど暑い",
    "日本語が通じないホテルでも大丈夫でした",
    "日本語が読めないので英語でお願いします",
    "小学生以下は無料です",
    "三角形の底辺が3cmのとき",
    "寄生虫が見つかった魚",
    "豚肉とゴボウの炒め物",
    "猿が山から下りてきた",
    "ゴミの分別について教えてください",
    "粗大ゴミだろうと思います",
    "生ゴミすぎる臭いの対策",
    "酒カスを使った鍋",
    "揚げカスか天かすを入れる",
    "雨ばかり降る",
    "さばかれる前の魚",
    "認知障害の検査",
    "発達障害のある児童への支援",
    "障害者が利用できる駐車場",
    "アスペクト比を直したい",
    "統合失調症の薬について",
    "彼女は死刑囚の弁護士だ",
    "高齢者は転びやすいので注意してください",
    "外国人は入国時に書類が必要です",
    "若者が働けるように支援する",
    "女はいつの世も強いという歌",
    "移民の受け入れについて議論した",
    "中国人は年間三百万人が訪れる",
    "韓国は日本の隣の国です",
    "外国人は信用できないという偏見をなくす",
    "足を揉んでもらった",
    "胸を張って歩く",
    "裸足で歩く",
    "靴が脱げよくなる",
    "下着を洗う",
    "パンツのサイズを教えてください",
    "ホテルに連れて行ってください",
    "ブラウザの色を変えたい",
    "精液検査の結果を聞いた",
    "三時間で何カップ分の水が要りますか",
    "エッチングの工程",
    "イキイキと働く",
    "図星を指されたと彼は言った",
    "飴をなめてる子供",
    "まだ届いていない荷物がある",
    "騙されないための講座",
    "友達がいないときの過ごし方",
    "使えない機能があります",
    "役に立たないマニュアルでした",
    "引きこもりの支援団体",
    "無能力者の契約",
    "会社の底辺からのやり直し",
    "会社の屑籠",
    "首を洗って乾かす",
    "写真を拡散しないでください",
    "住所を特定されたくない",
    "イヤホンを潰してしまった",
    "病気になって死んだ",
    "エドガー・アラン・ポーとア・カペラ",
    "カ・ラ・オ・ケ大会",
    "臭いが気になるのでフィルターを替えたい",
    "気持ち悪いので吐き気止めをください",
    "気持ち悪くて立てません",
    "見ているだけで楽しい",
    "お前の母さんによろしく",
    "この店員さんは親切だった",
    "この監督の映画は面白い",
    "山に帰れる鳥",
    "どこかに行けますか",
    "ストーカー被害の相談",
    "詐欺師か確認したい",
    "奴隷制度の歴史",
    "性奴隷制についての研究",
    "男性奴隷の解放",
    "知的障害の子の親",
    "チョンと触る",
    "職場は知ってるからね",
    "精神科に行けます",
    "中国の犬種について",
    "病院に行けない人の往診",
    "情けは人のためならず",
    "頭のおかしいほどの量ではない",
)
"""Neighbours: the same stems in other words, reports, symptoms, goods."""
RUDE = (
    "馬鹿馬鹿しいほど大きな皿",
    "人を馬鹿にするのはよくない",
    "クソ真面目",
    "あいつは最高の友達だ",
    "こいつは頼りになる",
)
"""Rude, but no insult."""


def rules() -> list[tuple[str, int, str]]:
    return [(group, n, rule) for group in ABUSE for n, rule in enumerate(getattr(contempt, group))]


@pytest.mark.parametrize(
    ("text", "grade"), [(text, grade) for grade, texts in ABUSE.values() for text in texts]
)
def test_what_is_said_is_found(text: str, grade: int) -> None:
    assert weigh(form_of(text)).grade == grade


@pytest.mark.parametrize(
    ("text", "grade"), [*((text, 0) for text in INNOCENT), *((text, 1) for text in RUDE)]
)
def test_neighbours_are_innocent(text: str, grade: int) -> None:
    assert weigh(form_of(text)).grade == grade


@pytest.mark.parametrize(("group", "number", "rule"), rules())
def test_each_rule_is_needed(group: str, number: int, rule: str) -> None:
    """Of its sentences one is found at its grade by this rule only."""
    grade, texts = ABUSE[group]
    others = [other for name, n, other in rules() if (name, n) != (group, number) and ABUSE[name][0] >= grade]
    known = {"|".join(getattr(contempt, name)) for name in ABUSE}
    others += [one.terms for one in ENTRIES if one.cjk and one.grade >= grade and one.terms not in known]
    alone = [
        text
        for text in map(form_of, texts)
        if re.search(rule, text) and not any(re.search(other, text) for other in others)
    ]
    assert alone, rule


def test_all_rules_are_looked_for() -> None:
    looked_for = {one.terms: one.grade for one in ENTRIES}
    for group, (grade, _) in ABUSE.items():
        assert looked_for["|".join(getattr(contempt, group))] == grade


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("死☆ね", 3),
        ("バ♪カだ", 2),
        ("ア・ホ", 2),
        ("く.た.ば.れ", 3),
        ("ｷﾓｲ", 2),
        ("消 え ろ", 2),
        ("ク★ズ野郎", 2),
    ],
)
def test_signs_between_characters_hide_nothing(text: str, grade: int) -> None:
    assert weigh(form_of(text)).grade == grade


def test_a_column_is_weighed_as_each_text_is() -> None:
    texts = [
        *(text for _, some in ABUSE.values() for text in some),
        *INNOCENT,
        "死☆ね",
        "ア・ホ",
        "馬鹿と煙 死ね",
        "sh1t 馬鹿",
    ]
    forms = phrase_forms(pa.array([*texts, "。".join(texts)], pa.large_string()))
    passages = Passages(np.arange(len(forms)), np.full(len(forms), "target"), forms, forms)
    single = [(at, weigh(form)) for at, form in enumerate(forms.to_pylist())]
    assert find_abuse(passages) == [(at, abuse) for at, abuse in single if abuse.grade]
