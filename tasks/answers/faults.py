"""Good answers broken on purpose, one way at a time: what the scorecards learn faults from.

A breaker takes an answer and gives a broken one, or None where it cannot break it.
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from tasks.text import NAME

_NUMBER = re.compile(r"\d+")
_SHORTEST = 8
"""Characters from which an answer can be cut short and still be one."""


class Fault(StrEnum):
    OTHER_ANSWER = "other_answer"
    """The answer to another question, or to none."""
    CUT_OFF = "cut_off"
    """Its end is missing."""
    CHANGED_FACT = "changed_fact"
    """A figure or a name is not what the source says."""


class Broken(NamedTuple):
    """M broken answers: the exchanges they were made from, and their texts."""

    indices: np.ndarray
    answers: list[str]


def break_answers(answers: Sequence[str], folds: np.ndarray, fault: Fault, seed: int) -> Broken:
    """Each answer with `fault`, where it can have it.

    Args:
        folds: (N,); an answer is replaced by one of another fold, hence of another group.
    """
    random = np.random.default_rng([seed, list(Fault).index(fault)])
    if fault is Fault.OTHER_ANSWER:
        others = random.permutation(len(answers))
        made = [answers[j] if folds[i] != folds[j] else None for i, j in enumerate(others)]
    else:
        breakers: dict[Fault, Callable[[str, np.random.Generator, list[str]], str | None]] = {
            Fault.CUT_OFF: _cut_off,
            Fault.CHANGED_FACT: _change_fact,
        }
        names = sorted({name for answer in answers for name in NAME.findall(answer)})
        made = [breakers[fault](answer, random, names) for answer in answers]
    kept = [i for i, text in enumerate(made) if text and text.strip() != answers[i].strip()]
    return Broken(np.array(kept, dtype=np.int64), [str(made[i]) for i in kept])


def _cut_off(answer: str, random: np.random.Generator, _names: list[str]) -> str | None:
    if len(answer) < _SHORTEST:
        return None
    return answer[: random.integers(len(answer) // 5 + 1, len(answer))].rstrip()


def _change_fact(answer: str, random: np.random.Generator, names: list[str]) -> str | None:
    """Another number of as many digits, or else another name in the same script."""
    numbers = list(_NUMBER.finditer(answer))
    if numbers:
        place = numbers[random.integers(len(numbers))]
        low = 0 if len(place[0]) == 1 else 10 ** (len(place[0]) - 1)
        other = str(random.integers(low, 10 ** min(18, len(place[0]))))
    else:
        places = list(NAME.finditer(answer))
        if not places:
            return None
        place = places[random.integers(len(places))]
        other = names[random.integers(len(names))]
        if (ord(other[0]) < 128) != (ord(place[0][0]) < 128):
            return None
    return answer[: place.start()] + other + answer[place.end() :]
