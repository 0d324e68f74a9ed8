"""Label noise: labels that models which never saw them find implausible; and texts the base model finds odd.

`folds` says who takes part, `ngrams` and `tasks.features` give features, `models` and `tasks.neighbours` are the
witnesses of a label, `incremental` keeps what they say from run to run, `pool` weighs them, `find` reports;
`annotators` hears several people, `multilabel` (on `one_vs_rest`) does the same for sets of labels, `tokens` for
labelled spans, `outliers` is for texts without labels.
"""

from tasks.label_noise.find import find_label_noise, find_label_noise_stage
from tasks.label_noise.multilabel import find_multilabel_noise, find_multilabel_noise_stage
from tasks.label_noise.outliers import describe_losses, find_loss_outliers_stage, loss_outliers
from tasks.label_noise.summary import ClassOverlap, NoiseRefs, NoiseResult, NoiseSummary, describe_noise
from tasks.label_noise.tokens import find_token_noise, find_token_noise_stage

__all__ = [
    "ClassOverlap",
    "NoiseRefs",
    "NoiseResult",
    "NoiseSummary",
    "describe_losses",
    "describe_noise",
    "find_label_noise",
    "find_label_noise_stage",
    "find_loss_outliers_stage",
    "find_multilabel_noise",
    "find_multilabel_noise_stage",
    "find_token_noise",
    "find_token_noise_stage",
    "loss_outliers",
]
