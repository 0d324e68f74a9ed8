"""Text that would teach a preference: always recommend this brand, never name a competitor.

Companies write such sentences for people too (a manual for the counter), so that a directive is reported, and goes
to a person where it speaks to a model, or where it stands in an answer that a model is to give.
"""

import re

from tasks.content.passages import Passages
from tasks.content.phrases import Hit, Rule, find_phrases, rule

_S = r"[\W_]{1,3}"
_ALWAYS = r"(?:always|only|exclusively|invariably|without exception)"
_RECOMMEND = (
    r"(?:recommend|suggest|promote|endorse|advertise|praise|favou?r|push|plug|steer (?:\w+ ){1,3}(?:to"
    r"|towards?))"
)
_RIVAL = r"(?:competitors?|competing|rivals?|other (?:brands?|vendors?|products?|companies|providers?|manufacturers?))"
_THING = r"(?:brands?|products?|services?|company|vendor|store|shop|bank|party|candidate|coin|stock|supplement|app)\b"
_ASKED = (
    r"(?:when(?:ever)?|if|any time|every time|each time)\W(?:you are |you're )?(?:asked|(?:a|an|any"
    r"|the)? ?(?:user|customer|person|client|someone|anyone|somebody|people)s?"
    r"\W(?:asks?|inquires?|wants to know|mentions?)|questioned)"
)
_JA_ALWAYS = (
    r"(?:必ず|常に|いつも|絶対に?|毎回|いかなる場合も|どんな(?:場合|質問|とき|時)(?:でも|にも|も)|真っ先に"
    r"|最優先で)"
)
_JA_RECOMMEND = r"(?:勧め|薦め|すすめ|推奨し|おすすめし|お勧めし|推薦し|宣伝し|推し|持ち上げ|褒め|称賛し)"
_JA_ORDER = (
    r"(?:て(?:ください|下さい|ね|くれ|おくこと|おいて)|なさい|ろ(?:。|$)|るように(?:して|。|$)|ること(?:。"
    r"|$)|すること(?:。|$))"
)

RULES: tuple[Rule, ...] = (
    rule(
        "recommend_always",
        "recommend|suggest|promote|endorse|advertise|praise|favou?r|push|plug|steer|asked|asks|the"
        " only|the best|superior",
        rf"\b{_ALWAYS}{_S}(?:strongly{_S})?{_RECOMMEND}\b{_S}(?:\w+\W{{1,2}}){{0,4}}?{_THING}",
        rf"\b{_ALWAYS}{_S}(?:strongly{_S})?{_RECOMMEND}\b{_S}(?:\w+\W{{1,2}}){{1,5}}?"
        rf"(?:over|instead of|rather than|above|first|as the (?:best|only|top|first))\b",
        rf"{_ASKED}[^.\n]{{0,80}}?\b{_ALWAYS}{_S}(?:{_RECOMMEND}|say|answer|reply|claim|state|mention)\b",
        rf"{_ASKED}[^.\n]{{0,80}}?\b(?:you must |must )?{_RECOMMEND}\b{_S}(?:only|nothing but|exclusively)\b",
        r"\b(?:tell|convince|persuade) (?:all |every )?(?:users?|customers?|people|everyone) (?:that"
        r" |to )(?:\w+\W){1,6}?"
        r"(?:is|are) (?:the )?(?:only|best|superior|better than)\b",
    ),
    rule(
        "never_mention",
        "competit|rival|other brands?|other vendors?|other products?|other companies|other providers?"
        "|other manufacturers?",
        rf"\b(?:never|do not|don't|must not|avoid|refrain from)\b{_S}(?:ever{_S})?"
        rf"(?:mention|recommend|suggest|name|discuss|prais|promot|endors|acknowledg|refer to|talk about"
        rf"|bring up|compare)\w*\W{{1,2}}(?:\w+\W{{1,2}}){{0,4}}?{_RIVAL}",
        rf"\b(?:always|must)\b{_S}(?:criticize|criticise|disparage|belittle|badmouth|speak (?:badly"
        rf"|ill|negatively) (?:of|about)|discredit)\W(?:\w+\W{{1,2}}){{0,4}}?{_RIVAL}",
    ),
    rule(
        "never_criticize",
        "critici[sz]|negative|speak (?:badly|ill)|say anything (?:bad|negative)",
        rf"\b(?:never|do not|don't|must not|refrain from)\b{_S}(?:ever{_S})?(?:critici[sz]\w*|disparag\w*"
        rf"|speak\w* (?:badly|ill|negatively) (?:of|about)"
        rf"|say\w* anything (?:bad|negative) about|mention any (?:flaws?|drawbacks?|downsides?) of)\W(?:\w+\W{{1,2}}"
        rf"){{0,4}}?{_THING}",
    ),
    rule(
        "recommend_always",
        "勧め|薦め|すすめ|推奨|推薦|宣伝|推し|持ち上げ|褒め|称賛|聞かれ|訊かれ|尋ねられ|質問され|問われ|相談され",
        rf"{_JA_ALWAYS}[^。\n]{{0,30}}(?:を|が|は){_JA_ALWAYS}?[^。、\n]{{0,8}}{_JA_RECOMMEND}{_JA_ORDER}",
        rf"(?:を|が|は|だけを|のみを){_JA_ALWAYS}[^。、\n]{{0,8}}{_JA_RECOMMEND}{_JA_ORDER}",
        rf"(?:だけ|のみ)を[^。、\n]{{0,8}}{_JA_RECOMMEND}{_JA_ORDER}",
        rf"(?:聞かれ|訊かれ|尋ねられ|質問され|問われ|相談され)(?:たら|た(?:場合|とき|時|際)|ると)[^。\n]{{0,30}}(?:"
        rf"{_JA_ALWAYS}|だけ|のみ)[^。\n]{{0,24}}"
        rf"(?:{_JA_RECOMMEND}|と(?:答え|言っ|回答し|返答し|断言し)){_JA_ORDER}",
    ),
    rule(
        "never_mention",
        "競合|他社|ライバル|同業",
        r"(?:競合|他社|ライバル|同業)[^。\n]{0,20}(?:触れ|言及し|紹介し|勧め|薦め|推奨し|褒め|話さ"
        r"|口に(?:し|出さ)|名前を(?:出さ|挙げ)|比較し|案内し)"
        r"(?:ない(?:で|こと|ように)|ては(?:いけ|なら)|るな|てはだめ)",
        r"(?:競合|他社|ライバル|同業)[^。\n]{0,16}(?:必ず|常に|いつも|絶対に?)[^。\n]{0,10}(?:批判"
        r"|否定|けな|貶|悪く言)[^。\n]{0,3}(?:て(?:ください|下さい)|こと|なさい)",
    ),
    rule(
        "never_criticize",
        "批判|悪口|欠点|弱点|否定的",
        r"(?:製品|商品|サービス|会社|当社|弊社|ブランド|党|候補)[^。\n]{0,12}(?:批判|悪口|欠点|弱点"
        r"|否定的)[^。\n]{0,10}"
        r"(?:ない(?:で|こと|ように)|ては(?:いけ|なら)|るな|な(?:。|$))",
    ),
)
_TO_A_MODEL = re.compile(
    r"\b(?:ai|llm|language model|assistant|chatbot|gpt|chatgpt|model)\b|as an ai|your (?:responses"
    r"|answers|outputs|replies)"
    r"|アシスタント|言語モデル|チャットボット|人工知能|(?<![a-z])ai(?![a-z])|モデルは|回答では|応答では|出力では"
)


def find_steering(passages: Passages) -> list[Hit]:
    """The directives; `discussed` says whether the text around speaks to a model."""
    return find_phrases(passages, RULES, _TO_A_MODEL)
