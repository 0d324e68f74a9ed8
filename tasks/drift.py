"""Drift: how far what is learned from now is from what the champion learned from.

Compared are the training and validation rows of two snapshots. Lengths: population stability index over the deciles
of before, Kolmogorov-Smirnov test. Languages, labels and sources: the same index over the categories, chi-squared
test. Character n-grams: the same index over buckets of n-grams, permutation test; meanings, where the recipe names an
encoder (`features`): over clusters of vectors. Rows of one group (copies,
passages of one document) are not independent and count as one. Most rows are in both snapshots, which makes the
tests cautious: chance alone would part two samples that share nothing further.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks import drift_features, drift_report, features, two_samples
from tasks.drift_features import (
    Tested,
    compare_categories,
    compare_lengths,
    compare_meanings,
    compare_ngrams,
    group_names,
)
from tasks.drift_report import DriftReport, FeatureDrift
from tasks.features import EncoderRef, read_vectors
from tasks.leakage.dirty import earlier_snapshot
from tasks.mlflow_store import open_registry, read_aliases, read_version, registry_file
from tasks.recipe import DriftSettings
from tasks.records import FolderRef, Severity, Split, TableRef
from tasks.register import CHAMPION
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.two_samples import adjust_holm
from tasks.wording import terms
from tasks.wording.terms import term
from tasks.wording.told import Told, join


def find_drift(
    before: pa.Table,
    now: pa.Table,
    settings: DriftSettings,
    champion_snapshot: str | None = None,
    encode: Callable[[Sequence[str]], np.ndarray] | None = None,
) -> DriftReport:
    """Holds two snapshots (schema SNAPSHOT_SAMPLE) against each other, by the rows that are learned from.

    Args:
        encode: gives a vector of length 1 for each text; None where the recipe names no encoder.
    """
    first, second = _learned(before), _learned(now)
    if not len(first) or not len(second):
        empty = Told("one of the snapshots holds no rows", "比べるスナップショットの一方に行がありません")
        return DriftReport(champion_snapshot=champion_snapshot, sentence=empty)
    both = pc.is_in(second["sample_id"], value_set=first["sample_id"].combine_chunks())
    groups = (len(set(group_names(first))), len(set(group_names(second))))
    sides = (
        ("input", "target") if first["label"].null_count else ("input",)
    )  # a label's own length says no more
    power = settings.power
    tested = [
        *(compare_lengths(first, second, side, groups, power) for side in sides),
        *(compare_categories(first, second, name, groups, power) for name in ("language", "label", "source")),
        compare_ngrams(first, second, power),
        compare_meanings(first, second, power, encode) if encode else None,
    ]
    found = [feature for feature in tested if feature is not None]
    adjusted = adjust_holm([feature.p for feature in found])
    rows = tuple(
        _judged(feature, p, settings.significance / len(found), settings)
        for feature, p in zip(found, adjusted, strict=True)
    )
    drifted = join(term(row.feature) for row in rows if row.severity is not Severity.INFO)
    return DriftReport(
        champion_snapshot=champion_snapshot,
        sentence=Told(f"drifted: {drifted.en}", f"変化したもの: {drifted.ja}")
        if drifted
        else Told("no drift from the champion's data", "公開中のモデルのデータからの変化はありません"),
        rows_before=len(first),
        rows_now=len(second),
        rows_in_both=int(pc.sum(both).as_py()),
        features=rows,
    )


def _judged(tested: Tested, p_adjusted: float, level: float, settings: DriftSettings) -> FeatureDrift:
    """A shift counts when it is both large enough to matter and more than chance."""
    significant = p_adjusted < settings.significance
    severity = Severity.INFO
    if significant and tested.psi >= settings.moderate:
        severity = Severity.WARNING
    if significant and tested.psi >= settings.large and settings.stop:
        severity = Severity.CRITICAL
    detectable = tested.detectable(level)
    return FeatureDrift(
        feature=tested.feature,
        psi=tested.psi,
        test=tested.test,
        statistic=tested.statistic,
        p=tested.p,
        p_adjusted=p_adjusted,
        minimum_detectable=detectable,
        unit=tested.unit,
        power=settings.power,
        severity=severity,
        sentence=_sentence(tested, p_adjusted, detectable, settings),
        shares=tested.shares,
    )


def _sentence(tested: Tested, p_adjusted: float, detectable: float, settings: DriftSettings) -> Told:
    sizes = (
        Told("large", "大きく変化"),
        Told("moderate", "中程度に変化"),
        Told("little", "ほとんど変化なし"),
    )
    size = sizes[0 if tested.psi >= settings.large else 1 if tested.psi >= settings.moderate else 2]
    chance = Told("no more than", "偶然の範囲")
    if p_adjusted < settings.significance:
        chance = Told("more than", "偶然とは言えない")
    p = f"{p_adjusted:.3f}" if p_adjusted >= 0.001 else "below .001"
    feature, unit = term(tested.feature), term(tested.unit)
    return Told(
        f"{feature.en}: {size.en} drift, index {tested.psi:.3f} ({chance.en} chance, p {p}); {tested.moved.en}; "
        f"a shift of {detectable:.3f} ({unit.en}) would be found with power {settings.power:.0%}",
        f"{feature.ja}: {size.ja}、指数 {tested.psi:.3f}({chance.ja}、p {p.replace('below .001', '.001 未満')})。"
        f"{tested.moved.ja}。検出力{settings.power:.0%}で見つかる最小の差は {detectable:.3f}({unit.ja})",
    )


def _learned(snapshot: pa.Table) -> pa.Table:
    """The rows that are learned from; those whose text was erased say nothing."""
    kept = snapshot.filter(pc.not_equal(snapshot["split"], Split.GATE.value))
    lengths = [pc.utf8_length(kept[side]).fill_null(0) for side in ("input", "target")]
    return kept.filter(pc.greater(pc.add(*lengths), 0))


def describe_drift(report: DriftReport) -> tuple[Told, ...]:
    """Sentences for the report: each feature that drifted."""
    return tuple(f.sentence for f in report.features if f.severity is not Severity.INFO)


@stage("drift", drift_features, drift_report, features, two_samples, terms)
def find_drift_stage(
    workspace: Workspace,
    samples: TableRef,
    champion: FolderRef | None,
    settings: DriftSettings,
    encoder: EncoderRef | None,
) -> DriftReport:
    """Thin task over `find_drift`.

    Args:
        champion: folder of the snapshot that the champion learned from; None as long as there is no champion.
    """
    if champion is None:
        return DriftReport(
            sentence=Told(
                "no champion yet: nothing to compare with", "公開中のモデルがまだなく、比べるものがありません"
            )
        )
    before = pq.read_table(workspace.path(champion.path, "samples.parquet"))
    name = PurePath(champion.path).name
    encode = partial(read_vectors, workspace, encoder) if encoder else None
    report = find_drift(before, workspace.read_table(samples), settings, name, encode)
    report.require_stable()
    return report


def champion_snapshot(workspace: Workspace, name: str) -> FolderRef | None:
    """Folder of the snapshot that the champion of model `name` learned from; None without champion or snapshot."""
    if not registry_file(workspace).is_file():
        return None
    client = open_registry(workspace)
    version = read_aliases(client, name).get(CHAMPION)
    if version is None:
        return None
    return earlier_snapshot(workspace, read_version(client, name, version).tags["snapshot"])
