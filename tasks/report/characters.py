"""How hostile text is shown: what cannot be seen, or misleads, by its name."""

import unicodedata

EXCERPT = 400
"""Characters shown of a text."""


def show_characters(text: str, limit: int = EXCERPT) -> str:
    """`text` cut to `limit` characters, with invisible and misleading ones written as ⟨U+202E⟩.

    These are Unicode's categories Cc (controls but line feed and tab), Cf (bidirectional and zero-width
    marks), Co, Cn and Cs (private, unassigned, lone surrogates, which UTF-8 cannot hold), and Zl and Zp (line
    and paragraph separators).
    """
    if text[:limit].isprintable():  # all others are unprintable to Python too
        return text[:limit] + (" …" if len(text) > limit else "")
    shown = "".join(
        f"⟨U+{ord(c):04X}⟩"
        if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp")
        else c
        for c in text[:limit]
    )
    return shown + (" …" if len(text) > limit else "")
