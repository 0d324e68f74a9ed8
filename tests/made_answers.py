"""Questions about appliances with the text they are about and right answers, as many as wanted, in both languages."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tasks.records import SAMPLE, build_table

TOPICS = {
    "en": ["kettle", "fan heater", "rice cooker", "air purifier", "hand mixer", "toaster oven", "floor lamp"],
    "ja": ["電気ケトル", "扇風機", "炊飯器", "空気清浄機", "ハンドミキサー", "トースター", "加湿器"],
}
SOURCES = {
    "en": "Manual of the {0}, model {1}. The {0} draws {2} watts and weighs {3} grams. Its filter is changed every "
    "{4} weeks. Spare parts for the {0} are kept for {5} years after the last sale. The cable is {6} cm long. ",
    "ja": "{0}の取扱説明書、型番{1}。{0}の消費電力は{2}ワット、重さは{3}グラムです。"
    "フィルターは{4}週間ごとに交換します。"
    "{0}の補修部品は最終販売から{5}年間保有しています。電源コードの長さは{6}センチです。お手入れの前に電源を切ってください。",
}
PAIRS = {
    "en": [
        (
            "How much power does the {0} {1} need?",
            "The {0} draws {2} watts, so any socket at home will do for it.",
        ),
        (
            "How often do I change the filter of the {0} {1}?",
            "Please change its filter every {4} weeks, or earlier if it looks grey.",
        ),
        (
            "For how long can I get parts for the {0} {1}?",
            "Parts for the {0} are kept for {5} years after its last sale.",
        ),
    ],
    "ja": [
        (
            "{0}({1})の消費電力はどのくらいですか。",
            "{0}の消費電力は{2}ワットですので、ご家庭のコンセントでお使いいただけます。",
        ),
        (
            "{0}({1})のフィルターはいつ交換しますか。",
            "フィルターは{4}週間ごとに交換してください。汚れが目立つときは早めにお願いします。",
        ),
        ("{0}({1})の部品はいつまで買えますか。", "{0}の補修部品は最終販売から{5}年間保有しています。"),
    ],
}


def exchange(language: str, number: int) -> tuple[str, str]:
    """A question with the text it is about, and a right answer; every number is another."""
    random = np.random.default_rng([number, len(language)])
    facts = [
        TOPICS[language][number % len(TOPICS[language])],
        f"K{number}",
        *random.integers(100, 10_000, 5),
    ]
    question, answer = PAIRS[language][number // 7 % 3]
    return (SOURCES[language] * 2 + "\n" + question).format(*facts), answer.format(*facts)


def table_of(pairs: Sequence[tuple[str, str]], language: str = "en") -> pa.Table:
    return build_table(
        [
            {
                "row": row,
                "sample_id": f"s{row}",
                "task": "text-generation",
                "role": "train",
                "prompt": [{"role": "user", "content": prompt}],
                "completion": [{"role": "assistant", "content": answer}],
                "input": prompt,
                "target": answer,
                "language": language,
                "group_id": f"g{row}",
            }
            for row, (prompt, answer) in enumerate(pairs)
        ],
        SAMPLE,
    )
