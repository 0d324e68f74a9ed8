"""Labelled spans that out-of-fold token models contradict, the worst texts first.

Tokens are words, or single characters of scripts without spaces; their features are their own form and their
neighbours'. A text is as doubtful as its worst token (Wang and Mueller 2022, "Detecting Label Errors in Token
Classification Data"), by cleanlab's `token_classification`.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from tasks import findings
from tasks.findings import Columns, about_sample, excerpt, read_columns
from tasks.label_noise import folds, models, pool, summary
from tasks.label_noise.folds import deal_folds
from tasks.label_noise.models import softmax_scores
from tasks.label_noise.pool import calibrate
from tasks.label_noise.summary import NoiseRefs, NoiseResult, NoiseSummary, keep_result
from tasks.recipe import LabelNoiseSettings
from tasks.records import FINDING, Role, Severity, TableRef, Task, build_table
from tasks.stage import stage
from tasks.storage import Workspace
from tasks.wording.told import Told

STAGE = "label_noise"
OUTSIDE = "O"
"""Label of a token that no span covers."""
MODEL = Told(
    "a linear model on the form of each token and of those beside it",
    "各トークンとその前後の形を見る線形モデル",
)
SHOWN = 5
"""Doubtful tokens of a text that evidence shows, the worst first."""
_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff66-\uff9f"
_TOKEN = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])+|[^\w\s]|_")
_REACH = 2
"""Tokens on either side whose forms are features."""
_BUCKETS = 2**18


class Token(NamedTuple):
    start: int
    end: int
    form: str


def cut_tokens(text: str) -> list[Token]:
    """Words, marks, and single kana, kanji and hangul, with their characters in `text`."""
    return [Token(found.start(), found.end(), found[0]) for found in _TOKEN.finditer(text)]


def label_tokens(tokens: list[Token], spans: list[dict[str, Any]]) -> list[str]:
    """Label of the span that covers a token's first character; `OUTSIDE` without one."""
    return [
        next((s["label"] for s in spans if s["start"] <= token.start < s["end"]), OUTSIDE) for token in tokens
    ]


def find_token_noise(samples: pa.Table, settings: LabelNoiseSettings, seed: int = 0) -> NoiseResult:
    """Texts of token-classification with a token whose label an out-of-fold model contradicts, the worst first.

    Args:
        samples: N rows of the schema SAMPLE with `group_id` filled: a group is never on both sides of a fold.

    Returns:
        Findings "label_noise", at most `settings.max_flagged_share` of the texts, scored by the probability of
        the worst token's label; none for other tasks, or where there are fewer than two labels or groups.
    """
    columns = read_columns(samples)
    rows = [
        i
        for i, text in enumerate(columns["input"])
        if columns["task"][i] == Task.TOKEN_CLASSIFICATION and text
    ]
    texts = [cut_tokens(columns["input"][i]) for i in rows]
    rows, texts = [i for i, t in zip(rows, texts, strict=True) if t], [t for t in texts if t]
    marks = [label_tokens(tokens, columns["spans"][i] or []) for i, tokens in zip(rows, texts, strict=True)]
    names = sorted({mark for text in marks for mark in text})
    groups = [columns["group_id"][i] or columns["sample_id"][i] for i in rows]
    if not settings.enabled or len(names) < 2 or len(set(groups)) < 2:
        return NoiseResult(FINDING.empty_table(), NoiseSummary())
    number = {name: k for k, name in enumerate(names)}
    labels = [[number[mark] for mark in text] for text in marks]
    flat = np.array([label for text in labels for label in text], dtype=np.int64)
    members = np.unique(np.repeat(np.array(groups, dtype=str), [len(t) for t in texts]), return_inverse=True)[
        1
    ]
    fold = deal_folds(flat, members, min(settings.folds, len(set(groups))), seed)
    scores = softmax_scores(_token_features(texts), flat, fold, seed, len(names))
    calibrated = calibrate([scores], flat)
    bounds = np.cumsum([len(text) for text in texts])[:-1]
    beliefs = np.split(calibrated.probabilities.astype(np.float64), bounds)
    found = _rank_texts(labels, beliefs, settings.max_flagged_share)
    told = [
        _finding(columns, rows[text], texts[text], labels[text], beliefs[text], names, doubtful)
        for text, doubtful in found
    ]
    worst = np.array(
        [np.concatenate([[0], bounds])[text] + doubtful[0] for text, doubtful in found], dtype=int
    )
    train = np.repeat([columns["role"][i] == Role.TRAIN for i in rows], [len(t) for t in texts])
    right = scores.argmax(axis=1) == flat
    said = NoiseSummary(
        checked=len(flat),
        flagged=len(found),
        folds=int(fold.max()) + 1,
        accuracy=float(right[train].mean()) if train.any() else None,
        model=MODEL,
        unit=Told("tokens", "トークン"),
        noise_rate=calibrated.noise_rate,
        errors_per_100=float(100 * calibrated.wrong[worst].mean()) if len(worst) else None,
        errors_per_100_most=float(100 * calibrated.contradicted[worst].mean()) if len(worst) else None,
    )
    return NoiseResult(build_table(told, FINDING), said)


@stage("token noise", findings, folds, models, pool, summary)
def find_token_noise_stage(
    workspace: Workspace, samples: TableRef, settings: LabelNoiseSettings, seed: int
) -> NoiseRefs:
    """Thin task over `find_token_noise`, on the grouped samples of the duplicates stage."""
    return keep_result(
        workspace, find_token_noise(workspace.read_table(samples), settings, seed), "token-noise"
    )


def _rank_texts(
    labels: list[list[int]], beliefs: list[np.ndarray], max_share: float
) -> list[tuple[int, list[int]]]:
    """Texts with doubtful tokens by cleanlab's rule, the one with the worst token first, and those tokens, likewise."""
    from cleanlab.token_classification.filter import find_label_issues
    from cleanlab.token_classification.rank import get_label_quality_scores

    doubtful: dict[int, list[int]] = {}
    for text, token in find_label_issues(labels, beliefs, n_jobs=1):
        doubtful.setdefault(int(text), []).append(int(token))
    quality, tokens = get_label_quality_scores(labels, beliefs)
    order = sorted(doubtful, key=lambda text: (quality[text], text))[: max(1, int(max_share * len(labels)))]
    return [(text, sorted(doubtful[text], key=lambda t: tokens[text].iloc[t])) for text in order]


def _token_features(texts: list[list[Token]]) -> csr_array:
    """(tokens, 2 ** 18) float32, hashed, rows of length 1."""
    from sklearn.feature_extraction import FeatureHasher

    hasher = FeatureHasher(_BUCKETS, input_type="string", dtype=np.float32, alternate_sign=False)
    hashed = csr_array(hasher.transform(row for tokens in texts for row in _describe(tokens)))
    lengths = np.sqrt(hashed.multiply(hashed).sum(axis=1))
    hashed.data /= np.repeat(lengths, np.diff(hashed.indptr)).astype(np.float32)
    return hashed


def _describe(tokens: list[Token]) -> Iterator[list[str]]:
    """For each token: its form, beginning, end and shape, and the forms and shapes beside it."""
    forms = [token.form.lower() for token in tokens]
    shapes = [_shape(token.form) for token in tokens]
    for place, form in enumerate(forms):
        described = [f"form {form}", f"shape {shapes[place]}"]
        described += [f"begins {form[:n]}" for n in (1, 2, 3)] + [f"ends {form[-n:]}" for n in (1, 2, 3)]
        for away in range(-_REACH, _REACH + 1):
            if away and 0 <= place + away < len(forms):
                described += [f"{away} {forms[place + away]}", f"{away} shape {shapes[place + away]}"]
        yield described


def _shape(form: str) -> str:
    """Capitals, small letters, digits and kana as runs: "Persint" is "Aa", "64677" is "00000"."""
    marked = re.sub(r"[A-Z]", "A", form)
    marked = re.sub(r"[a-z]+", "a", re.sub(r"\d", "0", marked))
    return re.sub(
        r"[\u30a0-\u30ff]", "ア", re.sub(r"[\u3040-\u309f]", "あ", re.sub(r"[\u3400-\u9fff]", "漢", marked))
    )


def _finding(
    columns: Columns,
    index: int,
    tokens: list[Token],
    labels: list[int],
    belief: np.ndarray,
    names: list[str],
    doubtful: list[int],
) -> dict[str, Any]:
    def told(place: int) -> dict[str, Any]:
        best = int(belief[place].argmax())
        return {
            "token": tokens[place].form,
            "start": tokens[place].start,
            "end": tokens[place].end,
            "label": names[labels[place]],
            "probability": float(belief[place, labels[place]]),
            "suggested": names[best],
            "suggested_probability": float(belief[place, best]),
        }

    shown = [told(place) for place in doubtful[:SHOWN]]
    worst = shown[0]
    return about_sample(
        columns,
        index,
        stage=STAGE,
        check="label_noise",
        severity=Severity.WARNING,
        score=worst["probability"],
        threshold=worst["suggested_probability"],
        reason=f"a word is labelled {worst['label']!r} with probability {worst['probability']:.2f}, "
        f"{worst['suggested']!r} {worst['suggested_probability']:.2f}",
        evidence={
            "role": columns["role"][index],
            "tokens": shown,
            "excerpt": excerpt(columns["input"][index]),
        },
    )
