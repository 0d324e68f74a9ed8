"""Copies, near-copies and contradictions: found, kept apart, and never all removed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.duplicates.alignment import is_edited_copy, longest_shared
from tasks.duplicates.find import find_duplicates, find_duplicates_stage
from tasks.duplicates.kernels import SHORT_GRAMS, SHORT_SIMILARITY
from tasks.duplicates.ngrams import jaccards
from tasks.duplicates.pairs import find_pairs, rank_rows
from tasks.recipe import Compare, DuplicateSettings
from tasks.records import SAMPLE, build_table
from tasks.storage import Workspace
from tasks.text import matching_form

SETTINGS = DuplicateSettings()
COPIES = {"exact_duplicate", "near_duplicate"}
DISPUTES = {"conflicting_duplicate", "disagreeing_near_duplicate"}
LONG_EN = (
    "The invoice for the maintenance contract is sent on the first working day of each month. It lists the hours "
    "of every technician, the parts that were replaced, and the travel costs by site and by date of the visit."
)
LONG_JA = (
    "保守契約の請求書は毎月最初の営業日に発送されます。技術者ごとの作業時間、交換した部品、訪問先と訪問日ごとの交通費を"
    "明細として記載し、支払期限は発行日から三十日以内とします。ご不明な点は担当窓口までお問い合わせください。"
    "返金が必要な場合は、翌月の請求額から差し引いて精算します。"
)


def samples_of(*rows: dict[str, Any], task: str = "text-classification") -> pa.Table:
    default = {"task": task, "role": "train", "source": "test", "uri": "t.jsonl"}
    filled = [
        default | {"row": i, "line": i + 1, "sample_id": f"s{i:04}"} | row for i, row in enumerate(rows)
    ]
    return build_table(filled, SAMPLE)


def checks(samples: pa.Table, **given_settings: Any) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for finding in find_duplicates(samples, DuplicateSettings(**given_settings)).findings.to_pylist():
        found.setdefault(finding["row"], set()).add(finding["check"])
    return found


def naive_grams(form: str, latin: int = 5, cjk: int = 2) -> set[str]:
    """The definition in `tasks.duplicates.ngrams`, as plainly as it can be written."""
    wide = [any(a <= ord(c) <= b for a, b in ((0x3000, 0x30FF), (0x3400, 0x9FFF))) for c in form]
    if sum(wide) >= 0.05 * len(form):
        wide = [w for w, c in zip(wide, form, strict=True) if c != " "]
        form = form.replace(" ", "")
    grams = set()
    for start in range(len(form)):
        for end in range(start + 1, len(form) + 1):
            if sum(1 / cjk if w else 1 / latin for w in wide[start:end]) > 1 - 1e-9:
                grams.add(form[start:end])
                break
    return grams or {form}


def naive_jaccard(a: str, b: str) -> float:
    left, right = naive_grams(a), naive_grams(b)
    return len(left & right) / len(left | right)


def test_exact_duplicate_keeps_the_newest() -> None:
    samples = samples_of(
        {"input": "Where is my card?", "label": "card", "date": "2026-01-01"},
        {"input": "Ｗｈｅｒｅ  is my CARD?", "label": "card", "date": "2026-03-01"},
        {"input": "Where is my card?", "label": "card"},
    )
    findings = find_duplicates(samples, SETTINGS).findings.to_pylist()
    assert [(f["row"], f["check"], f["score"]) for f in findings] == [
        (0, "exact_duplicate", 1),
        (2, "exact_duplicate", 1),
    ]
    canonical = json.loads(findings[0]["evidence"])["canonical"]
    assert (canonical["row"], canonical["sample_id"], canonical["date"]) == (1, "s0001", "2026-03-01")
    assert canonical["source"] == "test"
    assert [json.loads(f["evidence"])["own"] for f in findings] == [
        {"source": "test", "date": "2026-01-01"},
        {"source": "test"},
    ]
    assert canonical["excerpt"].endswith("is my CARD?")
    assert json.loads(findings[0]["suggestion"]) == {"action": "drop"}


def test_canonical_is_newest_then_longest_then_first() -> None:
    samples = samples_of(
        {"input": "short", "date": "2026-01-01"},
        {"input": "longer text", "date": "2026-01-01"},
        {"input": "longer text"},
        {"input": "longer text", "date": "2026-01-01"},
    )
    assert rank_rows(samples).tolist() == [2, 0, 3, 1]


@pytest.mark.parametrize(
    ("text", "old", "new"), [(LONG_EN, "working", "business"), (LONG_JA, "発送", "送付")]
)
def test_near_duplicate_with_same_label(text: str, old: str, new: str) -> None:
    samples = samples_of(
        {"input": text, "label": "a", "date": "2026-02-02"},
        {"input": text.replace(old, new), "label": "a", "source": "old", "date": "2026-01-01"},
    )
    (finding,) = find_duplicates(samples, SETTINGS).findings.to_pylist()
    expected = naive_jaccard(matching_form(text), matching_form(text.replace(old, new)))
    assert finding["check"] == "near_duplicate"
    assert finding["score"] == pytest.approx(expected)
    assert finding["threshold"] == SETTINGS.threshold
    evidence = json.loads(finding["evidence"])
    assert evidence["jaccard"] == pytest.approx(expected)
    head, tail = (matching_form(part) for part in text.split(old))
    longest = max(len(head), len(tail))
    assert longest <= evidence["shared_characters"] <= longest + 2  # a space may be shared too
    assert evidence["own"] == {"source": "old", "date": "2026-01-01"}
    assert (evidence["canonical"]["source"], evidence["canonical"]["date"]) == ("test", "2026-02-02")
    assert evidence["shared"][:60] in matching_form(text)


def test_short_paraphrases_are_kept() -> None:
    """Similarity .5-.8 of short questions is variety, not duplication."""
    samples = samples_of(
        {"input": "Why is my card payment pending?", "label": "pending"},
        {"input": "Why is my card payment cancelled?", "label": "cancelled"},
        {"input": "どうすれば振込を取り消せますか", "label": "cancel"},
        {"input": "どうすれば振込を確認できますか", "label": "check"},
    )
    assert checks(samples) == {}


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        (
            "I would like to register our new fridge for the extra free year. Where do I enter the number?",
            "I would like to register my new refrigerator for the extra free year. Where do I enter the number?",
        ),
        (
            "空気清浄機の風が、濡れた犬のような臭いです。フィルターは去年替えたばかりなのですが。",
            "空気清浄機の風が、濡れた犬のような匂いです。フィルターは去年替えたばかりですが…。",
        ),
    ],
)
def test_short_edited_copy_is_told_by_its_alignment(text: str, edited: str) -> None:
    assert 0.5 <= naive_jaccard(matching_form(text), matching_form(edited)) < SHORT_SIMILARITY
    copies = samples_of({"input": text, "label": "a"}, {"input": edited, "label": "a"})
    disputed = samples_of({"input": text, "label": "a"}, {"input": edited, "label": "b"})
    assert list(checks(copies).values()) == [{"near_duplicate"}]
    assert checks(disputed) == {0: {"disagreeing_near_duplicate"}, 1: {"disagreeing_near_duplicate"}}


def test_longest_shared_run() -> None:
    assert longest_shared("xabcdy漢字", "zabcd 漢字") == "abcd"
    assert longest_shared("ab", "cd") == longest_shared("", "a") == ""


def test_conflicting_duplicate_flags_both_sides() -> None:
    samples = samples_of(
        {"input": "my transfer failed", "label": "failed"},
        {"input": "My transfer  failed", "label": "declined"},
        {"input": "my transfer failed", "label": "failed"},
    )
    result = find_duplicates(samples, SETTINGS)
    found = checks(samples)
    assert found == {
        0: {"conflicting_duplicate"},
        1: {"conflicting_duplicate"},
        2: {"conflicting_duplicate", "exact_duplicate"},
    }
    evidence = json.loads(next(f for f in result.findings.to_pylist() if f["row"] == 1)["evidence"])
    assert (evidence["own"]["label"], evidence["others"][0]["label"], evidence["others"][0]["rows"]) == (
        "declined",
        "failed",
        2,
    )


def test_disagreeing_near_duplicate_is_never_called_a_copy() -> None:
    nearly = LONG_EN.replace("site", "place")
    samples = samples_of(
        {"input": LONG_EN, "label": "billing"},
        {"input": nearly, "label": "billing"},
        {"input": nearly + " ", "label": "travel"},
    )
    found = checks(samples)
    assert found[1] == found[2] == {"conflicting_duplicate"}
    assert found[0] == {"disagreeing_near_duplicate"}


def test_generation_compares_answers_and_their_figures() -> None:
    answer = "Travel costs are refunded within 30 days of the visit, against the receipts."
    other = "Ask the accounting department; nobody else may tell you about it."
    question = LONG_EN + " When are travel costs refunded?"
    nearly = question.replace("site", "place")
    near = samples_of(
        {"input": question, "target": answer}, {"input": nearly, "target": answer}, task="text-generation"
    )
    figure = samples_of(
        {"input": question, "target": answer},
        {"input": nearly, "target": answer.replace("30", "60")},
        task="text-generation",
    )
    apart = samples_of(
        {"input": question, "target": answer}, {"input": question, "target": other}, task="text-generation"
    )
    asked = samples_of(
        {"input": question + " For 2 visits?", "target": answer},
        {"input": question + " For 9 visits?", "target": other},
        task="text-generation",
    )
    assert checks(near) == {1: {"near_duplicate"}} or checks(near) == {0: {"near_duplicate"}}
    assert checks(figure) == {0: {"disagreeing_near_duplicate"}, 1: {"disagreeing_near_duplicate"}}
    assert checks(apart) == {0: {"conflicting_duplicate"}, 1: {"conflicting_duplicate"}}
    assert checks(asked) == {}  # other numbers make another question


def test_same_reply_in_another_conversation_is_another_question() -> None:
    def talk(first: str) -> list[dict[str, str]]:
        turns = [("user", first), ("assistant", "Shall I go on?"), ("user", "yes")]
        return [{"role": role, "content": content} for role, content in turns]

    samples = samples_of(
        {
            "prompt": talk("Please close my account in Osaka."),
            "input": "yes",
            "target": "The account is closed.",
        },
        {
            "prompt": talk("I would like to order a new charger."),
            "input": "yes",
            "target": "The charger is ordered.",
        },
        task="text-generation",
    )
    assert checks(samples) == {}


def told(system: str | None, question: str) -> list[dict[str, str]]:
    turns = [("system", system)] if system else []
    return [{"role": role, "content": said} for role, said in [*turns, ("user", question)]]


KETTLE, CLEANER = "You answer for the kettle KF-400.", "You answer for the vacuum cleaner VC-1."


@pytest.mark.parametrize(
    ("systems", "found"),
    [
        ([KETTLE, CLEANER, KETTLE], {2: {"exact_duplicate"}}),
        ([KETTLE, None, None], {2: {"exact_duplicate"}}),
        ([KETTLE, KETTLE, KETTLE + " "], {1: {"exact_duplicate"}, 2: {"exact_duplicate"}}),
        ([None, None, None], {1: {"exact_duplicate"}, 2: {"exact_duplicate"}}),
    ],
)
@pytest.mark.parametrize("compare", ["prompt", "both"])
def test_one_question_under_other_instructions_is_another(
    systems: list[str | None], found: dict[int, set[str]], compare: str
) -> None:
    question = "How many years of warranty do I have?"
    samples = samples_of(
        *({"prompt": told(system, question), "input": question, "target": "Two."} for system in systems),
        task="text-generation",
    )
    assert checks(samples, compare=compare) == found


def test_near_questions_under_other_instructions_do_not_contradict() -> None:
    question = LONG_EN + " When are travel costs refunded?"
    rows = [
        {"prompt": told(system, said), "input": said, "target": target}
        for system, said, target in (
            (KETTLE, question, "Within a month, against the receipts."),
            (CLEANER, question.replace("site", "place"), "They are not refunded at all."),
        )
    ]
    assert checks(samples_of(*rows, task="text-generation")) == {}
    same = [row | {"prompt": told(KETTLE, str(row["input"]))} for row in rows]
    assert len(checks(samples_of(*same, task="text-generation"))) == 2


def test_instructions_are_remembered_and_forgotten() -> None:
    """A run that remembers finds what a full one does, also where instructions begin, or cease, to tell rows apart."""
    memory = None
    for systems in (
        [KETTLE] * 4,
        [KETTLE, CLEANER, KETTLE, None],
        [CLEANER] * 4,
        [None, CLEANER, None, CLEANER],
    ):
        rows = [
            {"prompt": told(system, said), "input": said, "target": "Two."}
            for system, said in zip(systems, [LONG_EN, LONG_EN, LONG_EN[4:], LONG_JA], strict=True)
        ]
        samples = samples_of(*rows, task="text-generation")
        again, whole = find_duplicates(samples, SETTINGS, memory=memory), find_duplicates(samples, SETTINGS)
        memory = again.memory
        assert again.findings.equals(whole.findings)
        assert again.pairs.equals(whole.pairs)


def test_language_modeling_compares_passages_by_target() -> None:
    samples = samples_of(
        {"input": "", "target": LONG_JA},
        {"input": "", "target": LONG_JA[:-5]},
        {"input": "", "target": LONG_EN},
        task="language-modeling",
    )
    assert checks(samples) == {1: {"near_duplicate"}}


def chain(count: int) -> list[str]:
    """Texts of which each shares two thirds with the next one, and little with the one after."""
    words = [f"{'abcdefghij'[i % 10]}{i * 7919 % 9973:04}x" for i in range(200)]
    return [" ".join(words[i * 15 : i * 15 + 60]) for i in range(count)]


def test_clusters_are_stars_not_chains() -> None:
    texts = chain(5)
    assert naive_jaccard(texts[0], texts[1]) >= 0.5 > naive_jaccard(texts[0], texts[2])
    samples = samples_of(*({"input": text, "label": "a"} for text in texts))
    result = find_duplicates(samples, SETTINGS)
    stars = {f["row"]: json.loads(f["evidence"])["canonical"]["row"] for f in result.findings.to_pylist()}
    assert stars == {1: 0, 3: 2}  # 2 is near 1, but not near 0: it stands
    assert all(naive_jaccard(texts[member], texts[canonical]) >= 0.5 for member, canonical in stars.items())
    assert len(set(result.samples["group_id"].to_pylist())) == 1  # but no split may come between them


def test_groups_join_families_through_standing_rows_only() -> None:
    footer = LONG_EN
    samples = samples_of(
        {"target": footer, "group_id": "doc-a"},
        {"target": footer, "group_id": "doc-b"},
        {"target": chain(1)[0], "group_id": "doc-b"},
        {"target": LONG_JA, "group_id": None},
        task="language-modeling",
    )
    groups = find_duplicates(samples, SETTINGS).samples["group_id"].to_pylist()
    assert groups == ["doc-a", "doc-a", "doc-b", "s0003"]


def test_evaluation_rows_are_compared_among_themselves() -> None:
    samples = samples_of(
        {"input": LONG_EN, "label": "a"},
        {"input": LONG_EN, "label": "a", "role": "evaluation"},
        {"input": LONG_EN, "label": "a", "role": "evaluation"},
    )
    assert checks(samples) == {2: {"exact_duplicate"}}
    assert len(set(find_duplicates(samples, SETTINGS).samples["group_id"].to_pylist())) == 1


def test_japanese_edits_are_found_as_well_as_english_ones() -> None:
    random = np.random.default_rng(0)

    def edited(text: str, units: list[str], joint: str, share: float) -> str:
        changed = [
            ("変更" if joint == "" else "changed") if random.random() < share else unit for unit in units
        ]
        return joint.join(changed)

    japanese = [LONG_JA[i : i + 2] for i in range(0, len(LONG_JA), 2)]
    for text, units, joint in ((LONG_EN, LONG_EN.split(), " "), (LONG_JA, japanese, "")):
        for _ in range(20):
            samples = samples_of(
                {"input": text, "label": "a"}, {"input": edited(text, units, joint, 0.05), "label": "a"}
            )
            assert len(find_pairs(samples, SETTINGS, 0.5)) == 1


def test_spacing_and_width_of_mixed_text_do_not_matter() -> None:
    spaced = (
        "新機能「Data Hub」の設定は、Web コンソール の Settings から ２ 回 Enter を押して完了します。" * 3
    )
    tight = spaced.replace(" ", "").replace("２", "2")
    samples = samples_of({"input": spaced, "label": "a"}, {"input": tight, "label": "a"})
    pairs = find_pairs(samples, SETTINGS, 0.5)
    assert pairs["jaccard"].to_pylist() == [1.0]


texts = st.lists(
    st.text(alphabet="ab 漢字", min_size=0, max_size=12)
    | st.sampled_from([LONG_EN, LONG_JA, LONG_EN + " x", LONG_JA[3:]]),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_reported_pairs_have_the_similarity_they_state(raw: list[str]) -> None:
    samples = samples_of(*({"input": text, "label": "a"} for text in raw))
    forms = [matching_form(text) for text in raw]
    table = find_pairs(samples, SETTINGS, 0.5).to_pylist() if raw else []
    for pair in table:
        a, b = forms[pair["row_a"]], forms[pair["row_b"]]
        if pair["exact"]:
            assert a == b
            continue
        short = min(len(naive_grams(a)), len(naive_grams(b))) < SHORT_GRAMS
        short = short and (naive_jaccard(a, b) >= SHORT_SIMILARITY or not is_edited_copy(a, b))
        assert pair["required"] == (SHORT_SIMILARITY if short else 0.5)
        assert pair["jaccard"] == pytest.approx(naive_jaccard(a, b))
        assert pair["jaccard"] >= pair["required"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([LONG_EN, LONG_EN + "!", LONG_EN[4:], LONG_JA, LONG_JA[2:], "ok", "OK", "no"]),
            st.sampled_from("AB"),
            st.sampled_from(["train", "evaluation"]),
        ),
        max_size=14,
    )
)
def test_no_cluster_loses_all_its_members(rows: list[tuple[str, str, str]]) -> None:
    samples = samples_of(*({"input": text, "label": label, "role": role} for text, label, role in rows))
    findings = find_duplicates(samples, SETTINGS).findings.to_pylist()
    copies = {f["row"] for f in findings if f["check"] in COPIES}
    disputed = {f["row"] for f in findings if f["check"] in DISPUTES}
    for finding in findings:
        evidence = json.loads(finding["evidence"])
        if finding["check"] == "near_duplicate":
            assert evidence["canonical"]["row"] not in copies | disputed
        if finding["check"] == "exact_duplicate":
            twins = [
                i
                for i, row in enumerate(rows)
                if matching_form(row[0]) == matching_form(rows[finding["row"]][0])
                and row[1:] == rows[finding["row"]][1:]
            ]
            assert evidence["canonical"]["row"] in twins
            assert not all(
                "exact_duplicate" in {f["check"] for f in findings if f["row"] == i} for i in twins
            )
    for label in "AB":  # each side of a contradiction still has a row that a person can look at
        sides = {matching_form(rows[i][0]) for i in disputed if rows[i][1] == label}
        standing = {matching_form(rows[i][0]) for i in disputed - copies if rows[i][1] == label}
        assert sides == standing


def test_jaccard_of_given_pairs() -> None:
    forms = ["", "abc", "abcdefg", "abcdefh"]
    values = jaccards(forms, np.array([[0, 0], [0, 1], [1, 1], [2, 3]]), 5, 2)
    assert values.tolist() == [1, 0, 1, pytest.approx(2 / 4)]


def test_no_samples() -> None:
    result = find_duplicates(samples_of(), SETTINGS)
    assert (result.samples.num_rows, result.pairs.num_rows, result.findings.num_rows) == (0, 0, 0)


def test_stage_stores_tables(tmp_path: Path) -> None:
    workspace = Workspace(root=str(tmp_path))
    ref = workspace.write_table(
        samples_of({"input": "a b", "label": "x"}, {"input": "a b", "label": "x"}), "samples"
    )
    refs = find_duplicates_stage.fn(workspace, ref, SETTINGS, 0.5)
    assert workspace.read_table(refs.findings)["check"].to_pylist() == ["exact_duplicate"]
    assert workspace.read_table(refs.pairs)["exact"].to_pylist() == [True]
    assert workspace.read_table(refs.samples)["group_id"].to_pylist() == ["s0000", "s0000"]
    assert find_duplicates_stage.fn(workspace, ref, SETTINGS, 0.5) == refs  # now with a memory


@pytest.mark.parametrize(
    ("one", "other", "copy"),
    [
        (
            "when will the kettle from my order of monday morning arrive?",
            "when will the toaster from my order of monday morning arrive?",
            False,
        ),
        (
            "先週の月曜日に注文した炊飯器はいつごろ自宅に届きますか、教えてください。",
            "先週の月曜日に注文した扇風機はいつごろ自宅に届きますか、教えてください。",
            False,
        ),
        (
            "when will the kettle from my order of monday morning arrive?",
            "when will the kettles from my order of monday morning arrive?",
            True,
        ),
        (
            "先週の月曜日に注文した炊飯器はいつごろ自宅に届きますか、教えてください。",
            "先週の月曜日に注文した炊飯器はいつごろ自宅に届くか、教えてください。",
            True,
        ),
        (
            "please send me a new cable for the lamp that i bought in may",
            "please send me a new cable for the lamp which i bought in may, ok?",
            True,
        ),
        ("i threw the box away. what now?", "i threw away the box. what now?", True),
        ("may i use margarine instead of butter?", "may i use butter instead of margarine?", False),
        ("how many pounds are ten kilos?", "how many kilos are ten pounds?", False),
        ("the box is away", "the box is a way", False),
    ],
)
def test_a_form_filled_in_twice_is_no_edited_copy(one: str, other: str, copy: bool) -> None:
    assert is_edited_copy(one, other) is copy


def test_which_side_of_a_chat_is_compared() -> None:
    talk = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "What can I do?"}]
    samples = samples_of(
        {"input": "Why is the lamp dark?", "target": LONG_EN},
        {"input": "Who sends the bill?", "target": LONG_EN.replace("costs", "cost")},
        {"input": "Why is the lamp dark?", "target": LONG_JA},
        {
            "input": "Who sends the bill?",
            "target": LONG_EN,
            "prompt": [*talk, {"role": "user", "content": "Who?"}],
        },
        task="text-generation",
    )
    assert checks(samples)[0] == {"conflicting_duplicate"}
    disputed = {0: {"conflicting_duplicate"}, 2: {"conflicting_duplicate"}}
    for compare in ("completion", "both"):  # of 1 and 3, other questions with nearly one answer, one goes
        found = checks(samples, compare=compare)
        assert len(found) == 3
        assert {row: found.pop(row) for row in (0, 2)} == disputed
        assert list(found.values()) == [{"near_duplicate"}]
    agreeing = samples.filter(pc.not_equal(samples["row"], 2))
    assert checks(agreeing, compare="completion") == {1: {"near_duplicate"}, 3: {"exact_duplicate"}}
    result = find_duplicates(samples, DuplicateSettings(compare=Compare.COMPLETION))
    assert result.pairs.equals(find_duplicates(samples, SETTINGS).pairs)  # leakage asks for questions
    groups = result.samples["group_id"].to_pylist()
    assert groups[0] == groups[2], "equal questions stay in one split whatever is compared"
    assert checks(samples_of({"input": "a", "label": "b"}), compare="completion") == {}


@pytest.mark.parametrize("compare", ["prompt", "completion", "both"])
def test_contradictions_are_found_whatever_is_compared(compare: str) -> None:
    question = "How many days do I have to return a kettle that I bought last week?"
    answer = (
        "You have 30 days to return the kettle. Please pack it in its box and hand it in at any post office."
    )
    samples = samples_of(
        {"input": question, "target": answer},
        {"input": question, "target": answer.replace("30", "14")},
        {"input": question, "target": answer},
        task="text-generation",
    )
    found = checks(samples, compare=compare)
    assert all("conflicting_duplicate" in found[row] for row in range(3))
    copies = [row for row in range(3) if found[row] & COPIES]
    assert copies == [2]
    assert found[2] == {"conflicting_duplicate", "exact_duplicate"}


def marked(text: str, *entities: tuple[str, str]) -> dict[str, Any]:
    """A row with entities: a part of the text, and its kind."""
    starts = [text.index(part) for part, _ in entities]
    spans = [
        {"start": start, "end": start + len(part), "label": kind}
        for start, (part, kind) in zip(starts, entities, strict=True)
    ]
    return {"input": text, "spans": spans}


SENT = "Please send the blue kettle that I ordered last week to Osaka tomorrow morning, not to Kobe."


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (
            marked(SENT, ("blue kettle", "PRODUCT")),
            marked(SENT, ("blue kettle", "PRODUCT")),
            {"exact_duplicate"},
        ),
        (
            marked(SENT, ("kettle", "PRODUCT")),
            marked(f" {SENT.upper()}", ("KETTLE", "PRODUCT")),
            {"exact_duplicate"},
        ),
        (
            marked(SENT, ("blue kettle", "PRODUCT")),
            marked(SENT, ("blue", "PRODUCT")),
            {"conflicting_duplicate"},
        ),
        (marked(SENT, ("Osaka", "CITY")), marked(SENT, ("Kobe", "CITY")), {"conflicting_duplicate"}),
        (marked(SENT, ("Osaka", "CITY")), marked(SENT, ("Osaka", "PLACE")), {"conflicting_duplicate"}),
        (marked(SENT, ("Osaka", "CITY")), marked(SENT + "!", ("Osaka", "CITY")), {"near_duplicate"}),
        (
            marked(SENT, ("Osaka", "CITY")),
            marked(SENT + "!", ("Kobe", "CITY")),
            {"disagreeing_near_duplicate"},
        ),
        (
            marked(SENT, ("Osaka", "CITY")),
            marked(SENT.replace("Osaka", "Nara"), ("Nara", "CITY")),
            {"near_duplicate"},  # another name is marked as well as the one
        ),
    ],
)
def test_entities_are_compared_by_their_place_and_their_words(
    one: dict[str, Any], other: dict[str, Any], found: set[str]
) -> None:
    told = checks(samples_of(one, other, task="token-classification"))
    assert set().union(*told.values()) == found
    assert len(told) == (2 if found & DISPUTES else 1)
