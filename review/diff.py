"""Where two texts differ, character by character: words at spaces mean nothing in Japanese."""

from collections.abc import Iterable
from typing import NamedTuple

from review.view import Piece

INSERTED, DELETED = "ins", "del"
LEAST_COMMON = 3
"""Equal runs of fewer characters between two differences are shown as part of them: letters that two different words
happen to share say nothing."""


class _Run(NamedTuple):
    equal: bool
    left: str
    right: str


def diff_texts(first: str, second: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces; what only the first has is marked `del`, what only the second has `ins`."""
    runs = _align(first, second)
    return (
        tuple(Piece(run.left, "" if run.equal else DELETED) for run in runs if run.left),
        tuple(Piece(run.right, "" if run.equal else INSERTED) for run in runs if run.right),
    )


def diff_inline(first: str, second: str) -> tuple[Piece, ...]:
    """The second text in pieces, with what only the first has between them: marked as `diff_texts` does."""
    pieces = []
    for run in _align(first, second):
        if run.equal:
            pieces.append(Piece(run.right))
        else:
            pieces += [Piece(run.left, DELETED), Piece(run.right, INSERTED)]
    return tuple(piece for piece in pieces if piece.text)


def shorten_common(pieces: Iterable[Piece], around: int) -> tuple[Piece, ...]:
    """Pieces whose unmarked runs keep `around` characters beside a difference; … stands for the rest of them."""
    given = tuple(pieces)
    return tuple(
        piece if piece.mark else Piece(_cut(piece.text, around, number == 0, number == len(given) - 1))
        for number, piece in enumerate(given)
    )


def _cut(text: str, around: int, is_first: bool, is_last: bool) -> str:
    if len(text) <= 3 * around:
        return text
    if is_first and is_last:
        return f"{text[: 3 * around]} …"
    head, tail = "" if is_first else text[:around], "" if is_last else text[-around:]
    return f"{head} … {tail}"


def _align(first: str, second: str) -> list[_Run]:
    """By the fewest insertions and deletions (Levenshtein's opcodes of rapidfuzz), short common runs taken in."""
    from rapidfuzz.distance import Levenshtein

    runs = [
        _Run(op.tag == "equal", first[op.src_start : op.src_end], second[op.dest_start : op.dest_end])
        for op in Levenshtein.opcodes(first, second)
    ]
    joined: list[_Run] = []
    for number, (equal, left, right) in enumerate(runs):
        inside = 0 < number < len(runs) - 1
        equal = equal and not (inside and len(left) < LEAST_COMMON)
        if joined and joined[-1].equal == equal:
            joined[-1] = _Run(equal, joined[-1].left + left, joined[-1].right + right)
        else:
            joined.append(_Run(equal, left, right))
    return joined
