"""English names of persons: any name that a cue announces, and known first names.

Precision before recall. What announces a name (a greeting, a sign-off, "my name is", a form's field) may announce an
unknown one; a known first name without a cue is a character of a tale as often as a customer, and so graded low.
"""

import re
from collections.abc import Callable

from tasks.privacy.gazetteer import (
    FIRST_AFTER_CUES_EN,
    FIRST_BEFORE_SURNAMES_EN,
    FIRST_EN,
    SURNAMES_EN,
    read_words,
)
from tasks.privacy.not_names import (
    FIRMS_LIKE_PERSONS,
    FIRST_NAMES_THAT_ARE_WORDS,
    NEVER_LOWER_NAMES,
    NO_NAMES,
    NO_SURNAMES,
    OF_PLACES_AND_FIRMS,
    US_STATES,
)
from tasks.privacy.spans import LOWER, MERE_NAME, UPPER, Detector, Kind, Needs, any_of

LONE_NAME = 0.4
"""Confidence of a first name that stands alone and that nothing announces."""
ALL_FIRST_EN = FIRST_EN | FIRST_BEFORE_SURNAMES_EN | FIRST_AFTER_CUES_EN

_SECOND = ALL_FIRST_EN | {None}
"""What makes one first name of two, behind a hyphen; most such pairs are firms."""
_OPENING = "*_([{<>\"'“‘|"
_JOINTS = frozenset("@#/\\_&$+.=-")
"""What ties a word to the one before: a handle, a path, an address."""
_PARTICLES = "(?:(?:van|von|de|der|den|di|del|della|da|dos|du|la|le|bin|ibn|al|el|ten|ter|zu|af) ){0,2}"
_NO_LETTER = rf"(?![{UPPER}{LOWER}0-9_])(?!['’](?!s\b))"
"""A word ends here; "Don't" is no Don."""
_NAME = rf"(?:[{UPPER}]['’]|Ma?c)?[{UPPER}][{LOWER}]+(?:-[{UPPER}][{LOWER}]+)?{_NO_LETTER}"
_MORE = rf"(?:(?: [A-Z]\.?){{1,2}}(?= [A-Z]))?(?: {_PARTICLES}(?!{any_of(NO_SURNAMES)}\b){_NAME}){{0,2}}"
_WHOLE = rf"(?P<name>{_NAME}{_MORE})"
_ENDS = r"(?=\s*(?:[,.!?;:\n-]|$))"
_END = re.compile(_ENDS)

_KIN = (
    r"(?:husband|wife|spouse|partner|fianc[ée]e?|boyfriend|girlfriend|son|daughter|kid|child|baby|brother|sister|twin"
    r"|mother|father|mom|mum|dad|grand(?:mother|father|ma|pa|son|daughter)|aunt|uncle|cousin|niece|nephew|friend"
    r"|roommate|flatmate|colleague|coworker|co-worker|neighbou?r|boss|landlord|assistant)"
)
_WHO = r"(?:man|woman|boy|girl|guy|lady|gentleman|person|agent|representative|technician|lawyer|nurse|driver)"
_SOMEBODY = re.compile(rf"\b(?:{_KIN}|{_WHO})(?: is| was| who is)? $")
_WHOSE = re.compile(
    rf"(?i)\b(?:(?:my|his|her|{_KIN}['’]s)(?: [a-z]+)? (?:sur|nick)?"
    r"|(?:first|last|middle|maiden|full|family|given|customer) )$"
)
_THING = re.compile(
    r"(?i)\b(?:file|product|company|firm|business|brand|item|project|domain|host|server|database|table|column|field"
    r"|class|function|method|variable|module|package|branch|repo|repository|event|group|team|school|bank|store|shop"
    r"|device|network|model|game|book|song|city|street|app|application|display|screen|pet|dog|cat)[ _-]{1,3}$"
)
_STRONG_CUES = read_words(
    "dear hi hello hey hi, hello, hey, regards, sincerely, thanks, thank_you, cheers, name_is call_me calls_me"
)
_CUES = _STRONG_CUES | read_words(
    """
    this_is i_am i'm i’m call ask_for thanks thank_you call_from email_from mail_from message_from
    letter_from appointment_with meeting_with meet_with speak_to speak_with spoke_to spoke_with spoken_to
    spoken_with speaking_to speaking_with talk_to talk_with talked_to talked_with talking_to talking_with
    chatting_with
    """
)
"""The word or two words, in lower case, after which a known first name is nothing else; the strong ones make a name
of a word as well."""
_NOT_OF_PERSONS = read_words(
    """
    bloody saint st st. ste ste. san santa são sao lake mount mt mt. fort ft. port cape point hurricane cyclone
    storm camp university_of city_of town_of
    """
)
"""What makes a place or a storm of a first name behind it."""
_NO_PERSON_BEHIND = re.compile(
    rf"(?:['’]s)? (?:{any_of(OF_PLACES_AND_FIRMS)}\b|(?:and|&) (?:Young|Sons|Bro|Co|Company|Associates)\b)"
    r"|[@_]|\.[a-z0-9]|-(?:\d|(?:like|style|based|shaped|era|led|owned|branded|type)\b)"
)
_IN_A_STATE = re.compile(rf", {any_of(US_STATES)}\b")


def _grade_announced(match: re.Match[str]) -> float:
    return _grade_name(match, 0.8)


def _grade_told(match: re.Match[str]) -> float:
    """In a tale as often as in a request."""
    return _grade_name(match, MERE_NAME)


def _grade_name(match: re.Match[str], confidence: float) -> float:
    words = match["name"].split()
    if not NO_NAMES.isdisjoint(words) or match.string.startswith(":", match.end("name")):
        return 0.0
    return confidence


def _grade_named(match: re.Match[str]) -> float:
    """Whose name it is: somebody's, or that of a form's field, but no thing's."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    somebody = _WHOSE.search(before) or (
        match["field"] and not (before[-1:].isalnum() or _THING.search(before))
    )
    return _grade_name(match, 0.8) if somebody else 0.0


def _grade_called(match: re.Match[str]) -> float:
    """Who is called a name: somebody, and no town or firm."""
    somebody = match["whom"] or _SOMEBODY.search(match.string, max(0, match.start() - 30), match.start())
    return _grade_name(match, 0.8) if somebody else 0.0


def _grade_label(match: re.Match[str]) -> float:
    """A label before any two names, or before a known first name."""
    first, *others = match["name"].split()
    return _grade_name(match, 0.8) if others or first in ALL_FIRST_EN else 0.0


def _grade_known(match: re.Match[str]) -> float:
    """A known first name with what follows it: by cue, by surname, or by standing alone."""
    text, start, first = match.string, match.start(), match["first"]
    before = text[max(0, start - 20) : start]
    tied = before[-1:].isalnum() or before[-1:] in _JOINTS
    if tied or match[0] in FIRMS_LIKE_PERSONS or _NO_PERSON_BEHIND.match(text, match.end()):
        return 0.0
    words = before.lower().split()[-2:]
    cues = {words[-1].lstrip(_OPENING), "_".join(words)} if words else set()
    if not _NOT_OF_PERSONS.isdisjoint(cues):
        return 0.0
    surname = match["more"].rpartition(" ")[2]
    if first in FIRST_AFTER_CUES_EN:
        if not _STRONG_CUES.isdisjoint(cues) and _END.match(text, match.end()):
            return 0.7
        return MERE_NAME if surname in SURNAMES_EN else 0.0
    alone = LONE_NAME if first in FIRST_EN and match["second"] in _SECOND else 0.0
    if not _CUES.isdisjoint(cues):
        return 0.7
    if surname:
        return MERE_NAME
    return 0.0 if _IN_A_STATE.match(text, match.end()) else alone


_LOWER_NAME = (
    rf"(?!{any_of(NEVER_LOWER_NAMES)}\b)(?![a-z]{{3,}}(?:ing|ed)\b)"
    rf"[a-z][{LOWER}]+(?:['-][{LOWER}]+)?(?!['’{LOWER}])"
)
_LOWER_FIRST = any_of(
    {name.lower() for name in FIRST_EN | FIRST_BEFORE_SURNAMES_EN} - FIRST_NAMES_THAT_ARE_WORDS
)


def _after_cue(
    pattern: str,
    grade: Callable[[re.Match[str]], float] = _grade_announced,
    words: tuple[str, ...] = (),
    cue: str | None = None,
) -> Detector:
    """A form that holds a capitalised name in its group "name"."""
    found = re.compile(cue) if cue else None
    return Detector(Kind.PERSON, re.compile(pattern), grade, "name", words, cue=found, needs=Needs.CAPITAL)


NAMES_EN = (
    Detector(  # a title
        Kind.PERSON,
        re.compile(
            rf"\b(?:M(?:r|rs|s)|Dr|Prof)\b\.? (?P<name>{_NAME}{_MORE})"
            rf"|\b(?:Miss|Sir|Madam) (?P<named>{_NAME}{_MORE})"
        ),
        lambda _: 0.8,
        cue=re.compile(r"M(?:rs?|s)\b|Dr\b|Prof\b|Miss |Sir |Madam "),
        needs=Needs.CAPITAL,
    ),
    _after_cue(  # "my name is", "her maiden name was", "my partner's name", and a form's "name:"
        rf"(?:[Nn]ame|NAME)(?:['’]s| is| was|(?P<field>:[ \t]*))?(?: called)?(?(field)| ){_WHOLE}",
        _grade_named,
        words=("name",),
    ),
    _after_cue(  # the answer to "what is your name?"
        rf"\b(?i:your (?:[a-z]+ )?name|name on (?:the|your) (?:account|card|booking|reservation|order|file|ticket))"
        rf"(?:,? please)?\?\s+(?:[A-Z][a-z]+:\s)?{_WHOLE}{_ENDS}",
        words=("name",),
        cue=r"\?\s",
    ),
    _after_cue(  # "call me", "she named him", "a woman called"
        r"[CcNn](?<![A-Za-z0-9].)(?:(?<=[Cc])all(?:s|ed|ing)?|(?<=[Nn])amed)(?P<whom> (?:me|him|her))? "
        rf"{_WHOLE}",
        _grade_called,
        words=("call", "named"),
    ),
    _after_cue(  # "my elder brother Olaf"
        r"[Mm]y (?<![A-Za-z0-9]...)(?:(?:late|ex|older|younger|elder|little|big|best|good|oldest|eldest|youngest) )?"
        rf"{_KIN},? {_WHOLE}",
        words=("my ",),
    ),
    _after_cue(  # a greeting
        r"\b(?:[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear|[Gg]ood (?:morning|afternoon|evening))"
        rf"(?: there| again)?,? {_WHOLE}{_ENDS}",
        words=("hi ", "hi,", "hello", "hey", "dear", "good "),
    ),
    _after_cue(  # a sign-off, the name on the next line or at the end of this one
        r"(?i:\b(?:regards|best(?: wishes)?|(?:thanks|thank you)(?: a lot| again| (?:so|very) much| in advance)?|cheers"
        r"|sincerely|yours(?: truly| faithfully)?))"
        rf"(?:[,.!]?[ \t]*\n[\n \t>~–-]*|, ?){_WHOLE}(?=[ \t,.]*(?:\n|$))",
        words=("regards", "best", "thank", "cheers", "sincerely", "yours"),
        cue=rf"\n[\n \t>~–-]*[{UPPER}]|, ?[{UPPER}]",
    ),
    _after_cue(  # labels of forms, letters and tickets
        r"[AaBbCcDdRrSs](?<![A-Za-z0-9].)(?:(?:(?<=[Cc])ontact(?: person)?|(?<=[Aa])uthor|(?<=[Dd])irected [Bb]y"
        r"|(?<=[Bb])(?:eneficiary|ill(?:ed)? [Tt]o|illing [Aa]ddress)|(?<=[Rr])ecipient"
        r"|(?<=[Ss])(?:ender|hip(?:ped)? [Tt]o|hipping [Aa]ddress)):|(?:(?<=[Aa])ttn|(?<=A)TTN|(?<=[Ss])igned by):?)"
        rf"\s+{_WHOLE}(?=[ \t]*(?:[,.;(<\n]|$))",
        _grade_label,
        words=(
            "contact",
            "author:",
            "ed by",
            "beneficiary:",
            "bill",
            "recipient:",
            "sender:",
            "ship",
            "attn",
        ),
    ),
    _after_cue(  # "add ... as a beneficiary"
        rf"\b[Aa]dd {_WHOLE}(?= as (?:an? |my |the )?(?:\w+ )?(?:beneficiary|guardian|user|owner"
        r"|co-owner|contact|driver|dependent|signer|holder|cardholder|passenger|guest|spouse|tenant)\b)",
        words=("add ",),
    ),
    _after_cue(  # "... lives at 12 Oak Street"
        rf"(?<![A-Za-z0-9]){_WHOLE}(?= (?:currently |now )?(?:lives|lived) (?:at|on)\b)",
        words=("lives ", "lived "),
    ),
    _after_cue(  # "here is ...'s address"
        rf"\b[Hh]ere(?:['’]s| is) (?P<name>{_NAME}{_MORE})(?=['’]s )",
        words=("here's ", "here’s ", "here is "),
    ),
    _after_cue(  # '..." said ...'
        rf"[,.?!][\"”'’»] (?:says|said) {_WHOLE}",
        _grade_told,
        words=("says ", "said "),
    ),
    Detector(  # known first names, with and without a surname
        Kind.PERSON,
        re.compile(
            rf"(?P<first>[{UPPER}][{LOWER}]+)(?:-(?P<second>[{UPPER}][{LOWER}]+))?{_NO_LETTER}(?P<more>{_MORE})"
        ),
        _grade_known,
        needs=Needs.FIRST_NAME,
        begins=ALL_FIRST_EN,
    ),
    Detector(  # in lower case, any name after words that let little else follow
        Kind.PERSON,
        re.compile(
            r"(?i:\bmy (?:full |first |last |sur)?name(?:['’]?s| is)) "
            rf"(?P<name>{_LOWER_NAME}(?: {_LOWER_NAME}){{0,2}})"
            r"(?=\s*(?:[.,!?;\n(]|$|\b(?:and|i|from|my|the|here|calling|account|order|phone|email|with)\b))"
        ),
        lambda _: 0.7,
        "name",
        words=("name is ", "names ", "name's ", "name’s "),
    ),
    Detector(  # in lower case, a known first name
        Kind.PERSON,
        re.compile(
            r"[MmIiTtCc](?<![A-Za-z0-9'].)(?:(?<=[Mm])y (?:full |first )?name(?:['’]?s| is)|(?<=[Ii])(?: am|['’]?m)"
            r"|(?<=[Tt])his is|(?<=[Cc])all me) "
            rf"(?P<name>{_LOWER_FIRST}(?![{LOWER}'’-])(?: {_LOWER_NAME})?)"
        ),
        lambda _: 0.7,
        "name",
        words=("name", "i am ", "i'm ", "i’m ", "im ", "this is ", "call me "),
    ),
)
