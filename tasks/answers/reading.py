"""What is read off a text without knowing what it is about: its words, how it ends, what stays open."""

import re

ENDING = 6
"""Last characters that tell whether a text was cut off."""
STEM = 5
"""Characters of a Latin word by which its forms are one (mostly: run, running)."""
_WORD = re.compile(r"[a-z\u00c0-\u024f]+|\d+|[\u3040-\u30ff\u3400-\u9fff]+")
_ITEM = re.compile(r"\s*(?:[-*+•・○●■◆]|\d+[.)．）、]|[(（]?[a-zA-Z0-9][)）.])\s*")
_STOP = re.compile(r"[.!?。！？…][\"'”’)）」』]*$")
_SENTENCE = re.compile(r"[。！？]|[.!?](?:\s|$)")
_PAIRS = (("(", ")"), ("「", "」"), ("『", "』"), ("（", "）"), ("[", "]"), ("【", "】"), ("“", "”"))


def read_words(form: str) -> list[str]:
    """Words of a text in matching form: stems of Latin words, numbers, pairs of Japanese characters."""
    words: list[str] = []
    for word in _WORD.findall(form):
        if word[0] < "\u3040":
            words.append(word[:STEM])
        else:
            words += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
    return words


def read_ending(text: str) -> list[str]:
    """The last 1, 2, … characters, and the shape of the last line beside those before it.

    A list whose items have no full stop ends without one by right; the last of several sentences does not.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    last = lines[-1] if lines else ""
    before = lines[:-1]
    stopped = sum(bool(_STOP.search(line.rstrip())) for line in before)
    shape = (
        f"end={bool(_STOP.search(text))} item={bool(_ITEM.match(last))} lines={min(3, len(before))} "
        f"stopped={round(2 * stopped / len(before)) if before else 0} "
        f"sentences={min(2, len(_SENTENCE.findall(last[:-1])))} long={min(4, len(last) // 40)}"
    )
    return [shape, *(text[-size:] for size in range(1, ENDING + 1))]


def is_open(text: str) -> bool:
    """Whether a bracket or a quotation mark is open at the end."""
    return any(text.count(left) > text.count(right) for left, right in _PAIRS) or text.count('"') % 2 == 1


def stops_open(text: str) -> bool:
    """Whether a text stops on a letter, a comma or a dash, in a line that is no item of a list."""
    stripped = text.rstrip()
    last = stripped.rsplit("\n", 1)[-1]
    return (
        bool(stripped) and not _ITEM.match(last) and (stripped[-1].isalpha() or stripped[-1] in ",、;；-・")
    )
