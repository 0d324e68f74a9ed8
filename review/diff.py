"""Where two texts differ, character by character: words at spaces mean nothing in Japanese."""

from review.view import Piece

INSERTED, DELETED = "ins", "del"
LEAST_COMMON = 3
"""Equal runs of fewer characters between two differences are shown as part of them: letters that two different words
happen to share say nothing."""


def diff_texts(first: str, second: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces; what only the first has is marked `del`, what only the second has `ins`.

    By the fewest insertions and deletions (Levenshtein's opcodes of rapidfuzz), short common runs taken in.
    """
    from rapidfuzz.distance import Levenshtein

    runs = [
        (op.tag == "equal", first[op.src_start : op.src_end], second[op.dest_start : op.dest_end])
        for op in Levenshtein.opcodes(first, second)
    ]
    joined: list[tuple[bool, str, str]] = []
    for number, (equal, left, right) in enumerate(runs):
        inside = 0 < number < len(runs) - 1
        equal = equal and not (inside and len(left) < LEAST_COMMON)
        if joined and joined[-1][0] == equal:
            joined[-1] = (equal, joined[-1][1] + left, joined[-1][2] + right)
        else:
            joined.append((equal, left, right))
    return (
        tuple(Piece(left, "" if equal else DELETED) for equal, left, _ in joined if left),
        tuple(Piece(right, "" if equal else INSERTED) for equal, _, right in joined if right),
    )
