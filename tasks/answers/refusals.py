"""Answers that refuse: the speaker says that no answer, no help or no knowledge is to be had.

A no is no refusal: "the five days cannot be extended" answers the question. So the speaker must be who cannot
(English), or what cannot be done must be the answering itself (Japanese).
"""

import re

_MAY_NOT = (
    r"(?:cannot|can't|can not|won't|will not|couldn't|could not|(?:am|'m) (?:unable|not able|not allowed) to)"
)
_REGRET = (
    r"(?:(?:i'm|i am|we're|we are) (?:very |so |really |truly )?(?:sorry|afraid)|(?:very |so )?sorry|unfortunately"
    r"|regrettably|i regret(?: to say)?|(?:i|we) (?:do )?apologi[sz]e|(?:my )?apologies)"
    r"[^.,;:!?\n]{0,30}[.,;:!]? ?(?:but |however,? |that )?"
)
_ENGLISH = re.compile(
    rf"^\W*(?:{_REGRET})?(?:"
    rf"(?:as an ai|as a (?:large )?language model)\b"
    rf"|i ?{_MAY_NOT} (?!be able to (?!answer|help|assist|do that|comply)|(?:believe|wait|imagine|stress|recommend)\b)"
    r"|(?:i'm|i am) (?:just|only) an? (?:ai|language model|assistant)\b"
    r"|it (?:is not|isn't) possible for me to|i have no information"
    r"|we (?:cannot|can't|are unable to|won't) (?:answer|help|assist|comply|discuss|disclose|respond)\b"
    r"|i (?:do not|don't) (?:have (?:access|enough information|the answer|that information)"
    r"|know(?: (?:the answer|that|this))?[.!]?$)"
    r"|(?:that|this)(?: is|'s) (?:not something|nothing) (?:that )?(?:i|we) can\b)",
    re.IGNORECASE,
)

_ANSWER = r"(?:お答え|お応え|答え|応え|回答|返答|お手伝い|ご?案内|お力|お役)"
_NOT_DONE = (
    r"(?:は|が|を)?(?:に(?:立て|なれ)|する(?:こと|の)[はが]|られ|いた|を(?=(?:差し)?控え))?"
    r"(?:でき(?:ません|ない|かねます|ず)|出来(?:ません|ない|かねます)|いたしかねます|致しかねます|しかねます|かねます|ません|ず"
    r"|(?:差し)?控え(?:ます|させて))"
)
_GENERAL = r"(?:こちら|当方|私ども|弊社|本件|ご?要望|ご?質問|ご?依頼|ご?希望|お?問い?合わせ|リクエスト|その件|この件)"
_UNKNOWN = r"(?:わかり|分かり|判り|存じ(?:上げ)?)(?:ません|かねます)"
_POLITE = (
    r"(?:(?:申し訳(?:あり|ござい)ません|申し訳ない(?:の?です)?|すみません|すいません|ごめんなさい|恐れ入ります|恐縮です"
    r"|残念(?:です|ながら)|遺憾ながら|あいにく(?:です)?|大変|誠に)(?:が|けれども?|けど)?[、。\s]*)"
)
_THANKS = r"(?:[^。\n]{0,20}ありがとうございます[。！!\s]*)"
_JAPANESE = re.compile(
    rf"^{_THANKS}?(?:"
    rf"{_POLITE}+[^。\n]{{0,40}}?(?:{_ANSWER}{_NOT_DONE}|{_UNKNOWN})"
    rf"|{_ANSWER}(?:に立て|になれ)ず、?(?:大変|誠に)?申し訳"
    rf"|{_POLITE}*(?:その|この|そのような|いただいた|ご)?{_GENERAL}(?:に|には|について|については|につきましては|では|からは|は)、?"
    rf"(?:{_ANSWER}|対応|対処|応じ|沿え|添え){_NOT_DONE}"
    rf"|(?:{_ANSWER}{_NOT_DONE}|{_UNKNOWN})[。!！]?$"
    r"|(?:私は)?(?:AI|人工知能|言語モデル)(?:として|である|ですので|なので|のため)"
    r")",
    re.IGNORECASE,
)


def is_refusal(answer: str) -> bool:
    """Whether an answer, in English or Japanese, opens with a refusal."""
    text = answer.strip().replace("\u2019", "'")
    return bool(_ENGLISH.search(text) or _JAPANESE.search(text))
