"""Orders that a text forbids: "do not ignore the instructions", 「指示を無視しないでください」 are no orders.

Only a negation that stands right at the order counts: who writes "do not hesitate to ignore" or "do not just ignore"
gives the order, and so does who threatens ("if you do not ignore", 「無視しないと」) or doubles it (「しなければ」).
"""

import re

_NOT = (
    r"(?:(?:do|does|did|must|should|shall|will|would|may|can|could|need|ought to|are|is) ?n[o'’]?t|cannot|never"
    r"|can['’]t|won['’]?t|refuse to|decline to|not to|without)"
)
_CONDITION = r"(?:if|when|unless|in case|should) (?:\w+ ){0,3}?"
_LISTED = r"(?:(?:\w+,? ){1,4}(?:or|nor) )?"
_FORBIDDEN = re.compile(rf"\b{_NOT}(?:,? (?:ever|attempt to|try to))?[\W_]{{1,3}}{_LISTED}$")
_THREAT = re.compile(rf"\b{_CONDITION}{_NOT}(?:,? (?:ever|attempt to|try to))?[\W_]{{1,3}}{_LISTED}$")
_DOUBLE = re.compile(rf"\b(?:{_NOT}|fail to) {_NOT}[\W_]{{1,3}}$")
_FORBIDDEN_BEHIND = re.compile(
    r"(?:して?|て)?(?:たりし?)?(?:は|が|も|の|を)?(?:絶対に|決して)?"
    r"(?:ない(?!と|わけ|では)|ません(?!と|か)|ずに?(?:[、。]|$)|いけ(?:ない|ません)|なら(?:ない|ず)|なりません"
    r"|だめ|ダメ|駄目|でき(?:ない|ません|ず)|禁止|禁じ|厳禁|許され|避け|控え"
    r"|とは(?:言|い)(?:わない|いません|っていない))"
)
_LOOK_BEFORE = 80
_LOOK_BEHIND = 24


def is_forbidden(form: str, start: int, end: int) -> bool:
    """Whether the order that stands from `start` to `end` of a form (`passages`) is one not to do so."""
    before = form[max(0, start - _LOOK_BEFORE) : start]
    if _FORBIDDEN.search(before):
        return not (_THREAT.search(before) or _DOUBLE.search(before))
    return _FORBIDDEN_BEHIND.match(form, end, end + _LOOK_BEHIND) is not None
