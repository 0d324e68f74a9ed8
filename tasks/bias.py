"""Bias: which labels, languages and sources training hardly sees, which of them go together, and on which slice a
model that never saw the rows errs most.

Copies and versions of one text are one vote: of each group, one row counts. Nothing is said of a slice that is too
small to tell, and many slices are looked at with bounds that hold for all of them at once.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from expectations.frames import SLICE
from expectations.measures import primary_code
from tasks import dependence as depending
from tasks import two_samples
from tasks.dependence import Dependence, find_dependences, show_name
from tasks.recipe import BiasSettings
from tasks.records import Role, Severity, TableRef, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.two_samples import wilson_interval
from tasks.wording import terms
from tasks.wording.terms import term
from tasks.wording.told import Told, join

DIMENSIONS = ("label", "language", "source")
SHOWN = 10
"""Slices that the report names."""
SAID = 3
"""Names that one sentence holds, and slices that get a sentence of their own."""
Measured = Literal["label", "answer"]
"""What the score of a slice is the share of: labels that an out-of-fold model gives too, or answers not in doubt."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class SliceBalance(_Told):
    """How much of training one label, language or source is."""

    dimension: str
    name: str
    groups: int
    share: float
    low: float
    """Wilson interval of the share, at the recipe's confidence for all slices at once."""
    high: float
    rare: bool
    """Even the upper bound is below the recipe's part of an even share."""


class SliceScore(_Told):
    """Share of one slice that an out-of-fold model gets right, or finds nothing against."""

    name: Told
    """Each dimension with its value: "label refund, language ja"."""
    dimension: str = ""
    """Of what: "label × language"."""
    groups: int
    score: float
    low: float
    high: float
    worse: bool
    """The whole interval lies below the score of all rows: the slice is worse by more than chance."""


class BiasReport(_Told):
    """What the report page shows of bias."""

    sentence: Told
    rows: int = 0
    groups: int = 0
    balance: tuple[SliceBalance, ...] = ()
    dependence: tuple[Dependence, ...] = ()
    score: float | None = None
    """Of all rows; None where no out-of-fold model was asked."""
    measured: Measured = "label"
    slices: tuple[SliceScore, ...] = ()
    """The worst first, at most `SHOWN`, and every one that is `worse`."""
    too_small: int = 0
    """Slices with too few groups to be judged."""
    notes: tuple[Told, ...] = ()


def find_bias(
    samples: pa.Table,
    settings: BiasSettings,
    right: np.ndarray | None = None,
    labels: Sequence[str] = (),
    languages: Sequence[str] = (),
    measured: Measured = "label",
) -> BiasReport:
    """Looks at the training rows of N samples (schema SAMPLE with `group_id`).

    Args:
        right: (N,) 1 where an out-of-fold model gives the row its label or has no doubt of its answer, 0 where not,
            NaN where it was not asked; None without one.
        labels: declared ones, which are missed where no row has them.
        languages: those whose balance counts; all when left out. Others are `unexpected_language`.
        measured: what `right` is about.
    """
    frame = _voting_rows(samples, right)
    rows = int(pc.sum(pc.equal(samples["role"], Role.TRAIN.value)).as_py() or 0)
    if frame.empty:
        return BiasReport(sentence=Told("no training rows", "学習用の行がありません"), rows=rows)
    alone = frame[~frame.index.duplicated()]
    counts = {name: (frame if name == "label" else alone)[name].value_counts() for name in DIMENSIONS}
    if len(counts["label"]):
        counts["label"] = counts["label"].reindex([*counts["label"].index.union(list(labels))], fill_value=0)
    if languages:
        spoken = alone["language"].map(primary_code, na_action="ignore")
        counts["language"] = spoken[spoken.isin(languages)].value_counts()
    balance = [b for name in DIMENSIONS for b in _balance(counts[name], name, settings)]
    dependence = find_dependences(frame, DIMENSIONS, settings)
    score, slices, too_small = _scores(frame, settings)
    told = [sentence for name in DIMENSIONS for sentence in _rare_sentences(name, balance)]
    told += [d.sentence for d in dependence if d.severity is not Severity.INFO]
    told += [_score_sentence(s, score or 0.0, measured) for s in slices if s.worse][:SAID]
    return BiasReport(
        sentence=join(told, "; ", "。") if told else Told("no bias found", "偏りは見つかりませんでした"),
        rows=rows,
        groups=int((~frame.index.duplicated()).sum()),
        balance=tuple(balance),
        dependence=tuple(dependence),
        score=score,
        measured=measured,
        slices=tuple(slices),
        too_small=too_small,
        notes=tuple(told),
    )


def list_slices(report: BiasReport) -> pa.Table:
    """What a report says: a row (schema SLICE) for each label, language and source, each pair, each slice scored."""
    rows: list[dict[str, Any]] = [
        {"kind": "balance", "name": f"{b.dimension} {show_name(b.dimension, b.name).en}"}
        | b.model_dump(exclude={"name"})
        for b in report.balance
    ]
    rows += [
        {
            "kind": "dependence",
            "dimension": f"{d.first} × {d.second}",
            "name": f"{d.first} × {d.second}",
            "cramers_v": d.cramers_v,
            "p_adjusted": d.p_adjusted,
            "tied": d.severity is not Severity.INFO,
        }
        for d in report.dependence
    ]
    rows += [{"kind": "score"} | s.model_dump() | {"name": s.name.en} for s in report.slices]
    return build_table(rows, SLICE)


def _voting_rows(samples: pa.Table, right: np.ndarray | None) -> pd.DataFrame:
    """Label, language and source of the first training row of each group, and the group's mean of `right`.

    A row of several labels stands once for each of them, under one index; so does one with labelled spans, for each
    kind of them.
    """
    if right is not None and right.shape != (len(samples),):
        raise ValueError(f"right must have shape ({len(samples)},), got {right.shape}")
    columns = [*DIMENSIONS, "labels", "spans", "role", "sample_id", "group_id"]
    frame = samples.select([name for name in columns if name in samples.column_names]).to_pandas()
    frame["right"] = np.nan if right is None else right.astype(float)
    frame = frame[frame["role"] == Role.TRAIN]
    frame["group"] = frame["group_id"].fillna(frame["sample_id"])
    means = frame.groupby("group", sort=False)["right"].mean()
    frame = frame.drop_duplicates("group")
    frame = frame.assign(right=means.reindex(frame["group"]).to_numpy())
    if not frame["labels"].isna().all():
        return frame.assign(label=frame["labels"]).explode("label")
    if "spans" in frame and not frame["spans"].isna().all():
        kinds = [None if spans is None else sorted({s["label"] for s in spans}) for spans in frame["spans"]]
        return frame.assign(label=kinds).explode("label")
    return frame


def _balance(counts: pd.Series, dimension: str, settings: BiasSettings) -> list[SliceBalance]:
    if len(counts) < 2:
        return []
    total, level = int(counts.sum()), (1 - settings.confidence) / len(counts)
    told = []
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))):
        low, high = wilson_interval(float(count), total, level)
        told.append(
            SliceBalance(
                dimension=dimension,
                name=str(name),
                groups=int(count),
                share=count / total,
                low=low,
                high=high,
                rare=high < settings.rare / len(counts),
            )
        )
    return told


def _scores(frame: pd.DataFrame, settings: BiasSettings) -> tuple[float | None, list[SliceScore], int]:
    asked = frame[frame["right"].notna()]
    if asked.empty:
        return None, [], 0
    judged: list[tuple[Told, str, pd.Series]] = []
    too_small = 0
    for width in range(1, len(DIMENSIONS) + 1):
        for dimensions in combinations([d for d in DIMENSIONS if asked[d].nunique() > 1], width):
            frames = asked if "label" in dimensions else asked[~asked.index.duplicated()]
            for values, rows in frames.groupby(list(dimensions), sort=True)["right"]:
                if len(rows) < settings.least_groups:
                    too_small += 1
                    continue
                named = [(d, show_name(d, str(v))) for d, v in zip(dimensions, values, strict=True)]
                name = join(Told(f"{d} {v.en}", f"{term(d).ja}「{v.say('ja')}」") for d, v in named)
                judged.append((name, " × ".join(dimensions), rows))
    overall = float(asked[~asked.index.duplicated()]["right"].mean())
    level = (1 - settings.confidence) / max(1, len(judged))
    slices = []
    for name, dimension, rows in judged:
        low, high = wilson_interval(float(rows.sum()), len(rows), level)
        slices.append(
            SliceScore(
                name=name,
                dimension=dimension,
                groups=len(rows),
                score=float(rows.mean()),
                low=low,
                high=high,
                worse=high < overall,
            )
        )
    slices.sort(key=lambda s: (s.high, s.name.en))
    worse = sum(s.worse for s in slices)
    return overall, slices[: max(SHOWN, worse)], too_small


def _rare_sentences(dimension: str, balance: Sequence[SliceBalance]) -> list[Told]:
    """One sentence on all that is rare of one dimension, the rarest first; none where nothing is."""
    own = [b for b in balance if b.dimension == dimension]
    rare = sorted((b for b in own if b.rare), key=lambda b: (b.groups, b.name))
    if not rare:
        return []
    named = [(show_name(dimension, b.name), f"{b.groups:,}") for b in rare[:SAID]]
    more = len(rare) > SAID
    english = ", ".join(f"{name.en} ({groups} distinct rows)" for name, groups in named)
    japanese = "、".join(f"「{name.say('ja')}」(異なる行 {groups})" for name, groups in named)
    return [
        Told(
            f"rare in training: {len(rare)} of {len(own)} {dimension}s: {english}{', …' if more else ''}",
            f"学習データに少ない{term(dimension).ja}: {len(own)}のうち{len(rare)}: {japanese}{'ほか' if more else ''}",
        )
    ]


def _score_sentence(found: SliceScore, overall: float, measured: Measured) -> Told:
    score, low, high, groups = (
        f"{found.score:.0%}",
        f"{found.low:.0%}",
        f"{found.high:.0%}",
        f"{found.groups:,}",
    )
    if measured == "answer":
        return Told(
            f"more in doubt than the rest: {found.name.en}: {score} of the answers not in doubt ({low} to {high}, "
            f"{groups} distinct rows), all rows {overall:.0%}",
            f"ほかより疑わしい答えが多い部分: {found.name.ja}: 疑わしくない答えは{score}({low}から{high}、異なる行 "
            f"{groups})、全体では{overall:.0%}",
        )
    return Told(
        f"worse than the rest: {found.name.en}: {score} right out of fold ({low} to {high}, {groups} distinct rows), "
        f"all rows {overall:.0%}",
        f"ほかより正解率が低い部分: {found.name.ja}: 交差検証で{score}({low}から{high}、異なる行 {groups})、"
        f"全体では{overall:.0%}",
    )


@stage("bias", depending, two_samples, terms)
def find_bias_stage(
    workspace: Workspace,
    samples: TableRef,
    settings: BiasSettings,
    labels: Sequence[str] = (),
    languages: Sequence[str] = (),
    predictions: TableRef | None = None,
    doubts: TableRef | None = None,
) -> BiasReport:
    """Thin task over `find_bias`.

    Args:
        predictions: columns row and predicted: the label that an out-of-fold model gives, rows in any order.
        doubts: findings `doubtful_answer` about the answers that were weighed; looked at where there are no
            predictions.
    """
    table = workspace.read_table(samples)
    if predictions is not None:
        right = compare_labels(table, workspace.read_table(predictions))
        return find_bias(table, settings, right, labels, languages)
    if doubts is not None:
        right = trust_answers(table, workspace.read_table(doubts))
        return find_bias(table, settings, right, labels, languages, "answer")
    return find_bias(table, settings, None, labels, languages)


def trust_answers(samples: pa.Table, findings: pa.Table) -> np.ndarray:
    """(N,) float: 0 where an answer is in doubt, 1 where it is not, NaN where a sample has none."""
    doubtful = findings.filter(pc.equal(findings["check"], "doubtful_answer"))["row"]
    trusted = pc.invert(pc.is_in(samples["row"], doubtful.combine_chunks()))
    answered = pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(samples["target"])), 0)
    return np.where(
        pc.fill_null(answered, False).to_numpy(zero_copy_only=False),
        trusted.to_numpy(zero_copy_only=False),
        np.nan,
    )


def compare_labels(samples: pa.Table, predictions: pa.Table) -> np.ndarray:
    """(N,) float: 1 where the label predicted for a row is its label, 0 where not, NaN where there is none."""
    said = dict(zip(predictions["row"].to_pylist(), predictions["predicted"].to_pylist(), strict=True))
    rows = zip(samples["row"].to_pylist(), samples["label"].to_pylist(), strict=True)
    return np.array(
        [float(said[row] == label) if said.get(row) is not None else np.nan for row, label in rows]
    )
