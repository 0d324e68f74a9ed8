"""Character n-grams as features: no model, every script.

Symbols: N texts, V n-grams, D dimensions.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from tasks.label_noise.folds import MANY
from tasks.label_noise.hashed import hashed_features

NGRAMS = (1, 4)
"""Characters of an n-gram, in any script. On banking77 with 10 % of the labels replaced, the analyzer "char" ranks the
wrong ones as well as "char_wb" does (average precision .976 and .975), which has no words to look at in Japanese."""
VOCABULARY = 2**17
"""Most n-grams that are kept, the most frequent: bounds the memory of a model to 0.5 MB a class."""
DIMENSIONS = 256
"""Of the projection in which neighbours are looked for."""
_SAMPLED = 4_000


def text_features(texts: Sequence[str]) -> csr_array:
    """(N, V) float32 TF-IDF of character n-grams, rows of length 1; the same in every script."""
    if len(texts) > MANY:
        return hashed_features(texts, NGRAMS[1], VOCABULARY)
    from sklearn.feature_extraction.text import TfidfVectorizer

    least = 2 if len(texts) > 50 else 1
    vectorizer = TfidfVectorizer(
        analyzer="char",
        ngram_range=NGRAMS,
        sublinear_tf=True,
        min_df=least,
        max_features=VOCABULARY,
        lowercase=False,
        dtype=np.float32,
    )
    return csr_array(vectorizer.fit_transform(texts))


def project(features: csr_array, dimensions: int = DIMENSIONS, seed: int = 0) -> np.ndarray:
    """(N, D) float32, rows of length 1: latent semantic analysis, its axes fitted to at most 4,000 of the texts."""
    return project_on(features, find_axes(features, dimensions, seed))


def find_axes(features: csr_array, dimensions: int = DIMENSIONS, seed: int = 0) -> np.ndarray:
    """(V, D) float32: right singular vectors of at most 4,000 of the texts."""
    from sklearn.utils.extmath import randomized_svd

    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(features.shape[0], min(_SAMPLED, features.shape[0]), replace=False))
    wanted = max(1, min(dimensions, min(len(rows), features.shape[1]) - 1))
    axes = randomized_svd(features[rows], wanted, n_iter=2, random_state=seed)[2]
    return np.ascontiguousarray(axes.T, dtype=np.float32)


def project_on(features: csr_array, axes: np.ndarray) -> np.ndarray:
    """(N, D) float32, rows of length 1."""
    vectors = np.asarray(features @ axes, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
