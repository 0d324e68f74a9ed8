"""A labelled corpus of any size, in Japanese and English, with known faults; the same for the same seed.

Sentences are put together at random from phrases, names of things and each label's own words, so that two of them
are seldom alike. Planted: exact copies, near copies (a word more) and wrong labels.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

LABELS = [f"queue_{number:02d}" for number in range(20)]
WORDS_PER_LABEL = 24
LENGTHS = (10, 400)
"""Characters of a text, drawn evenly on a logarithmic scale."""
COPIED = 0.01
NEARLY_COPIED = 0.01
MISLABELLED = 0.02
FILES = 100
EVALUATION_FILES = 5
"""Of `FILES`: the last ones have the role `evaluation`."""


def _listed(words: str) -> list[str]:
    return words.split("|")


_EN_PREFIXES = _listed("re|un|over|pre|mis|sub|inter|micro|co|dis|auto|multi")
_EN_ROOTS = _listed(
    "charge|deliver|order|install|connect|refund|bill|ship|pack|print|scan|heat|cool|fold|lock|load|track|form|port|"
    "cast|bond|press|grade|mount|seal|route|stack|wire|light|draft|cycle|count|match|sort|store|frame|link"
)
_EN_SUFFIXES = _listed("er|ing|ment|able|ed|ation|ist|or|ure|al|age|ness")
_EN_OPENINGS = _listed(
    "could you explain|I never understood|we still wait for|please look at|nobody mentioned|she forgot|how do I find|"
    "last week he lost|our office needs|it hardly matters, but|thanks for|they returned|my manual skips|who decides on|"
    "yesterday came|is it normal to hear|your invoice shows|I would rather keep|what becomes of|do shops sell"
)
_EN_OBJECTS = _listed(
    "the blue|any second|some broken|this cheap|her third|another loose|that noisy|one empty|every spare|a missing|"
    "both old|no proper|half the|such a heavy|its original|his favourite|an unknown|these wet|two identical|most other"
)
_JA_KANJI = (
    "配送料金返品交換修理設置接続請求書類登録変更解約保証部注文在庫支払期限連絡担当確認温度騒音電源画面操作説明故障点検予住所氏名"
    "履歴通知新削除印刷読取冷却加熱洗浄充填圧縮展開"
)
_JA_KATAKANA = _listed(
    "アプリ|コード|センサー|フィルター|モーター|パネル|ケーブル|タンク|ホース|レバー|ノズル|ランプ"
)
_JA_PARTICLES = _listed(
    "について|ばかりか|だけでも|なしでは|のせいで|をめぐり|ごとに|よりも|という物|のほうへ|さえも|と並べて"
)
_JA_ENDINGS = _listed(
    "お尋ねします|届いていません|教えてください|調子が悪いようです|取り替えたいのですが|動きませんでした|お電話しました|至急願います|"
    "見当たらず困ります|いつ頃になりますか|捨ててしまった|変な音がする|書いてありません|昨日受け取りました|途中で止まる|別売りでしょうか|"
    "ゆるんできました|誰に頼めばよいか|去年も壊れた|写真を送ります|同じ色がほしい|値段を知りたい|もう使わない|何度試してもだめ"
)


class Planted(NamedTuple):
    """Rows with a known fault, by their number."""

    copies: int
    near_copies: int
    wrong_labels: int


class Lexicon(NamedTuple):
    """Words of one language: those of each label, and those that any text may hold."""

    own: list[list[str]]
    common: list[str]
    phrases: list[str]
    joiner: str


def write_corpus(folder: Path, rows: int, seed: int = 0) -> Planted:
    """Writes `FILES` files of JSON lines and a recipe, recipe.yaml, over them; returns what was planted."""
    random = np.random.default_rng(seed)
    texts, labels = _compose(rows, random)
    planted = _plant(texts, labels, random)
    records: list[dict[str, Any]] = [
        {"id": f"r{i}", "text": text, "label": LABELS[label]}
        for i, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
    write_files(folder, records, RECIPE)
    return planted


def write_files(folder: Path, records: Sequence[Mapping[str, Any]], recipe: str) -> None:
    """`FILES` files of JSON lines, the last `EVALUATION_FILES` of them to be judged on, and recipe.yaml."""
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    for number, part in enumerate(np.array_split(np.arange(len(lines)), FILES)):
        name = "evaluation" if number >= FILES - EVALUATION_FILES else "train"
        path = folder / "data" / f"{name}-{number:03d}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{lines[i]}\n" for i in part), encoding="utf-8")
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")


def change_rows(folder: Path, share: float, scattered: bool, seed: int = 1) -> tuple[int, int]:
    """Gives a new sentence to a `share` of the training rows; returns rows and files that changed.

    Args:
        scattered: rows of all files; else the first rows of as few files as hold that many.
    """
    random = np.random.default_rng(seed)
    files = sorted((folder / "data").glob("train-*.jsonl"))
    lines = [(file, line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    count = max(1, int(share * len(lines)))
    chosen = random.permutation(len(lines))[:count].tolist() if scattered else range(count)
    fresh, _ = _compose(count, random)
    for place, text in zip(chosen, fresh, strict=True):
        file, line = lines[place]
        lines[place] = (file, json.dumps(_say_anew(json.loads(line), text), ensure_ascii=False))
    touched = {lines[place][0] for place in chosen}
    for file in touched:
        content = "".join(f"{line}\n" for owner, line in lines if owner == file)
        file.write_text(content, encoding="utf-8")
    return count, len(touched)


def _say_anew(record: dict[str, Any], text: str) -> dict[str, Any]:
    """The record with another text; of a conversation, with another first question."""
    if "messages" not in record:
        return record | {"text": text}
    return record | {"messages": [{"role": "user", "content": text}, *record["messages"][1:]]}


def input_bytes(folder: Path) -> int:
    """Bytes of all data files."""
    return sum(file.stat().st_size for file in (folder / "data").iterdir())


def _compose(rows: int, random: np.random.Generator) -> tuple[list[str], np.ndarray]:
    lexicons = make_lexicons()
    labels = random.integers(0, len(LABELS), rows)
    shortest, longest = np.log(LENGTHS)
    lengths = np.exp(random.uniform(shortest, longest, rows)).astype(int)
    languages = random.integers(0, len(lexicons), rows)
    texts = [
        write_text(lexicons[language], label, length, random)
        for language, label, length in zip(languages, labels, lengths, strict=True)
    ]
    return texts, labels


def make_lexicons() -> tuple[Lexicon, Lexicon]:
    """English and Japanese; the same in each call, so that changed rows speak of the same things."""
    random = np.random.default_rng(7)
    english = ["".join(parts) for parts in product(_EN_PREFIXES, _EN_ROOTS, _EN_SUFFIXES)]
    compounds = ["".join(pair) for pair in product(sorted(set(_JA_KANJI)), repeat=2)]
    japanese = [*compounds, *("".join(pair) for pair in product(_JA_KATAKANA, compounds[::40]))]
    en_phrases = [" ".join(parts) for parts in product(_EN_OPENINGS, _EN_OBJECTS)]
    ja_phrases = ["".join(parts) for parts in product(_JA_PARTICLES, _JA_ENDINGS)]
    return (
        Lexicon(*_deal([english[i] for i in random.permutation(len(english))]), en_phrases, " "),
        Lexicon(*_deal([japanese[i] for i in random.permutation(len(japanese))]), ja_phrases, ""),
    )


def _deal(words: list[str]) -> tuple[list[list[str]], list[str]]:
    own = [words[i * WORDS_PER_LABEL : (i + 1) * WORDS_PER_LABEL] for i in range(len(LABELS))]
    return own, words[len(LABELS) * WORDS_PER_LABEL :]


def write_text(words: Lexicon, label: int, length: int, random: np.random.Generator) -> str:
    """One of the label's own words with a number, and phrases until `length` characters are full."""
    own, stop = words.own[label], "。" if words.joiner == "" else "."
    start = f"{own[random.integers(len(own))]} {random.integers(1000, 100_000)}"
    text = start
    while len(text) < length:
        things = own if random.random() < 0.2 else words.common
        thing = things[random.integers(len(things))]
        phrase = words.phrases[random.integers(len(words.phrases))]
        parts = (thing, phrase) if words.joiner == "" else (phrase, thing)
        text += words.joiner + words.joiner.join(parts) + stop
    return text[: max(length, len(start))]


def _plant(texts: list[str], labels: np.ndarray, random: np.random.Generator) -> Planted:
    """Changes `texts` and `labels` in place: no row bears two faults."""
    rows = len(texts)
    copies, near, wrong = (int(share * rows) for share in (COPIED, NEARLY_COPIED, MISLABELLED))
    order = random.permutation(rows)
    targets, sources = order[: copies + near], order[copies + near : 2 * (copies + near)]
    for number, (target, source) in enumerate(zip(targets, sources, strict=True)):
        labels[target] = labels[source]
        texts[target] = texts[source] if number < copies else f"{texts[source]} {random.integers(10, 99)}"
    mislabelled = order[2 * (copies + near) :][:wrong]
    labels[mislabelled] = (labels[mislabelled] + random.integers(1, len(LABELS), wrong)) % len(LABELS)
    return Planted(copies, near, len(mislabelled))


RECIPE = """\
name: curate-benchmark
task: text-classification
workspace: workspace
instruction: Name the queue.
sources:
  - path: data/train-*.jsonl
  - path: data/evaluation-*.jsonl
    role: evaluation
"""
